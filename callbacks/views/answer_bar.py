"""The two buttons below an answer: what they say, and what pressing them leads to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from django.utils.translation import gettext as _

from callbacks.decisions.people import rule_of
from callbacks.decisions.policy import send_time
from callbacks.decisions.window import shared_window, undo_window
from callbacks.models import (
    CallbackTask,
    Direction,
    RejectionMode,
    User,
)
from callbacks.templatetags.words import span
from callbacks.views.early_words import (
    approve_effect,
    approve_words,
    reject_words,
)
from callbacks.views.forecast_words import Foreseen
from callbacks.views.signing_words import Signing, after_this_one


@dataclass(frozen=True, slots=True)
class Bar:
    """The two buttons; `off` is the cause where this person cannot press them."""

    says: str = ""
    # The same where there is little room.
    says_short: str = ""
    says_icon: str = "send"
    says_tone: str = ""
    approve: str = ""
    approve_effect: str = ""
    reject: str = ""
    reject_effect: str = ""
    off: str = ""
    off_icon: str = "lock"
    reject_open: bool = False


def with_effects(bar: Bar, ahead: Foreseen, task: CallbackTask, *, is_signing: bool) -> Bar:
    """The buttons with what they lead to; where others have to sign, that is the effect."""
    approve, reject, rule = ahead.approval, ahead.rejection, rule_of(task.policy)
    if approve.is_fatal:
        bar = replace(bar, approve_effect=approve.effect)
    elif is_signing:
        return bar
    elif approve.effect and not rule.needs_several(is_approval=True) and not task.early_completion:
        bar = replace(bar, approve_effect=approve.effect)
    if reject.effect and not rule.needs_several(is_approval=False):
        bar = replace(bar, reject_effect=reject.effect)
    return bar


def bar_of(
    task: CallbackTask,
    user: User,
    now: datetime,
    signing: Signing | None,
    *,
    output: str,
    checked: bool,
    reject_open: bool,
) -> Bar:
    policy = task.policy
    several = rule_of(policy).needs_several(is_approval=True)
    undo = shared_window(policy) if several else undo_window(user=user, policy=policy, asked=None)
    until = send_time(now=now, undo_seconds=undo, dies_earliest=task.dies_earliest)
    kept = int((until - now).total_seconds())
    is_cut = kept < undo
    if is_cut and kept <= 0:
        says, tone = _("The deadline is near: sent at once, without undo."), "dying"
    elif is_cut:
        says, tone = _("The deadline is near: only %(n)d s to undo.") % {"n": kept}, "due"
    else:
        says, tone = _about_to_send(undo), ""
    if checked:
        says = _("This is a valid answer. Nothing was sent yet.") + " " + says
    if several and not checked:
        says = _("Your answer is sent when all signatures under exactly these bytes are given.")
    approve, reject = _labels(task, several=several)
    return Bar(
        says=says,
        says_short=_("Sent when all have signed")
        if several
        else _short(undo=max(0, kept if is_cut else undo), checked=checked),
        says_icon="circle-check" if checked else "clock" if is_cut else "send",
        says_tone=tone or ("ok" if checked else ""),
        approve=_("Approve now, no undo") if is_cut and kept <= 0 and not several else approve,
        approve_effect=after_this_one(task, Direction.APPROVE, signing, output=output)
        if several
        else (approve_effect() if task.early_completion else _("and let the run go on")),
        reject=reject,
        reject_effect=_reject_effect(task, signing),
        reject_open=reject_open,
    )


def _labels(task: CallbackTask, *, several: bool) -> tuple[str, str]:
    """Of the two buttons. A policy's are for requests, not for ending a job's step early."""
    if task.early_completion:
        return approve_words(), reject_words()
    policy = task.policy
    approve = policy.approve_label or (_("Sign and approve") if several else _("Approve"))
    return approve, policy.reject_label or _("Reject")


def _reject_effect(task: CallbackTask, signing: Signing | None) -> str:
    if task.policy.rejections_needed > 1:
        return after_this_one(task, Direction.REJECT, signing, output="")
    if signing is not None:
        return _("one rejection is enough")
    if task.policy.rejection_mode == RejectionMode.SUCCESS:
        return _("sends the answer that says no")
    return _("gives the run an error")


def _short(*, undo: int, checked: bool) -> str:
    first = _("Valid, not sent yet") if checked else _("Sent as it stands")
    last = _("%(span)s to undo") % {"span": span(undo)} if undo else _("no undo")
    return f"{first} · {last}"


def _about_to_send(undo: int) -> str:
    if undo <= 0:
        return _(
            "Your answer is sent exactly as it stands, at once. Then the request is closed for "
            "everybody."
        )
    return _(
        "Your answer is sent exactly as it stands. Then the request is closed for everybody. You "
        "have %(span)s to undo."
    ) % {"span": span(undo)}

"""The form of an answer and its buttons in words; or why there is none for this person."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from callbacks.decisions.consent import shown_digest
from callbacks.decisions.people import rule_of, why_not_allowed
from callbacks.decisions.policy import Refusal, send_time
from callbacks.decisions.preflight import error_names
from callbacks.decisions.window import shared_window, undo_window
from callbacks.models import (
    CallbackTask,
    Decision,
    Direction,
    Policy,
    ReasonRule,
    RejectionMode,
    TokenState,
    User,
)
from callbacks.templatetags.words import span, whole
from callbacks.views.answer_form import Kept, Typed, as_seen
from callbacks.views.early_words import (
    Early,
    approve_effect,
    approve_words,
    early_words,
    reject_words,
)
from callbacks.views.field_words import AnswerFields, answer_fields
from callbacks.views.forecast_words import Foreseen, foreseen
from callbacks.views.jsontree import NotShown, count_fields, read_shown
from callbacks.views.opinion_words import OpinionWords
from callbacks.views.places import own_draft, task_page
from callbacks.views.signing_words import Signing, after_this_one

# An answer that says nothing is asked about before it is sent.
EMPTY_ANSWERS = ("null", '""')
# Where a message can stand; "answer" is the whole.
FIELDS = ("answer", "output", "error", "cause", "reason", "end_early", "override", "override_no")


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


@dataclass(frozen=True, slots=True)
class Lock:
    """Why there is no form: the buttons stay, off."""

    title: str
    text: str
    icon: str
    bar: Bar


@dataclass(frozen=True, slots=True)
class AnswerForm:
    """Everything that the form shows; `errors` by field, also "answer" for the whole."""

    action: str
    draft_url: str
    decision_id: uuid.UUID
    shown: str
    typed: Typed
    bar: Bar
    reason_note: str
    asks_empty: bool
    reject_open: bool
    draft_note: str = ""
    # Where the kept draft is thrown away, while there is one, and where it is shown instead.
    forget_url: str = ""
    own_draft_url: str = ""
    # The answer that says no, where a rejection is a success; else None.
    fixed_no: str | None = None
    # What the policy lets people choose from; empty is any.
    error_names: tuple[str, ...] = ()
    # How much of what the workflow sent is folded away above.
    unshown: str = ""
    # Nobody has to answer, and an answer ends the wait for a job.
    early: Early | None = None
    # What either answer would do, as typed.
    foreseen: Foreseen | None = None
    forecast_url: str = ""
    # What AWS itself says of it, where that was asked for, and whether it can be.
    opinion: OpinionWords | None = None
    can_compare: bool = False
    fields: AnswerFields | SimpleLazyObject[AnswerFields] = field(default_factory=AnswerFields)
    errors: Mapping[str, Sequence[str]] = field(default_factory=dict)


def lock_of(*, task: CallbackTask, user: User) -> Lock | None:
    """None where this person may answer."""
    why = why_not_allowed(user=user, task=task)
    if why is not None:
        return _not_yours(why, task.policy)
    if not task.connection.is_enabled:
        return _switched_off()
    if task.token_state != TokenState.HELD:
        return _no_token(task)
    return None


def not_yours(*, code: str, policy: Policy) -> Lock:
    """The refusal that decide() gave, as the page words it before the click."""
    return _not_yours(Refusal(code), policy)


def _not_yours(why: Refusal, policy: Policy) -> Lock:
    text = _("You may read it.")
    if why == Refusal.NOT_NAMED:
        title, off = _("Only %(who)s may answer this") % {"who": named_in(policy)}, _("not yours")
    elif why == Refusal.NOT_APPROVER:
        title = _("Only approvers may answer this")
        off = _("you are no approver")
    elif why == Refusal.OWN_REQUEST:
        title, off = _("You asked for this yourself"), _("your own request")
        text = _("Somebody else has to answer it.")
    elif why == Refusal.ASKER_UNKNOWN:
        title, off = _("Nobody can tell who asked for this"), _("asker unknown")
        text = _(
            "The policy forbids people to answer their own requests, and the workflow did not say "
            "where the policy looks (%(path)s) whose request it is. An administrator can change "
            "the policy."
        ) % {"path": policy.requester_path}
    else:
        title, off = _("You may not answer this"), _("not for you")
    return Lock(title=title, text=text, icon="lock", bar=Bar(off=off))


def named_in(policy: Policy) -> str:
    """Whom a policy names, for people: teams first."""
    teams = sorted(one.team.name for one in policy.policy_teams.all())
    people = sorted(user.label for user in policy.users.all())
    return ", ".join([*teams, *people]) or _("every approver")


def _switched_off() -> Lock:
    return Lock(
        title=_("This connection is switched off"),
        text=_("Nothing is read or sent over it. An administrator can switch it on."),
        icon="player-stop",
        bar=Bar(off=_("connection switched off"), off_icon="player-stop"),
    )


def _no_token(task: CallbackTask) -> Lock:
    if task.is_activity and task.started_at is None:
        text = _(
            "It waits for a worker of an activity, and nobody has the token yet. Start a worker, "
            "or stop the run."
        )
        return _without_token(text)
    texts = {
        TokenState.ACTIVITY: _(
            "It waits for an activity's worker, and only that worker has the token."
        ),
        TokenState.AMBIGUOUS: _(
            "More than one text in its data may be the token, and Holdpoint never guesses."
        ),
    }
    if task.token_state == TokenState.PENDING:
        return _looking()
    usual = _("The token was not passed on in the data of this step, so it cannot be read.")
    return _without_token(
        texts.get(TokenState(task.token_state), usual)
        + " "
        + _("Whoever has the token can answer; otherwise stop the run, or restart it.")
    )


def _without_token(text: str) -> Lock:
    return Lock(
        title=_("This request cannot be answered from here"),
        text=text,
        icon="key-off",
        bar=Bar(off=_("no token"), off_icon="key-off"),
    )


def _looking() -> Lock:
    return Lock(
        title=_("Its run is being looked up"),
        text=_(
            "A program handed this request over moments ago. Holdpoint looks up which run it "
            "belongs to and who may answer it. Most are found within a minute."
        ),
        icon="hourglass",
        bar=Bar(off=_("being looked up"), off_icon="hourglass"),
    )


def form_of(
    *,
    task: CallbackTask,
    user: User,
    typed: Typed,
    now: datetime,
    decision_id: uuid.UUID | None = None,
    errors: Mapping[str, Sequence[str]] | None = None,
    checked: bool = False,
    reject_open: bool = False,
    kept: Kept | None = None,
    signing: Signing | None = None,
    opinion: OpinionWords | None = None,
) -> AnswerForm:
    """The form as it is shown first, or again with what is wrong in it."""
    policy = task.policy
    seen_ahead = foreseen(task=task, user=user, typed=typed)
    # What was typed is never hidden.
    reject_open = reject_open or bool(typed.error or typed.cause)
    return AnswerForm(
        action=f"{task_page(task.pk)}answer/",
        draft_url=f"{task_page(task.pk)}draft/",
        decision_id=decision_id or uuid.uuid4(),
        shown=shown_digest(task, signing.decision if signing else None),
        typed=typed,
        bar=with_effects(
            _bar(
                task,
                user,
                now,
                signing,
                output=typed.output,
                checked=checked and not seen_ahead.approval.is_fatal,
                reject_open=reject_open,
            ),
            seen_ahead,
            task,
            is_signing=signing is not None,
        ),
        foreseen=seen_ahead,
        # While one types only the forecast is drawn anew.
        fields=SimpleLazyObject(
            lambda: answer_fields(
                task=task,
                user=user,
                typed=typed,
                errors=tuple((errors or {}).get("output", ())),
                signed=_signed(signing),
            )
        ),
        opinion=opinion,
        can_compare=task.execution.is_known and task.execution.definition_id is not None,
        forecast_url=f"{task_page(task.pk)}forecast/",
        reason_note=_reason_note(ReasonRule(policy.reason_rule)),
        fixed_no=policy.rejection_output
        if policy.rejection_mode == RejectionMode.SUCCESS
        else None,
        error_names=tuple(policy.rejection_errors) or error_names(task),
        asks_empty=typed.output.strip() in EMPTY_ANSWERS,
        reject_open=reject_open,
        draft_note=kept.note if kept else "",
        forget_url=f"{task_page(task.pk)}draft/forget/" if kept and kept.note else "",
        own_draft_url=own_draft(task.pk) if kept and kept.is_draft_hidden else "",
        unshown=_unshown(task),
        early=early_words() if task.early_completion else None,
        # Every field is there: a template that looks for one that is not is slow.
        errors={**dict.fromkeys(FIELDS, ()), **(errors or {})},
    )


def _signed(signing: Signing | None) -> str:
    """The answer that the signatures of others are under, while they count."""
    if signing is None or signing.is_outdated:
        return ""
    return as_seen(signing.decision.output_text)


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


def _bar(
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


def _unshown(task: CallbackTask) -> str:
    try:
        count = count_fields(read_shown(task.input))
    except NotShown:
        return ""
    folded = count - len(task.key_fields)
    if folded <= 0:
        return ""
    return ngettext(
        "%(n)s value of this request is not among the key fields above.",
        "%(n)s values of this request are not among the key fields above.",
        folded,
    ) % {"n": whole(folded)}


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


def _reason_note(rule: ReasonRule) -> str:
    return {
        ReasonRule.NEITHER: _("optional"),
        ReasonRule.APPROVE: _("required to approve"),
        ReasonRule.REJECT: _("optional to approve, required to reject"),
        ReasonRule.BOTH: _("required"),
    }[rule]


def typed_of_decision(decision: Decision) -> Typed:
    """The text of an answer that was not applied, for another try."""
    return Typed(
        output=decision.output_text,
        error=decision.error,
        cause=decision.cause,
        reason=decision.reason,
    )

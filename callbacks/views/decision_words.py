"""What stands in place of the form once there is an answer: one panel per state, in words."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from zlib import crc32

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from callbacks.models import CallbackTask, Decision, DecisionStatus, Vote
from callbacks.sync.plan import FORGOTTEN, UNREAD
from callbacks.templatetags.words import ago, span, stamp, whole
from callbacks.views.clocks import short_moment
from callbacks.views.closings import (
    answered_from_outside,
    closing_code,
    closing_sentence,
    end_around,
    stop_facts,
)
from callbacks.views.collecting_words import collecting, is_void, voided
from callbacks.views.off_words import how_to_switch_on
from callbacks.views.panels import (
    Fact,
    Hold,
    Panel,
    Scene,
    Step,
    again_url,
    answer_facts,
    event_words,
    name_and_time,
    own_words,
    reason_facts,
    run_words,
    sent_words,
    still_words,
    who_facts,
)
from callbacks.views.places import decision_page, send_door, withdraw_door
from callbacks.views.refusal_words import refused
from callbacks.views.signing_words import signature_facts

POLL_SECONDS, DOUBTFUL_POLL_SECONDS = 1, 3
DOUBTFUL = (DecisionStatus.SENT, DecisionStatus.UNKNOWN)
UNTRACEABLE = (FORGOTTEN, UNREAD)


def panel_of(
    *,
    decision: Decision,
    task: CallbackTask | None,
    user_id: int,
    now: datetime,
    votes: Sequence[Vote] = (),
) -> Panel:
    """Word one decision for the person who looks at it; `votes` may hold others' too."""
    mine = [vote for vote in votes if vote.decision_id == decision.pk]
    scene = Scene(decision=decision, task=task, user_id=user_id, now=now, votes=mine)
    word = _PANELS[DecisionStatus(decision.status)]
    if scene.is_off and decision.is_unsent:
        word = _switched_off
    if decision.status in DOUBTFUL and decision.outcome in UNTRACEABLE:
        word = _untraceable
    panel = word(scene)
    return replace(
        panel,
        at=panel.at or short_moment(decision.status_at, now),
        version=_version(scene, panel),
        record_url=decision_page(decision.pk),
    )


def _version(scene: Scene, panel: Panel) -> str:
    """Changes with whatever the panel shows: a poll that knows it gets no new one."""
    decision = scene.decision
    shown = "hold" if panel.hold else decision.status
    if panel.signing is not None:
        signed = ",".join(sorted(f"{vote.pk} {vote.withdrawn_at}" for vote in scene.votes))
        shown += f".{crc32(signed.encode()):x}.{panel.signing.count}"
    shown += ".off" if scene.is_off else ""
    return f"{shown}.{decision.generation}.{decision.looks}.{decision.answer_code}"


# --- under way ----------------------------------------------------------------------------------
def _held(scene: Scene) -> Panel:
    decision = scene.decision
    if decision.send_after <= scene.now:
        return _sending(scene)
    left = math.ceil((decision.send_after - scene.now).total_seconds())
    seconds = max(1, math.ceil((decision.send_after - decision.status_at).total_seconds()))
    title = _("Approving in {}") if scene.is_approval else _("Rejecting in {}")
    hold = Hold(
        until=stamp(decision.send_after),
        seconds=seconds,
        left=left,
        percent=max(0, min(100, round(100 * left / seconds))),
        title=title,
        title_now=title.replace("{}", _("%(n)d s") % {"n": left}),
        undo_url=withdraw_door(decision.pk) if scene.is_own else "",
        # Where several signed, the window is everybody's.
        send_url=send_door(decision.pk) if scene.is_own and not scene.votes else "",
    )
    return Panel(
        decision=decision,
        title=hold.title_now,
        badge="held",
        badge_word=_("Held for undo"),
        at=short_moment(decision.decided_at, scene.now),
        hold=hold,
        facts=() if scene.is_own else who_facts(scene),
        hint=_("If you close this page it is sent all the same.") if scene.is_own else "",
        poll=POLL_SECONDS,
        says=_("Held for %(n)d seconds. Press z to undo.") % {"n": left} if scene.is_own else "",
    )


def _switched_off(scene: Scene) -> Panel:
    """Nothing is sent over its connection, however long that takes; until then it has a way back.

    Not where it was tried already: from the first claim on no answer is taken back.
    """
    decision = scene.decision
    is_held = decision.status == DecisionStatus.HELD
    name = scene.task.connection.name if scene.task else decision.connection_name
    return Panel(
        decision=decision,
        title=_("Held: the connection is switched off"),
        badge="held_off",
        at=short_moment(decision.decided_at, scene.now),
        texts=(
            _("Nothing is sent until it is on. Then it goes out without another question."),
            how_to_switch_on(name),
        ),
        facts=() if scene.is_own else who_facts(scene),
        undo_url=withdraw_door(decision.pk) if is_held and scene.is_own else "",
        undo_label=_("Take it back"),
        poll=DOUBTFUL_POLL_SECONDS,
        says=_("Held: the connection is switched off."),
    )


def _sending(scene: Scene) -> Panel:
    return Panel(
        decision=scene.decision,
        title=_("Sending your answer") if scene.is_own else _("The answer is being sent"),
        badge="sending",
        badge_word=_("Sending to AWS"),
        texts=_not_yet(scene),
        facts=() if scene.is_own else who_facts(scene),
        steps=(
            Step("done", _("Decision and reason saved"), _("Nobody else can answer now")),
            Step("now", _("AWS takes the answer"), _("usually under 1 s")),
            Step("later", _("Confirmed by the run's history")),
        ),
        poll=POLL_SECONDS,
    )


def _not_yet(scene: Scene) -> tuple[str, ...]:
    """Why a claimed answer is not out yet."""
    code = scene.decision.answer_code
    if not code:
        return ()
    if code == "AuditUnavailable":
        return (
            _(
                "The audit record cannot be written, so the answer is not sent. It is tried again "
                "by itself."
            ),
        )
    return (
        _("It could not be sent yet (%(code)s). Nothing has arrived; it is tried again by itself.")
        % {"code": code},
    )


def _sent(scene: Scene) -> Panel:
    return Panel(
        decision=scene.decision,
        title=_("AWS took the answer"),
        badge="sent",
        facts=() if scene.is_own else who_facts(scene),
        steps=(
            Step("done", _("Decision and reason saved"), _("Nobody else can answer now")),
            Step("done", _("AWS took the answer")),
            Step("now", _("Confirmed by the run's history"), _("usually within seconds")),
        ),
        poll=POLL_SECONDS,
    )


def _unknown(scene: Scene) -> Panel:
    decision = scene.decision
    checked = ngettext("%(n)s time", "%(n)s times", decision.looks) % {"n": whole(decision.looks)}
    return Panel(
        decision=decision,
        title=_("Your answer may have arrived")
        if scene.is_own
        else _("The answer may have arrived"),
        tone="warn",
        badge="unknown",
        at=_("since %(moment)s") % {"moment": short_moment(decision.status_at, scene.now)},
        is_alert=True,
        texts=(
            _doubt(decision.answer_code)
            + " "
            + _(
                "Holdpoint reads the run's history until it knows. It sends the same answer again "
                "only if the run still waits."
            ),
        ),
        facts=(
            *(() if scene.is_own else who_facts(scene)),
            Fact(_("Checked"), checked),
            Fact(_("Settles"), _("usually within 30 s, by itself")),
            Fact(_("Meanwhile"), _("Nobody can send a second answer")),
        ),
        poll=DOUBTFUL_POLL_SECONDS,
        says=_("Outcome unknown"),
    )


def _doubt(code: str) -> str:
    if code == "WorkerLost":
        return _("The process that sent it was not heard of again.")
    if code in ("TaskTimedOut", "InvalidToken", "TaskDoesNotExist"):
        return _("AWS said that the token is used up or over (%(code)s).") % {"code": code}
    return _("The connection broke after the answer had left.")


def _untraceable(scene: Scene) -> Panel:
    """AWS took it or may have, and no history will ever say more."""
    is_sent = scene.decision.status == DecisionStatus.SENT
    why = (
        _("Its run cannot be read from here.")
        if scene.decision.outcome == UNREAD
        else _("AWS no longer knows its run.")
    )
    last_word = (
        _("AWS's reply is the last word on it.")
        if is_sent
        else _("Whether the answer arrived, nobody can tell from here.")
    )
    return Panel(
        decision=scene.decision,
        title=_("AWS took the answer") if is_sent else _("The answer may have arrived"),
        tone="" if is_sent else "warn",
        badge="taken" if is_sent else "unknown",
        icon="cloud",
        texts=(f"{why} {last_word}",),
        facts=(
            Fact(_("Answered by"), name_and_time(scene)),
            Fact(_("Sent"), sent_words(scene.decision)),
            *reason_facts(scene.decision),
        ),
        shows_record_link=True,
    )


# --- settled ------------------------------------------------------------------------------------
def _confirmed(scene: Scene) -> Panel:
    title = _("Approved and confirmed") if scene.is_approval else _("Rejected and confirmed")
    return Panel(
        decision=scene.decision,
        title=title,
        tone="pass",
        icon="circle-check",
        texts=_what_ran(scene),
        facts=(
            Fact(_("Answered by"), name_and_time(scene)),
            Fact(_("AWS event"), event_words(scene.decision), is_code=True),
            Fact(_("Sent"), sent_words(scene.decision)),
            *(
                signature_facts(scene.decision, scene.votes, scene.now)
                or reason_facts(scene.decision)
            ),
        ),
        says=_("Approved and confirmed by AWS")
        if scene.is_approval
        else _("Rejected and confirmed by AWS"),
        shows_record_link=True,
    )


def _what_ran(scene: Scene) -> tuple[str, ...]:
    """How the run stands, as far as the mirror has read it."""
    if scene.task is None:
        return ()
    return (run_words(scene.task.execution),)


def _lost(scene: Scene) -> Panel:
    decision, task = scene.decision, scene.task
    code = decision.outcome
    around = end_around(task) if code == "stopped" else None
    first = answered_from_outside(code)
    title = _("Something else answered first") if first else _("The wait ended before your answer")
    if not scene.is_own and not first:
        title = _("The wait ended before the answer")
    return Panel(
        decision=decision,
        title=title,
        tone="else",
        icon="arrows-split-2" if first else "clock-off",
        at=short_moment(decision.closing_at or decision.status_at, scene.now),
        is_alert=True,
        texts=(closing_sentence(around.code if around else code), _not_used(scene)),
        facts=(
            *_their_answer(scene),
            Fact(_("AWS event"), event_words(decision), is_code=True),
            *(stop_facts(task.execution_id, code, around) if task else ()),
            *(() if scene.is_own else who_facts(scene)),
            *((Fact(_("The run"), run_words(task.execution)),) if task else ()),
        ),
        own_text=own_words(decision) if scene.is_own else "",
        says=_("Your answer was not used.") if scene.is_own else "",
        shows_record_link=True,
    )


def _not_used(scene: Scene) -> str:
    if not scene.is_own:
        return _("The answer given here was not used.")
    at = scene.decision.closing_at
    if at is None or at >= scene.decision.decided_at:
        return _("Your answer was not used.")
    late = span((scene.decision.decided_at - at).total_seconds())
    return _("Your answer came %(span)s later and was not used.") % {"span": late}


def _their_answer(scene: Scene) -> tuple[Fact, ...]:
    task = scene.task
    if task is None or not answered_from_outside(closing_code(task)):
        return ()
    return answer_facts(task, scene.decision)


def _withdrawn(scene: Scene) -> Panel:
    if is_void(scene.decision):
        return voided(scene)
    is_own, waits = scene.is_own, scene.still_waits
    still = f" {still_words(scene.task)}" if scene.task is not None and waits else ""
    return Panel(
        decision=scene.decision,
        title=_("You took your answer back") if is_own else _("The answer was taken back"),
        icon="arrow-back-up",
        texts=(_("Nothing was sent.") + still,),
        facts=() if is_own else who_facts(scene),
        again_url=again_url(scene) if is_own and waits else "",
        again_label=_("Answer again, with my text"),
        says=_("Taken back. Nothing was sent."),
        shows_record_link=True,
    )


_PANELS: Mapping[DecisionStatus, Callable[[Scene], Panel]] = {
    DecisionStatus.COLLECTING: collecting,
    DecisionStatus.HELD: _held,
    DecisionStatus.SENDING: _sending,
    DecisionStatus.SENT: _sent,
    DecisionStatus.UNKNOWN: _unknown,
    DecisionStatus.CONFIRMED: _confirmed,
    DecisionStatus.LOST: _lost,
    DecisionStatus.REFUSED: refused,
    DecisionStatus.WITHDRAWN: _withdrawn,
}


def first_answer_panel(
    *, decision: Decision, task: CallbackTask | None, user_id: int, now: datetime, own_text: str
) -> Panel:
    """Somebody was first: who, what, when, why; and the own text, kept."""
    scene = Scene(decision=decision, task=task, user_id=user_id, now=now)
    verb = _("approved") if scene.is_approval else _("rejected")
    name = decision.decided_by_name
    title = (
        _("You have answered this already")
        if scene.is_own
        else _("%(name)s answered first") % {"name": name}
    )
    error = () if scene.is_approval else (Fact(_("Error"), decision.error, is_code=True),)
    return Panel(
        decision=decision,
        title=title,
        tone="else",
        icon="arrows-split-2",
        at=short_moment(decision.decided_at, now),
        is_alert=True,
        texts=(
            _("Your answer was not used. %(name)s %(verb)s it %(ago)s.")
            % {
                "name": _("You") if scene.is_own else name,
                "verb": verb,
                "ago": ago(since=decision.decided_at, now=now),
            },
        ),
        facts=(
            Fact(
                _("The answer"),
                sent_words(decision),
                badge="approved" if scene.is_approval else "rejected",
            ),
            *(fact for fact in error if fact.text),
            *reason_facts(decision),
            Fact(_("How it stands"), str(DecisionStatus(decision.status).label)),
        ),
        own_text=own_text,
        says=_("Your answer was not used."),
        record_url=decision_page(decision.pk),
        shows_record_link=True,
    )

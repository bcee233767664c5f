"""What stands in place of the form once there is an answer: one panel per state, in words."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from callbacks.asl.payload import same_value
from callbacks.models import (
    CallbackTask,
    Decision,
    DecisionStatus,
    Direction,
    Execution,
    ExecutionStatus,
)
from callbacks.templatetags.words import ago, middle, span, stamp, whole
from callbacks.views.clocks import short_moment
from callbacks.views.closings import answered_from_outside, closing_code, closing_sentence
from callbacks.views.places import decision_page, send_door, task_page, withdraw_door

POLL_SECONDS, DOUBTFUL_POLL_SECONDS = 1, 3
LONGEST_SHOWN = 2_000


@dataclass(frozen=True, slots=True)
class Fact:
    """One line below the sentences. `badge` stands before the text."""

    label: str
    text: str
    is_code: bool = False
    badge: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """A line of the way to AWS. `state` is "done", "now" or "later"."""

    state: str
    text: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Hold:
    """An answer on hold; `title` counts down in its braces."""

    until: str
    seconds: int
    left: int
    percent: int
    title: str
    title_now: str
    undo_url: str
    send_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """What templates/callbacks/decision_panel.html shows. `tone` colours its head.

    `poll` is how often an open page asks again, in seconds; 0 where nothing can change any more.
    `says` is for the live region.
    """

    decision: Decision
    title: str
    tone: str = ""
    badge: str = ""
    badge_word: str = ""
    icon: str = ""
    at: str = ""
    is_alert: bool = False
    texts: tuple[str, ...] = ()
    facts: tuple[Fact, ...] = ()
    steps: tuple[Step, ...] = ()
    hold: Hold | None = None
    own_text: str = ""
    again_url: str = ""
    again_label: str = ""
    copy: str = ""
    hint: str = ""
    poll: int = 0
    version: str = ""
    says: str = ""
    record_url: str = ""
    shows_record_link: bool = field(default=False)


@dataclass(frozen=True, slots=True)
class Scene:
    """What a panel is made of. `task` is None while the mirror does not hold it."""

    decision: Decision
    task: CallbackTask | None
    user_id: int
    now: datetime

    @property
    def is_own(self) -> bool:
        return self.decision.decided_by_id == self.user_id

    @property
    def is_approval(self) -> bool:
        return self.decision.direction == Direction.APPROVE

    @property
    def still_waits(self) -> bool:
        return self.task is not None and self.task.is_waiting


def panel_of(
    *, decision: Decision, task: CallbackTask | None, user_id: int, now: datetime
) -> Panel:
    """Word one decision for the person who looks at it."""
    scene = Scene(decision=decision, task=task, user_id=user_id, now=now)
    panel = _PANELS[DecisionStatus(decision.status)](scene)
    return replace(
        panel,
        at=panel.at or short_moment(decision.status_at, now),
        version=_version(decision, panel),
        record_url=decision_page(decision.pk),
    )


def _version(decision: Decision, panel: Panel) -> str:
    """Changes with whatever the panel shows: a poll that knows it gets no new one."""
    shown = "hold" if panel.hold else decision.status
    return f"{shown}.{decision.generation}.{decision.looks}.{decision.answer_code}"


# --- under way ----------------------------------------------------------------------------------
def _held(scene: Scene) -> Panel:
    decision = scene.decision
    if decision.send_after <= scene.now:
        return _sending(scene)
    left = math.ceil((decision.send_after - scene.now).total_seconds())
    seconds = max(1, math.ceil((decision.send_after - decision.decided_at).total_seconds()))
    title = _("Approving in {}") if scene.is_approval else _("Rejecting in {}")
    hold = Hold(
        until=stamp(decision.send_after),
        seconds=seconds,
        left=left,
        percent=max(0, min(100, round(100 * left / seconds))),
        title=title,
        title_now=title.replace("{}", _("%(n)d s") % {"n": left}),
        undo_url=withdraw_door(decision.pk) if scene.is_own else "",
        send_url=send_door(decision.pk) if scene.is_own else "",
    )
    return Panel(
        decision=decision,
        title=hold.title_now,
        badge="held",
        badge_word=_("Held for undo"),
        at=short_moment(decision.decided_at, scene.now),
        hold=hold,
        facts=() if scene.is_own else _who(scene),
        hint=_("If you close this page it is sent all the same.") if scene.is_own else "",
        poll=POLL_SECONDS,
        says=_("Held for %(n)d seconds. Press z to undo.") % {"n": left} if scene.is_own else "",
    )


def _sending(scene: Scene) -> Panel:
    return Panel(
        decision=scene.decision,
        title=_("Sending your answer") if scene.is_own else _("The answer is being sent"),
        badge="sending",
        badge_word=_("Sending to AWS"),
        texts=_not_yet(scene),
        facts=() if scene.is_own else _who(scene),
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
        facts=() if scene.is_own else _who(scene),
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
            *(() if scene.is_own else _who(scene)),
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
            Fact(_("Answered by"), _name_and_time(scene)),
            Fact(_("AWS event"), _event(scene.decision), is_code=True),
            Fact(_("Sent"), sent_words(scene.decision)),
            *_reason(scene.decision),
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


def run_words(execution: Execution) -> str:
    """How a run stands, with what it ended."""
    status = ExecutionStatus(execution.status)
    if status == ExecutionStatus.RUNNING:
        return _("The run goes on.")
    if status == ExecutionStatus.SUCCEEDED:
        return _("The run SUCCEEDED with %(output)s") % {"output": _short(execution.output)}
    if status == ExecutionStatus.FAILED:
        error = ": ".join(part for part in (execution.error, _short(execution.cause)) if part)
        return _("The run FAILED with %(error)s") % {"error": error or _("no error name")}
    return _("The run is %(status)s.") % {"status": status.value}


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"


def _lost(scene: Scene) -> Panel:
    decision, task = scene.decision, scene.task
    code = decision.outcome
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
        texts=(closing_sentence(code), _not_used(scene)),
        facts=(
            *_their_answer(scene),
            Fact(_("AWS event"), _event(decision), is_code=True),
            *(() if scene.is_own else _who(scene)),
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


def answer_facts(task: CallbackTask, own: Decision | None = None) -> tuple[Fact, ...]:
    """What an answer from elsewhere said, as the run's history has it."""
    if task.closed_kind == "failed":
        error = task.closed_error or _("no error name")
        cause = (Fact(_("Cause"), _short(task.closed_cause)),) if task.closed_cause else ()
        return (Fact(_("The answer"), error, is_code=True, badge="rejected"), *cause)
    note: tuple[Fact, ...] = ()
    if own and own.output is not None and same_value(own.output_text, task.closed_output):
        note = (Fact(_("Compared"), _("It says the same as yours.")),)
    output = _short(task.closed_output)
    return (Fact(_("The answer"), output, is_code=True, badge="approved"), *note)


def _refused(scene: Scene) -> Panel:
    decision = scene.decision
    action = str(decision.outcome_facts.get("action", "")) or _needed_action(scene)
    denied = decision.outcome == "access_denied"
    return Panel(
        decision=decision,
        title=_("AWS refused the answer")
        if decision.outcome not in _OWN_REFUSALS
        else _("The answer could not be sent"),
        tone="fatal",
        icon="circle-x",
        is_alert=True,
        texts=(_why_refused(scene), _waits_on(scene)),
        facts=(
            *((Fact(_("Missing right"), action, is_code=True),) if denied else ()),
            *(() if scene.is_own else _who(scene)),
            *_said(decision),
        ),
        again_url=task_page(decision.task_id) if scene.is_own and scene.still_waits else "",
        again_label=_("Try again"),
        copy=_for_the_administrator(decision, action) if scene.is_own else "",
        own_text="" if scene.still_waits or not scene.is_own else own_words(decision),
        says=_("AWS refused the answer"),
        shows_record_link=True,
    )


# Refusals that never reached AWS.
_OWN_REFUSALS = frozenset({"token_unreadable", "credentials", "configuration", "unreachable"})
_REFUSALS: Mapping[str, Callable[[], str]] = {
    "access_denied": lambda: _("Holdpoint's role may not answer tasks of %(workflow)s."),
    "expired_credentials": lambda: _("Holdpoint's own credentials for AWS have run out."),
    "bad_credentials": lambda: _("AWS does not accept Holdpoint's own credentials."),
    "credentials": lambda: _("Holdpoint has no credentials for this account."),
    "configuration": lambda: _("This connection is set up wrongly."),
    "clock": lambda: _("The clock of Holdpoint's machine differs too much from AWS's."),
    "invalid_request": lambda: _("AWS did not accept the form of the answer."),
    "invalid_output": lambda: _("AWS could not read the answer as JSON."),
    "kms": lambda: _("The key that encrypts this workflow's data cannot be used by Holdpoint."),
    "token_unreadable": lambda: _("The task's token cannot be read any more with today's keys."),
}


def _why_refused(scene: Scene) -> str:
    words = _REFUSALS.get(scene.decision.outcome, lambda: _("AWS did not take the answer."))
    return words().replace("%(workflow)s", scene.decision.state_machine_name)


def _waits_on(scene: Scene) -> str:
    if not scene.still_waits:
        return _("Nothing was applied.")
    return _("Nothing was applied: the request is still waiting, and your text is kept.")


def _needed_action(scene: Scene) -> str:
    return "states:SendTaskSuccess" if scene.is_approval else "states:SendTaskFailure"


def _said(decision: Decision) -> tuple[Fact, ...]:
    said = ": ".join(part for part in (decision.answer_code, decision.answer_message) if part)
    return (Fact(_("AWS said"), _short(said), is_code=True),) if said else ()


def _for_the_administrator(decision: Decision, action: str) -> str:
    lines = (
        f"{decision.connection_name} · {decision.region} · {decision.state_machine_name}",
        action if decision.outcome == "access_denied" else decision.outcome,
        f"{decision.answer_code}: {decision.answer_message}",
    )
    return "\n".join(lines)


def _withdrawn(scene: Scene) -> Panel:
    is_own, waits = scene.is_own, scene.still_waits
    return Panel(
        decision=scene.decision,
        title=_("You took your answer back") if is_own else _("The answer was taken back"),
        icon="arrow-back-up",
        texts=(
            _("Nothing was sent. The request is still waiting.")
            if waits
            else _("Nothing was sent."),
        ),
        facts=() if is_own else _who(scene),
        again_url=task_page(scene.decision.task_id) if is_own and waits else "",
        again_label=_("Answer again, with my text"),
        says=_("Taken back. Nothing was sent."),
        shows_record_link=True,
    )


def _collecting(scene: Scene) -> Panel:
    return Panel(
        decision=scene.decision,
        title=_("More signatures are needed"),
        badge="collecting",
        facts=_who(scene),
        poll=DOUBTFUL_POLL_SECONDS,
    )


_PANELS: Mapping[DecisionStatus, Callable[[Scene], Panel]] = {
    DecisionStatus.COLLECTING: _collecting,
    DecisionStatus.HELD: _held,
    DecisionStatus.SENDING: _sending,
    DecisionStatus.SENT: _sent,
    DecisionStatus.UNKNOWN: _unknown,
    DecisionStatus.CONFIRMED: _confirmed,
    DecisionStatus.LOST: _lost,
    DecisionStatus.REFUSED: _refused,
    DecisionStatus.WITHDRAWN: _withdrawn,
}


# --- parts that several panels share --------------------------------------------------------------
def _who(scene: Scene) -> tuple[Fact, ...]:
    badge = "approved" if scene.is_approval else "rejected"
    return (
        Fact(_("Answered by"), _name_and_time(scene), badge=badge),
        *_reason(scene.decision),
    )


def _name_and_time(scene: Scene) -> str:
    at = short_moment(scene.decision.decided_at, scene.now)
    return f"{scene.decision.decided_by_name}, {at}"


def _reason(decision: Decision) -> tuple[Fact, ...]:
    if not decision.reason.strip():
        return ()
    return (Fact(_("Reason"), f"“{_short(decision.reason)}”"),)


def _event(decision: Decision) -> str:
    if decision.closing_event_id is None:
        return _("not read")
    return f"{decision.closing_event_id} {decision.closing_event_type}".strip()


def sent_words(decision: Decision) -> str:
    """Size and hash of what was sent: "93 bytes, sha256 41c0…9be2"."""
    count = decision.payload_bytes
    size = ngettext("%(n)s byte", "%(n)s bytes", count) % {"n": whole(count)}
    return f"{size}, sha256 {middle(decision.payload_sha256, 9)}"


def own_words(decision: Decision) -> str:
    """The person's own text, whole, to copy."""
    parts = [decision.reason, decision.output_text, decision.error, decision.cause]
    return "\n".join(part for part in parts if part)


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
            *_reason(decision),
            Fact(_("How it stands"), str(DecisionStatus(decision.status).label)),
        ),
        own_text=own_text,
        says=_("Your answer was not used."),
        record_url=decision_page(decision.pk),
        shows_record_link=True,
    )

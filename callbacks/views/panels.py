"""What a decision panel is made of: its data, and the facts that several panels share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from callbacks.asl.payload import same_value
from callbacks.models import CallbackTask, Decision, Direction, Execution, ExecutionStatus, Vote
from callbacks.templatetags.words import middle, whole
from callbacks.views.clocks import short_moment
from callbacks.views.places import answer_again

LONGEST_SHOWN = 2_000


@dataclass(frozen=True, slots=True)
class Fact:
    """One line below the sentences. `badge` stands before the text, which may be a link."""

    label: str
    text: str
    is_code: bool = False
    badge: str = ""
    url: str = ""


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
    shows_record_link: bool = False
    signing: Any = None  # views.signing_words.Signing, while signatures are collected
    undo_url: str = ""
    undo_label: str = ""


@dataclass(frozen=True, slots=True)
class Scene:
    """What a panel is made of. `task` is None while the mirror does not hold it."""

    decision: Decision
    task: CallbackTask | None
    user_id: int
    now: datetime
    votes: Sequence[Vote] = ()

    @property
    def is_own(self) -> bool:
        """Whether this person gave the answer, or has signed it and not taken that back."""
        if self.votes:
            return any(v.user_id == self.user_id and v.withdrawn_at is None for v in self.votes)
        return self.decision.decided_by_id == self.user_id

    @property
    def is_approval(self) -> bool:
        return self.decision.direction == Direction.APPROVE

    @property
    def is_off(self) -> bool:
        """Whether nothing is sent, as somebody has switched its connection off."""
        return self.task is not None and not self.task.connection.is_enabled

    @property
    def still_waits(self) -> bool:
        return self.task is not None and self.task.is_open


def still_words(task: CallbackTask) -> str:
    """What an answer that was not applied leaves as it was."""
    if task.early_completion:
        return _("The job still runs, and the workflow waits for its end.")
    return _("The request is still waiting.")


def who_facts(scene: Scene) -> tuple[Fact, ...]:
    badge = "approved" if scene.is_approval else "rejected"
    return (
        Fact(_("Answered by"), name_and_time(scene), badge=badge),
        *reason_facts(scene.decision),
    )


def name_and_time(scene: Scene) -> str:
    at = short_moment(scene.decision.decided_at, scene.now)
    return f"{scene.decision.decided_by_name}, {at}"


def reason_facts(decision: Decision) -> tuple[Fact, ...]:
    if not decision.reason.strip():
        return ()
    return (Fact(_("Reason"), f"“{short_text(decision.reason)}”"),)


def event_words(decision: Decision) -> str:
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


def run_words(execution: Execution) -> str:
    """How a run stands, with what it ended."""
    status = ExecutionStatus(execution.status)
    if status == ExecutionStatus.RUNNING:
        return _("The run goes on.")
    if status == ExecutionStatus.SUCCEEDED:
        return _("The run SUCCEEDED with %(output)s") % {"output": short_text(execution.output)}
    if status == ExecutionStatus.FAILED:
        error = ": ".join(part for part in (execution.error, short_text(execution.cause)) if part)
        return _("The run FAILED with %(error)s") % {"error": error or _("no error name")}
    if status == ExecutionStatus.UNREAD:
        return _("It cannot be read from here.")
    return _("The run is %(status)s.") % {"status": status.value}


def short_text(text: str) -> str:
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"


def answer_facts(task: CallbackTask, own: Decision | None = None) -> tuple[Fact, ...]:
    """What an answer from elsewhere said, as the run's history has it."""
    if task.closed_kind == "failed":
        error = task.closed_error or _("no error name")
        cause = (Fact(_("Cause"), short_text(task.closed_cause)),) if task.closed_cause else ()
        return (Fact(_("The answer"), error, is_code=True, badge="rejected"), *cause)
    note: tuple[Fact, ...] = ()
    if own and own.output is not None and same_value(own.output_text, task.closed_output):
        note = (Fact(_("Compared"), _("It says the same as yours.")),)
    output = short_text(task.closed_output)
    return (Fact(_("The answer"), output, is_code=True, badge="approved"), *note)


def again_url(scene: Scene) -> str:
    """The request with the text of this answer in its form."""
    return answer_again(task_id=scene.decision.task_id, decision_id=scene.decision.pk)

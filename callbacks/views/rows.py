"""One row of a list of requests in words: what stands where, and in which tone."""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from callbacks.models import DeadlineKind, DecisionStatus, Direction, TaskStatus, TokenState
from callbacks.queries.tasks import AnswerFacts, TaskFacts
from callbacks.templatetags.words import age, ago, before, moment, short_moment, stamp, time_left
from callbacks.views.places import task_page, withdraw_door

DUE_WITHIN = timedelta(hours=1)
DYING_WITHIN = timedelta(minutes=15)
FIELDS_SHOWN = 3
# "ReviewPhotos[2]" is the third item of that Map.
_ITEM = re.compile(r"(?P<map>.*)\[(?P<index>\d+)\]")


@dataclass(frozen=True, slots=True)
class Words:
    """Where the row is read: who reads it, when, and what its connections are called."""

    user_id: int
    now: datetime
    connections: Mapping[uuid.UUID, str]


@dataclass(frozen=True, slots=True)
class BadgeWords:
    """A badge of look.BADGES; `word` replaces its usual word."""

    code: str
    word: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What parts/list_row.html and the table of Waiting show of one task."""

    id: uuid.UUID
    url: str
    headline: str
    # The workflow's own values that tell one request from the next: (label, text).
    fields: tuple[tuple[str, str], ...]
    workflow: str
    state: str
    iteration: str
    connection: str
    asked_by: str
    since: str
    waited: str
    # "", "quiet" (nothing to do any more) or "away" (leaves when the list is loaded again).
    look: str = ""
    meta: str = ""
    badges: tuple[BadgeWords, ...] = ()
    notes: tuple[tuple[str, str], ...] = ()
    left: str = ""
    left_words: str = ""
    left_until: str = ""
    left_icon: str = ""
    tone: str = ""
    before: str = ""
    # The same in a column that says "answer before" itself.
    at: str = ""
    undo_url: str = ""
    by: str = ""
    open_url: str = ""
    is_selected: bool = False
    # Stands under the heading of its batch.
    is_item: bool = False
    number: int = 0

    @property
    def print(self) -> str:
        """What the row looks like, in few letters: a page asks only for rows that changed."""
        # The browser counts a short time down by itself.
        left = self.left_until or self.left
        seen = (self.look, self.meta, self.badges, self.notes, left, self.before, self.since)
        return hashlib.sha256(repr(seen).encode()).hexdigest()[:6]


def word_row(*, task: TaskFacts, answer: AnswerFacts | None, words: Words) -> Row:
    """Word one task: by its live answer, else by how it ended, else by the time it has."""
    row = Row(
        id=task.id,
        url=task_page(task.id),
        headline=task.headline,
        fields=tuple((str(label), str(text)) for label, text in task.key_fields[:FIELDS_SHOWN]),
        workflow=task.state_machine_name,
        state=task.state,
        iteration=task.iteration,
        connection=words.connections.get(task.connection_id, ""),
        asked_by=task.asked_by,
        since=ago(since=task.waiting_since, now=words.now),
        waited=age(since=task.waiting_since, now=words.now),
        notes=_attempt(task),
        number=item_number(task),
    )
    if answer is not None:
        return _ANSWERED[DecisionStatus(answer.status)](row, answer, words)
    if task.status != TaskStatus.WAITING:
        return _ended(row, task, words)
    return _waiting(row, task, words)


def _attempt(task: TaskFacts) -> tuple[tuple[str, str], ...]:
    if task.attempt < 2:
        return ()
    return (("repeat", _("Attempt %(n)d") % {"n": task.attempt}),)


# --- waiting ------------------------------------------------------------------------------------
def _waiting(row: Row, task: TaskFacts, words: Words) -> Row:
    code, icon, tone = _urgency(task, words.now)
    if task.deadline_kind == DeadlineKind.NONE:
        day = moment(at=task.dies_earliest, now=words.now)
        row = replace(row, before=_("can wait until %(moment)s") % {"moment": day})
        return replace(row, badges=(*_token(task), BadgeWords("no_deadline")))
    soon = bool(tone)
    return replace(
        row,
        badges=_token(task) or (BadgeWords(code),),
        left=time_left(until=task.dies_earliest, now=words.now),
        left_words="{}",
        left_until=stamp(task.dies_earliest) if soon else "",
        left_icon=icon,
        tone=tone,
        before=_before(task, words.now),
        at=_at(task, words.now),
    )


def _urgency(task: TaskFacts, now: datetime) -> tuple[str, str, str]:
    """Badge, icon and tone by the earliest moment at which the task can die."""
    left = task.dies_earliest - now
    if left < DYING_WITHIN:
        return "dying", "alert-triangle", "dying"
    if left < DUE_WITHIN:
        return "due", "clock", "due"
    return "waiting", "", ""


def _token(task: TaskFacts) -> tuple[BadgeWords, ...]:
    return () if task.token_state == TokenState.HELD else (BadgeWords("no_token"),)


def _before(task: TaskFacts, now: datetime) -> str:
    if not _is_range(task):
        return before(until=task.dies_earliest, now=now)
    # A sign of life may move it, and nobody tells us of one.
    return _("%(start)s or later") % {"start": before(until=task.dies_earliest, now=now)}


def _at(task: TaskFacts, now: datetime) -> str:
    start = short_moment(at=task.dies_earliest, now=now)
    return _("%(start)s or later") % {"start": start} if _is_range(task) else start


def _is_range(task: TaskFacts) -> bool:
    return task.deadline_kind == DeadlineKind.RANGE


# --- answered here ------------------------------------------------------------------------------
def _held(row: Row, answer: AnswerFacts, words: Words) -> Row:
    if answer.send_after <= words.now:
        return _sending(row, answer, words)
    undo = withdraw_door(answer.id) if _is_own(answer, words) else ""
    left = _("sends in {}")
    seconds = max(1, round((answer.send_after - words.now).total_seconds()))
    return replace(
        _answered(row, answer, words),
        badges=(BadgeWords("held"),),
        left=left.replace("{}", _("%(n)d s") % {"n": seconds}),
        left_words=left,
        left_until=stamp(answer.send_after),
        undo_url=undo,
    )


def _sending(row: Row, answer: AnswerFacts, words: Words) -> Row:
    return replace(_answered(row, answer, words), badges=(BadgeWords("sending"),))


def _sent(row: Row, answer: AnswerFacts, words: Words) -> Row:
    return replace(_answered(row, answer, words), badges=(BadgeWords("sent"),))


def _unknown(row: Row, answer: AnswerFacts, words: Words) -> Row:
    return replace(_answered(row, answer, words), badges=(BadgeWords("unknown"),), look="")


def _confirmed(row: Row, answer: AnswerFacts, words: Words) -> Row:
    code = "approved" if answer.direction == Direction.APPROVE else "rejected"
    return replace(
        _answered(row, answer, words), badges=(BadgeWords(code),), before=_("leaves on reload")
    )


def _collecting(row: Row, answer: AnswerFacts, words: Words) -> Row:
    return replace(_answered(row, answer, words), badges=(BadgeWords("collecting"),), look="")


def _answered(row: Row, answer: AnswerFacts, words: Words) -> Row:
    verb = _("approve") if answer.direction == Direction.APPROVE else _("reject")
    if _is_own(answer, words):
        meta = _("your answer: %(verb)s") % {"verb": verb}
    else:
        meta = _("%(name)s answered: %(verb)s") % {"name": answer.decided_by_name, "verb": verb}
    return replace(row, look="quiet", meta=meta, by=answer.decided_by_name)


def _is_own(answer: AnswerFacts, words: Words) -> bool:
    return answer.decided_by_id == words.user_id


_ANSWERED: Mapping[DecisionStatus, Callable[[Row, AnswerFacts, Words], Row]] = {
    DecisionStatus.COLLECTING: _collecting,
    DecisionStatus.HELD: _held,
    DecisionStatus.SENDING: _sending,
    DecisionStatus.SENT: _sent,
    DecisionStatus.UNKNOWN: _unknown,
    DecisionStatus.CONFIRMED: _confirmed,
}


# --- ended without us ---------------------------------------------------------------------------
def _ended(row: Row, task: TaskFacts, words: Words) -> Row:
    badge, meta, look = _ENDED[TaskStatus(task.status)]
    at = f", {moment(at=task.closed_at, now=words.now)}" if task.closed_at else ""
    return replace(
        row,
        look=look,
        badges=(BadgeWords(badge),),
        meta=f"{meta()}{at}",
        before=_("leaves on reload"),
    )


_ENDED: Mapping[TaskStatus, tuple[str, Callable[[], str], str]] = {
    TaskStatus.ANSWERED: ("elsewhere", lambda: _("answered outside Holdpoint"), "away"),
    TaskStatus.TIMED_OUT: ("expired", lambda: _("ran out of time"), "quiet"),
    TaskStatus.STOPPED: ("stopped", lambda: _("the run was stopped"), "quiet"),
    TaskStatus.CLOSED: ("closed", lambda: _("the workflow went on without an answer"), "quiet"),
}


# --- items of a Map -----------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Batch:
    """Items of one Map of one run, under one heading at the place of the first."""

    key: str
    rows: tuple[Row, ...]

    @property
    def first(self) -> Row:
        return self.rows[0]

    @property
    def waiting(self) -> int:
        return sum(not row.look for row in self.rows)

    @property
    def print(self) -> str:
        return hashlib.sha256(f"{self.waiting} {self.first.print}".encode()).hexdigest()[:6]


def batch_key(task: TaskFacts) -> str:
    """Items with the same key belong together; "" for a task that is no item of a Map."""
    match = _ITEM.fullmatch(task.iteration)
    if match is None:
        return ""
    name = f"{task.execution_id} {task.state} {match['map']}"
    return hashlib.sha256(name.encode()).hexdigest()[:16]


def item_number(task: TaskFacts) -> int:
    """1 for the first item of its Map, 0 for a task that is none."""
    match = _ITEM.fullmatch(task.iteration)
    return int(match["index"]) + 1 if match else 0


def group(*, tasks: Sequence[TaskFacts], rows: Sequence[Row]) -> list[Row | Batch]:
    """Put items of one Map together where there are several; the order is of their firsts."""
    together: dict[str, list[Row]] = {}
    for task, row in zip(tasks, rows, strict=True):
        together.setdefault(batch_key(task) or str(task.id), []).append(row)
    return [
        _batch(key, members) if len(members) > 1 else members[0]
        for key, members in together.items()
    ]


def _batch(key: str, members: Sequence[Row]) -> Batch:
    in_order = sorted(members, key=lambda row: row.number)
    return Batch(key=key, rows=tuple(replace(row, is_item=True) for row in in_order))

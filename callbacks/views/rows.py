"""One row of a list of requests in words: what stands where, and in which tone."""

from __future__ import annotations

import hashlib
import re
import uuid
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from callbacks.models import (
    OPEN_TASKS,
    DeadlineKind,
    DecisionStatus,
    Direction,
    TaskStatus,
)
from callbacks.queries.tasks import AnswerFacts, TaskFacts
from callbacks.templatetags.words import moment, say, short_moment, stamp, time_left
from callbacks.views.activity_words import token_badge, worker_words
from callbacks.views.places import withdraw_door

# Said once per row: looked up once per language.
_ = say

DUE_WITHIN = timedelta(hours=1)
DYING_WITHIN = timedelta(minutes=15)
# Nothing counts down: AWS's limit of a year, or nobody knows.
WITHOUT_END = (DeadlineKind.NONE, DeadlineKind.UNKNOWN)
# Badges that say by themselves that the connection is switched off.
CONNECTION_OFF, HELD_OFF = "connection_off", "held_off"
# "ReviewPhotos[2]" is the third item of that Map.
_ITEM = re.compile(r"(?P<map>.*)\[(?P<index>\d+)\]")


@dataclass(frozen=True, slots=True)
class Words:
    """Who reads the row, and when; `off` are the connections that are switched off."""

    user_id: int
    now: datetime
    off: frozenset[uuid.UUID] = frozenset()


@dataclass(frozen=True, slots=True)
class BadgeWords:
    """A badge of look.BADGES; `word` replaces its usual word."""

    code: str
    word: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How a row stands: by its answer, by its end, or by the time it has."""

    badge: str
    # "", "quiet" (nothing to do any more) or "away" (leaves when the list is loaded again).
    kind: str = ""
    meta: str = ""
    left: str = ""
    # Short times count down in the browser: the moment, and the words around it.
    left_until: str = ""
    left_words: str = "{}"
    left_icon: str = ""
    tone: str = ""
    before: str = ""
    # The same in a column that says "answer before" itself.
    at: str = ""
    undo_url: str = ""
    # Its connection is switched off.
    is_off: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """What the lists show of one task. Markup of its parts: views.row_markup."""

    task: TaskFacts
    look: Look
    connection: str
    # How long it waits already: "38 min".
    waited: str
    url: str
    open_url: str
    is_selected: bool
    # The number of a Map's item under the heading of its batch, else 0.
    item: int
    # The value that tells that item from its neighbours.
    item_value: str = ""
    # Who says that they are on it.
    holder: str = ""

    @property
    def id(self) -> uuid.UUID:
        return self.task.id

    @property
    def headline(self) -> str:
        return self.task.headline

    @property
    def print(self) -> str:
        """What the row looks like, in few letters: a page asks only for rows that changed."""
        look = self.look
        # The browser counts a short time down by itself.
        left = look.left_until or look.left
        seen = (
            look.badge,
            look.kind,
            look.meta,
            left,
            look.before,
            self.waited,
            self.task.attempt,
            self.holder,
            look.is_off,
        )
        return f"{zlib.crc32(repr(seen).encode()):08x}"


def look_of(*, task: TaskFacts, answer: AnswerFacts | None, words: Words) -> Look:
    """Judge one task: by its live answer, else by how it ended, else by the time it has."""
    look = _look_of(task, answer, words)
    if task.connection_id in words.off and task.status in OPEN_TASKS:
        return _off(look, answer, words)
    return look


def _look_of(task: TaskFacts, answer: AnswerFacts | None, words: Words) -> Look:
    if answer is not None and answer.status == DecisionStatus.COLLECTING:
        return _collecting(task, answer, words)
    if answer is not None:
        return _ANSWERED[DecisionStatus(answer.status)](answer, words)
    return _unanswered(task, words)


def _unanswered(task: TaskFacts, words: Words) -> Look:
    if task.status == TaskStatus.RUNNING:
        return _running(task, words)
    return _waiting(task, words) if task.status == TaskStatus.WAITING else _ended(task, words)


# --- of a connection that is switched off --------------------------------------------------------
def _off(look: Look, answer: AnswerFacts | None, words: Words) -> Look:
    """Nothing is read of it and nothing is sent, so no clock counts down."""
    still = replace(look, left="", left_until="", left_icon="", tone="", is_off=True)
    if answer is None:
        return replace(still, badge=CONNECTION_OFF)
    if answer.status == DecisionStatus.HELD:
        undo_url = withdraw_door(answer.id) if _is_own(answer, words) else ""
        return replace(still, badge=HELD_OFF, undo_url=undo_url)
    return still


# --- a job that an answer could end early --------------------------------------------------------
def _running(task: TaskFacts, words: Words) -> Look:
    at = moment(at=task.dies_earliest, now=words.now)
    says = _("runs until %(moment)s at the latest") % {"moment": at}
    return Look(badge="running", before=says, at=says)


# --- waiting ------------------------------------------------------------------------------------
def _waiting(task: TaskFacts, words: Words) -> Look:
    code, icon, tone = _urgency(task, words.now)
    off = token_badge(task)
    # The badge says by itself that nobody has it.
    meta = worker_words(task) if off and task.started_at is not None else ""
    if task.deadline_kind in WITHOUT_END:
        without = _without_end(task, words)
        return replace(without, badge=off or without.badge, meta=meta)
    at = short_moment(at=task.dies_earliest, now=words.now)
    if task.deadline_kind == DeadlineKind.RANGE:
        # A sign of life may move it, and nobody tells us of one.
        at = _("%(start)s or later") % {"start": at}
    return Look(
        badge=off or code,
        meta=meta,
        left=time_left(until=task.dies_earliest, now=words.now),
        left_until=stamp(task.dies_earliest) if tone else "",
        left_icon=icon,
        tone=tone,
        before=_("before %(moment)s") % {"moment": at},
        at=at,
    )


def _urgency(task: TaskFacts, now: datetime) -> tuple[str, str, str]:
    """Badge, icon and tone by the earliest moment at which the task can die."""
    left = task.dies_earliest - now
    if left < DYING_WITHIN:
        return "dying", "alert-triangle", "dying"
    if left < DUE_WITHIN:
        return "due", "clock", "due"
    return "waiting", "", ""


def _without_end(task: TaskFacts, words: Words) -> Look:
    if task.deadline_kind == DeadlineKind.UNKNOWN:
        return Look(badge="waiting", before=_("may end at any moment"), at=_("unknown"))
    at = moment(at=task.dies_earliest, now=words.now)
    says = _("can wait until %(moment)s") % {"moment": at}
    return Look(badge="no_deadline", before=says, at=says)


# --- answered here ------------------------------------------------------------------------------
def _held(answer: AnswerFacts, words: Words) -> Look:
    if answer.send_after <= words.now:
        return _answered("sending", "quiet", answer, words)
    sends = _("sends in {}")
    seconds = max(1, round((answer.send_after - words.now).total_seconds()))
    return replace(
        _answered("held", "quiet", answer, words),
        left=sends.replace("{}", _("%(n)d s") % {"n": seconds}),
        left_words=sends,
        left_until=stamp(answer.send_after),
        undo_url=withdraw_door(answer.id) if _is_own(answer, words) else "",
    )


def _sending(answer: AnswerFacts, words: Words) -> Look:
    return _answered("sending", "quiet", answer, words)


def _sent(answer: AnswerFacts, words: Words) -> Look:
    return _answered("sent", "quiet", answer, words)


def _unknown(answer: AnswerFacts, words: Words) -> Look:
    return _answered("unknown", "", answer, words)


def _collecting(task: TaskFacts, answer: AnswerFacts, words: Words) -> Look:
    """It still waits, and its time runs."""
    if task.status not in OPEN_TASKS:
        return _answered("collecting", "", answer, words)
    if answer.has_signed:
        meta = _("you signed, others are missing")
    elif answer.direction == Direction.APPROVE:
        meta = _("%(name)s proposes to approve") % {"name": answer.decided_by_name}
    else:
        meta = _("%(name)s proposes to reject") % {"name": answer.decided_by_name}
    kind = "quiet" if answer.has_signed else ""
    return replace(_unanswered(task, words), badge="collecting", kind=kind, meta=meta)


def _confirmed(answer: AnswerFacts, words: Words) -> Look:
    code = "approved" if answer.direction == Direction.APPROVE else "rejected"
    return replace(_answered(code, "quiet", answer, words), before=_("leaves on reload"))


def _answered(code: str, kind: str, answer: AnswerFacts, words: Words) -> Look:
    verb = _("approve") if answer.direction == Direction.APPROVE else _("reject")
    if _is_own(answer, words):
        meta = _("your answer: %(verb)s") % {"verb": verb}
    else:
        meta = _("%(name)s answered: %(verb)s") % {"name": answer.decided_by_name, "verb": verb}
    return Look(badge=code, kind=kind, meta=meta)


def _is_own(answer: AnswerFacts, words: Words) -> bool:
    return answer.decided_by_id == words.user_id


_ANSWERED: Mapping[DecisionStatus, Callable[[AnswerFacts, Words], Look]] = {
    DecisionStatus.HELD: _held,
    DecisionStatus.SENDING: _sending,
    DecisionStatus.SENT: _sent,
    DecisionStatus.UNKNOWN: _unknown,
    DecisionStatus.CONFIRMED: _confirmed,
}


# --- ended without us ---------------------------------------------------------------------------
def _ended(task: TaskFacts, words: Words) -> Look:
    badge, meta, kind = _ENDED[TaskStatus(task.status)]
    at = f", {moment(at=task.closed_at, now=words.now)}" if task.closed_at else ""
    return Look(badge=badge, kind=kind, meta=f"{meta()}{at}", before=_("leaves on reload"))


_ENDED: Mapping[TaskStatus, tuple[str, Callable[[], str], str]] = {
    TaskStatus.ANSWERED: ("elsewhere", lambda: _("answered outside Holdpoint"), "away"),
    TaskStatus.TIMED_OUT: ("expired", lambda: _("ran out of time"), "quiet"),
    TaskStatus.STOPPED: ("stopped", lambda: _("the run was ended"), "quiet"),
    TaskStatus.CLOSED: ("closed", lambda: _("it is over, without an answer"), "quiet"),
}


# --- items of a Map -----------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Batch:
    """Items of one Map of one run, under one heading at the place of the first."""

    key: str
    rows: tuple[Row, ...]

    @property
    def first(self) -> Row:
        return min(self.rows, key=lambda row: row.task.dies_earliest)

    @property
    def waiting(self) -> int:
        return sum(not row.look.kind for row in self.rows)


def batch_key(task: TaskFacts) -> str:
    """Items with the same key belong together; "" for a task that is no item of a Map."""
    match = _ITEM.fullmatch(task.iteration) if task.iteration else None
    if match is None:
        return ""
    name = f"{task.execution_id} {task.state} {match['map']}"
    return hashlib.sha256(name.encode()).hexdigest()[:16]


def item_number(task: TaskFacts) -> int:
    """1 for the first item of its Map, 0 for a task that is none."""
    match = _ITEM.fullmatch(task.iteration)
    return int(match["index"]) + 1 if match else 0


def group(rows: Sequence[Row]) -> list[Row | Batch]:
    """Put items of one Map together where there are several; the order is of their firsts."""
    together: dict[str | uuid.UUID, list[Row]] = {}
    for row in rows:
        together.setdefault(batch_key(row.task) or row.task.id, []).append(row)
    return [
        _batch(str(key), members) if len(members) > 1 else members[0]
        for key, members in together.items()
    ]


def _batch(key: str, members: Sequence[Row]) -> Batch:
    fields = [{pair[0]: pair[1] for pair in row.task.key_fields} for row in members]
    label = _telling_label(fields)
    items = [
        replace(row, item=item_number(row.task), item_value=told.get(label, ""))
        for row, told in zip(members, fields, strict=True)
    ]
    return Batch(key=key, rows=tuple(sorted(items, key=lambda row: row.item)))


def _telling_label(fields: Sequence[dict[str, str]]) -> str:
    """The first label under which the items differ, else the first that any of them has."""
    labels = list(dict.fromkeys(label for told in fields for label in told))
    differing = (label for label in labels if len({told.get(label) for told in fields}) > 1)
    return next(differing, labels[0] if labels else "")

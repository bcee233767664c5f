"""Read one execution from AWS into facts: its history, and its description where that is needed.

No table is written in here, and no AWS call is made elsewhere while a transaction is open.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from callbacks.asl.history import History, HistoryError, read_history
from callbacks.asl.skeleton import Skeleton, events_of, lacks_payload, skeleton_of
from callbacks.models import Definition
from callbacks.stepfunctions import (
    Events,
    ExecutionDetail,
    IncompleteAnswer,
    NotFound,
    PageExpired,
    Reader,
    Refused,
)
from callbacks.sync.deadlines import deadlines_of
from callbacks.sync.definitions import parsed
from callbacks.sync.plan import (
    FORGOTTEN_STATUS,
    RUNNING,
    Described,
    Facts,
    Target,
)
from callbacks.sync.trouble import ABOUT_KEYS

LARGEST_PAGE = 1000  # events; beyond that a history costs several calls
# What a history that nobody foresaw may raise while it is read; anything else is a fault of ours
# or of the database and ends the pass.
POISON = (
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    AssertionError,
    RecursionError,
)


class BadHistory(Exception):
    """The history cannot be used. The text is for people and holds no payload."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What AWS said about one execution."""

    target: Target
    facts: Facts
    definition: Definition | None = None
    # It runs on this definition for certain, not only on what is today's.
    is_certain: bool = False
    # When the states of its waiting tasks were entered, by event id.
    entered_at: Mapping[int, datetime] = field(default_factory=dict)
    # Nothing has happened since the last reading.
    is_unchanged: bool = False
    # Up to this event it was read from a skeleton; and the one to keep for the next reading.
    bare_upto: int = 0
    skeleton: Skeleton | None = None
    # When a time limit of an execution around it ends it.
    parent_ends_by: datetime | None = None


def read(
    *,
    reader: Reader,
    target: Target,
    definition: Definition | None,
    is_certain: bool,
    now: datetime,
    skeleton: Callable[[], Skeleton | None] = lambda: None,
    parent_ends_by: datetime | None = None,
) -> Reading:
    """Ask AWS. Raises BadHistory, or a StepFunctionsError.

    `parent_ends_by`: of the child of a Map Run, when it ends with the execution around it.
    `skeleton` finds that of the last reading; it is asked only where the history is a long one.
    """
    asked = _Asked(target, definition, is_certain, now, parent_ends_by)
    try:
        found = _read_on(reader, asked, skeleton) or _read_whole(reader, asked)
    except NotFound:
        return describe_only(reader=reader, target=target, now=now)
    history = found.facts.history
    if history is not None and history.ended is None and target.has_left:
        described = _describe(reader, target.arn)
        return replace(found, facts=replace(found.facts, described=described))
    return found


def describe_only(*, reader: Reader, target: Target, now: datetime) -> Reading:
    """For an execution whose history cannot be used: at least whether it is over."""
    return Reading(target=target, facts=Facts(now=now, described=_describe(reader, target.arn)))


def is_long(last_event_id: int) -> bool:
    return last_event_id >= LARGEST_PAGE


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is to be read, and with what."""

    target: Target
    definition: Definition | None
    is_certain: bool
    now: datetime
    parent_ends_by: datetime | None

    @property
    def may_be_unchanged(self) -> bool:
        return self.target.is_settled and not self.target.has_left

    def unchanged(self, last_event_at: datetime | None = None) -> Reading:
        facts = Facts(now=self.now, last_event_at=last_event_at)
        return Reading(target=self.target, facts=facts, is_unchanged=True)


def _read_on(
    reader: Reader, asked: _Asked, skeleton: Callable[[], Skeleton | None]
) -> Reading | None:
    """Read a long history from its end down to what is known, one call per thousand new events.

    None where it has to be read whole: it was not kept, a new task needs a payload that was not,
    or the answer does not fit to what is known; what is wrong, the whole will tell.
    """
    known = asked.target.last_event_id
    if not (asked.target.is_settled and is_long(known)):
        return None
    kept = skeleton()
    if kept is None and not asked.may_be_unchanged:
        return None
    try:
        newest = reader.history_since(execution_arn=asked.target.arn, last_event_id=known)
    except (IncompleteAnswer, PageExpired):
        return None
    if not newest and asked.may_be_unchanged:
        return asked.unchanged()
    if kept is None:
        return None
    try:
        events = Events((*events_of(kept), *newest))
        found = _folded(events, asked)
    except POISON:
        return None
    history = found.facts.history
    if history is None or lacks_payload(history=history, events=events, bare_upto=known):
        return None
    return replace(found, bare_upto=known)


def _read_whole(reader: Reader, asked: _Asked) -> Reading:
    events, target = _events(reader, asked.target.arn), asked.target
    last = events[-1]
    if asked.may_be_unchanged and last["id"] == target.last_event_id:
        return asked.unchanged(last["timestamp"])
    if last["id"] < target.last_event_id:
        raise BadHistory(
            f"The history ends at event {last['id']}, "
            f"but event {target.last_event_id} was there before."
        )
    try:
        return _folded(events, asked)
    except HistoryError as exc:
        reason = str(exc)
    except POISON as exc:
        # Its text may quote a payload; the type says enough for a report.
        reason = type(exc).__name__
    raise BadHistory(f"The history cannot be read: {reason}.")


def _events(reader: Reader, arn: str) -> Events:
    try:
        return reader.history(execution_arn=arn)
    except IncompleteAnswer:
        # A cut answer usually comes whole the second time; a bad history does not.
        return reader.history(execution_arn=arn)


def _folded(events: Events, asked: _Asked) -> Reading:
    definition = parsed(definition=asked.definition)
    history = read_history(events=events, definition=definition)
    # Without its own definition the whole is read once more.
    is_kept = is_long(history.last_event_id) and asked.is_certain
    return Reading(
        target=asked.target,
        facts=Facts(
            now=asked.now,
            history=history,
            last_event_at=events[-1]["timestamp"],
            deadlines=deadlines_of(
                history=history,
                definition=definition,
                now=asked.now,
                parent_ends_by=asked.parent_ends_by,
            ),
        ),
        definition=asked.definition,
        parent_ends_by=asked.parent_ends_by,
        is_certain=asked.is_certain,
        entered_at=_entered_at(history, events),
        skeleton=skeleton_of(events=events, history=history) if is_kept else None,
    )


def _describe(reader: Reader, arn: str) -> Described:
    try:
        detail = reader.describe_execution(arn=arn)
    except NotFound:
        return Described(status=FORGOTTEN_STATUS)
    except Refused as exc:
        if exc.kind not in ABOUT_KEYS:
            raise
        # Whether it is over AWS tells without the key.
        detail = reader.describe_execution(arn=arn, metadata_only=True)
    return _described(detail)


def _described(detail: ExecutionDetail) -> Described:
    if detail.status == RUNNING:
        return Described(status=RUNNING)
    return Described(
        status=detail.status,
        stopped_at=detail.stopped_at,
        output=detail.output or "",
        error=detail.error or "",
        cause=detail.cause or "",
    )


def _entered_at(history: History, events: Events) -> dict[int, datetime]:
    ids = {task.entered_event_id for task in history.tasks if task.is_mirrored}
    return {number: events[number - 1]["timestamp"] for number in ids if 0 < number <= len(events)}

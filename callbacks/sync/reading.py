"""Read one execution from AWS into facts: its history, and its description where that is needed.

No database is touched in here, and no AWS call is made elsewhere while a transaction is open.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from callbacks.asl.deadline import Deadline, deadline
from callbacks.asl.definition import Definition as ParsedDefinition
from callbacks.asl.history import History, HistoryError, read_history
from callbacks.models import Definition
from callbacks.stepfunctions import (
    Events,
    ExecutionDetail,
    IncompleteAnswer,
    NotFound,
    Reader,
    Refused,
)
from callbacks.sync.definitions import parsed
from callbacks.sync.plan import (
    FORGOTTEN_STATUS,
    RUNNING,
    Described,
    Facts,
    Target,
    TaskKey,
    key_of,
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


def read(
    *,
    reader: Reader,
    target: Target,
    definition: Definition | None,
    is_certain: bool,
    now: datetime,
) -> Reading:
    """Ask AWS. Raises BadHistory, or a StepFunctionsError."""
    try:
        if _is_long(target) and not _has_more(reader, target):
            return Reading(target=target, facts=Facts(now=now), is_unchanged=True)
        events = _events(reader, target.arn)
    except NotFound:
        return describe_only(reader=reader, target=target, now=now)
    if target.is_settled and not target.has_left and events[-1]["id"] == target.last_event_id:
        facts = Facts(now=now, last_event_at=events[-1]["timestamp"])
        return Reading(target=target, facts=facts, is_unchanged=True)
    found = _fold(events, target, parsed(definition=definition), now)
    described = None
    if found.facts.history is not None and found.facts.history.ended is None and target.has_left:
        described = _describe(reader, target.arn)
    return replace(
        found,
        facts=replace(found.facts, described=described),
        definition=definition,
        is_certain=is_certain,
    )


def describe_only(*, reader: Reader, target: Target, now: datetime) -> Reading:
    """For an execution whose history cannot be used: at least whether it is over."""
    return Reading(target=target, facts=Facts(now=now, described=_describe(reader, target.arn)))


def _is_long(target: Target) -> bool:
    return target.is_settled and not target.has_left and target.last_event_id >= LARGEST_PAGE


def _has_more(reader: Reader, target: Target) -> bool:
    """Look from the end: one call, however long the history is."""
    newest = reader.history_since(execution_arn=target.arn, last_event_id=target.last_event_id)
    return len(newest) > 0


def _events(reader: Reader, arn: str) -> Events:
    try:
        return reader.history(execution_arn=arn)
    except IncompleteAnswer:
        # A cut answer usually comes whole the second time; a bad history does not.
        return reader.history(execution_arn=arn)


def _fold(
    events: Events, target: Target, definition: ParsedDefinition | None, now: datetime
) -> Reading:
    if events[-1]["id"] < target.last_event_id:
        raise BadHistory(
            f"The history ends at event {events[-1]['id']}, "
            f"but event {target.last_event_id} was there before."
        )
    try:
        return _folded(events, target, definition, now)
    except HistoryError as exc:
        reason = str(exc)
    except POISON as exc:
        # Its text may quote a payload; the type says enough for a report.
        reason = type(exc).__name__
    raise BadHistory(f"The history cannot be read: {reason}.")


def _folded(
    events: Events, target: Target, definition: ParsedDefinition | None, now: datetime
) -> Reading:
    history = read_history(events=events, definition=definition)
    facts = Facts(
        now=now,
        history=history,
        last_event_at=events[-1]["timestamp"],
        deadlines=deadlines_of(history=history, definition=definition, now=now),
    )
    return Reading(target=target, facts=facts, entered_at=_entered_at(history, events))


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


def deadlines_of(
    *,
    history: History,
    definition: ParsedDefinition | None,
    now: datetime,
    beats: Mapping[TaskKey, datetime] | None = None,
) -> dict[TaskKey, Deadline]:
    """When each task dies, the history being read `now`.

    `beats` are the heartbeats from here, which no history shows.
    """
    beats = beats or {}
    return {
        key_of(task): deadline(
            timeout_seconds=task.timeout_seconds,
            heartbeat_seconds=task.heartbeat_seconds,
            scheduled_at=task.scheduled_at,
            started_at=task.started_at,
            unstarted_at=now,
            last_beat_at=beats.get(key_of(task)),
            execution_started_at=history.started_at,
            execution_counting_since=history.counting_since,
            execution_timeout_seconds=definition.timeout_seconds if definition else None,
        )
        for task in history.tasks
        if task.is_mirrored
    }


def _entered_at(history: History, events: Events) -> dict[int, datetime]:
    ids = {task.entered_event_id for task in history.tasks if task.is_mirrored}
    return {number: events[number - 1]["timestamp"] for number in ids if 0 < number <= len(events)}

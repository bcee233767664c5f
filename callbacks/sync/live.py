"""The last events of a run as AWS has them this moment, for a page: one call, within the budget."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from callbacks.asl import events as reading
from callbacks.asl.masking import Masker
from callbacks.models import Execution
from callbacks.stepfunctions import (
    CallCounter,
    Event,
    Events,
    Reader,
    StepFunctionsError,
    Throttled,
)
from callbacks.sync.figures import count_calls
from callbacks.sync.purse import Purse
from callbacks.sync.trouble import is_denial

OPERATION = "GetExecutionHistory"
MOST_EVENTS = 50
# A person waits: one attempt, and not for long.
PATIENCE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class LiveEvent:
    """`state` is the one in which it happened; "" where it is the run's, or began too early."""

    id: int
    type: str
    at: datetime
    state: str


def latest_events(*, execution: Execution, now: datetime) -> tuple[LiveEvent, ...]:
    """The newest events, the latest first. Raises StepFunctionsError; Throttled is also our own."""
    connection = execution.connection
    purse = Purse(connection=connection, clock=lambda: now)
    if not purse.allows(OPERATION):
        raise Throttled(operation=OPERATION, code="OwnShare", message="our own share is used")
    counter, denials = CallCounter(), Counter[str]()
    reader = Reader(
        access=connection.access,
        calls=counter,
        admit=purse.spend,
        read_timeout=PATIENCE_SECONDS,
        attempts=1,
    )
    try:
        events = reader.latest_events(execution_arn=execution.arn, limit=MOST_EVENTS)
    except StepFunctionsError as exc:
        denials[OPERATION] += is_denial(exc)
        raise
    finally:
        purse.give_back()
        count_calls(connection=connection, counter=counter, denials=denials, now=now)
    return _told(events)


def _told(events: Events) -> tuple[LiveEvent, ...]:
    by_id = {event["id"]: event for event in events}
    masker = Masker()
    return tuple(
        LiveEvent(
            id=event["id"],
            type=masker.text(event["type"]),
            at=event["timestamp"],
            state=masker.text(_state(event, by_id)),
        )
        for event in reversed(events)
    )


def _state(event: Event, by_id: Mapping[int, Event]) -> str:
    """The name in the nearest event before it that has one: the state was entered there."""
    if event["type"].startswith("Execution"):
        return ""
    earlier: Event | None = event
    while earlier is not None:
        for key in ("stateEnteredEventDetails", "stateExitedEventDetails"):
            name = reading.text(reading.details(earlier, key), "name")
            if name:
                return name
        before = reading.previous_id(earlier)
        # Only downwards, so that no history can lead round in a circle.
        earlier = by_id.get(before) if before < earlier["id"] else None
    return ""

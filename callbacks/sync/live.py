"""The last events of a run as AWS has them this moment, for a page: one call, within the budget."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from callbacks.asl import events as reading
from callbacks.asl.masking import Masker
from callbacks.models import Execution
from callbacks.stepfunctions import Event, Events
from callbacks.sync.person_asks import ask

OPERATION = "GetExecutionHistory"
MOST_EVENTS = 50


@dataclass(frozen=True, slots=True)
class LiveEvent:
    """`state` is the one in which it happened; "" where it is the run's, or began too early."""

    id: int
    type: str
    at: datetime
    state: str


def latest_events(*, execution: Execution, now: datetime) -> tuple[LiveEvent, ...]:
    """The newest events, the latest first. Raises StepFunctionsError; Throttled is also our own."""
    events = ask(
        connection=execution.connection,
        operation=OPERATION,
        now=now,
        question=lambda reader: reader.latest_events(
            execution_arn=execution.arn, limit=MOST_EVENTS
        ),
    )
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

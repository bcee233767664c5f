"""One history's events as boto3 gives them: checked for holes, and read without trust."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

Event = Mapping[str, Any]


class HistoryError(ValueError):
    """The history cannot be folded without guessing; the message says why, without payload."""


def check_events(events: Sequence[Event]) -> None:
    """Ids run 1, 2, 3, … and every event hangs on an earlier one (API_HistoryEvent)."""
    if not events:
        raise HistoryError("the history has no events")
    for position, event in enumerate(events, start=1):
        if not isinstance(event, Mapping) or event.get("id") != position:
            raise HistoryError(_hole(event, position))
        if not isinstance(event.get("type"), str):
            raise HistoryError(f"event {position} has no type")
        if not isinstance(event.get("previousEventId", 0), int) or previous_id(event) >= position:
            raise HistoryError(f"event {position} does not hang on an earlier event")


def _hole(event: Any, position: int) -> str:
    found = event.get("id") if isinstance(event, Mapping) else None
    if not isinstance(found, int):
        return f"the event in place {position} has no id"
    if found < position:
        return f"event {found} stands in place {position}: doubled or out of order"
    return f"event {position} is missing: event {found} stands in its place"


def previous_id(event: Event) -> int:
    previous: int = event.get("previousEventId", 0)
    return max(0, previous)


def details(event: Event, key: str) -> Mapping[str, Any]:
    """The event's detail object; an absent one reads as empty."""
    found = event.get(key)
    return found if isinstance(found, Mapping) else {}


def details_key(kind: str) -> str:
    """Where an event of this type has its details; all entries and exits share two names."""
    for end in ("Entered", "Exited"):
        if kind.endswith(f"State{end}"):
            return f"state{end}EventDetails"
    return f"{kind[:1].lower()}{kind[1:]}EventDetails"


def own_details(event: Event) -> Mapping[str, Any]:
    name = event["type"]
    return details(event, f"{name[:1].lower()}{name[1:]}EventDetails")


def text(values: Mapping[str, Any], name: str) -> str | None:
    value = values.get(name)
    return value if isinstance(value, str) else None


def number(values: Mapping[str, Any], name: str) -> int | None:
    value = values.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def time(event: Event) -> datetime:
    """When AWS says that it happened. Order never comes from this, only from ids."""
    value = event.get("timestamp")
    if isinstance(value, str):
        value = _parsed(event, value)
    elif isinstance(value, int | float):
        value = datetime.fromtimestamp(value, UTC)
    if not isinstance(value, datetime):
        raise HistoryError(f"event {event['id']} has no time")
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def _parsed(event: Event, value: str) -> datetime:
    try:
        return datetime.fromisoformat(value)
    except ValueError as exc:
        raise HistoryError(f"event {event['id']} has no readable time") from exc

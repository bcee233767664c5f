"""One recording held against history reading: its end and every prefix of its events."""

from __future__ import annotations

from typing import Any

from callbacks.asl.definition import Definition, parse_definition
from callbacks.asl.history import CallbackTask, History, read_history
from tests.conformance.recordings import Recording


def differences(recording: Recording) -> list[str]:
    """What differs from `expect.tasks`, in words; empty where all agrees."""
    definition = parse_definition(recording.definition) if recording.definition else None
    found: list[str] = []
    closed_before: dict[int, int] = {}
    for last in range(1, len(recording.events) + 1):
        history = _read(recording, definition, last)
        found += [f"after event {last}: {line}" for line in _against(recording, history, last)]
        found += _reopened(history, closed_before, last)
    return found


def _read(recording: Recording, definition: Definition | None, last: int) -> History:
    return read_history(events=recording.events[:last], definition=definition)


def _against(recording: Recording, history: History, last: int) -> list[str]:
    expected = {task["id"]: task for task in recording.expect["tasks"] if task["id"] <= last}
    found = {task.scheduled_event_id: task for task in history.tasks}
    lines = [f"task {number} not found" for number in expected.keys() - found.keys()]
    for number in expected.keys() & found.keys():
        if _expected(expected[number], last) != _found(found[number]):
            lines.append(f"task {number} is {_found(found[number])}")
    return lines


def _expected(task: dict[str, Any], last: int) -> tuple[Any, ...]:
    closed = task["closed_by"]
    is_open = closed is None or closed["id"] > last
    closing = None if is_open else (closed["id"], closed["type"])
    return task["state"], task["kind"], task["callback"], task["attempt"], closing


def _found(task: CallbackTask) -> tuple[Any, ...]:
    closing = (task.closed.event_id, task.closed.event_type) if task.closed else None
    return task.state, task.kind, task.waits, task.attempt, closing


def _reopened(history: History, closed_before: dict[int, int], last: int) -> list[str]:
    now = {t.scheduled_event_id: t.closed.event_id for t in history.tasks if t.closed}
    lines = [
        f"after event {last}: task {number} was closed by {event} and is so no more"
        for number, event in closed_before.items()
        if now.get(number) != event
    ]
    closed_before.update(now)
    return lines

"""The fold itself: one pass over the events, each placed by the event that it hangs on.

The rules are AWS's habits as recorded, not as documented; docs/histories.md has the evidence.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from callbacks.asl.definition import Definition
from callbacks.asl.events import Event, check_events, own_details, previous_id, text, time
from callbacks.asl.fold_containers import (
    container_failed,
    container_started,
    iteration_ended,
    iteration_started,
)
from callbacks.asl.fold_map_runs import map_run_ended, map_run_redriven, map_run_started
from callbacks.asl.fold_states import entered, evaluation_failed, exited
from callbacks.asl.fold_tasks import (
    NOUNS,
    OWN_CLOSINGS,
    scheduled,
    task_ended,
    task_started,
    task_submitted,
)
from callbacks.asl.reading import Place, Reading, closing_by

_Handler = Callable[[Reading, Event, Place], Place]

_EXECUTION_ENDS = {
    "ExecutionSucceeded": "execution_succeeded",
    "ExecutionFailed": "execution_failed",
    "ExecutionTimedOut": "execution_timed_out",
    "ExecutionAborted": "stopped",
}


def fold(*, events: Sequence[Event], definition: Definition | None) -> Reading:
    """Read a whole history. Raises HistoryError."""
    check_events(events)
    reading = Reading(definition=definition)
    reading.started_at = reading.counting_since = time(events[0])
    for event in events:
        handle = _handler(event["type"])
        before = reading.places[previous_id(event)]
        reading.places.append(handle(reading, event, before) if handle else before)
        reading.types.append(event["type"])
    return reading


def _execution_started(reading: Reading, event: Event, before: Place) -> Place:
    reading.execution_input = text(own_details(event), "input") or ""
    return before


def _execution_ended(reading: Reading, event: Event, before: Place) -> Place:
    reading.ended = closing_by(event, _EXECUTION_ENDS[event["type"]])
    reading.root.close(reading.ended)
    return before


def _execution_redriven(reading: Reading, event: Event, before: Place) -> Place:
    reading.root.close(closing_by(event, "redriven"))
    reading.root.is_closed = False
    reading.ended = None
    reading.redrive_count += 1
    reading.counting_since = time(event)
    return Place(reading.root)


def _all_handlers() -> dict[str, _Handler]:
    table: dict[str, _Handler] = {
        "ExecutionStarted": _execution_started,
        "ExecutionRedriven": _execution_redriven,
        "EvaluationFailed": evaluation_failed,
        "MapIterationStarted": iteration_started,
        "MapRunStarted": map_run_started,
        "MapRunRedriven": map_run_redriven,
        "TaskSubmitted": task_submitted,
    }
    table |= dict.fromkeys(_EXECUTION_ENDS, _execution_ended)
    for end in ("Succeeded", "Failed", "Aborted"):
        table[f"MapIteration{end}"] = iteration_ended
        table[f"MapRun{end}"] = map_run_ended
    for container in ("Map", "Parallel"):
        # Not their Aborted: it hangs on the failing leaf and may mean any of nested containers.
        # Not their Succeeded: nothing is open then, and Exited follows with a name.
        table[f"{container}StateStarted"] = container_started
        table[f"{container}StateFailed"] = container_failed
    for noun in NOUNS:
        table[f"{noun}Scheduled"] = scheduled
        table[f"{noun}Started"] = task_started
        table |= {f"{noun}{end}": task_ended for end in OWN_CLOSINGS}
    return table


_HANDLERS = _all_handlers()


def _handler(event_type: str) -> _Handler | None:
    """None for a type that changes nothing here, new ones included."""
    if event_type.endswith("StateEntered"):
        return entered
    if event_type.endswith("StateExited"):
        return exited
    return _HANDLERS.get(event_type)

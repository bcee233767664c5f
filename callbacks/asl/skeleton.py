"""What is kept of a long history, so that the next reading begins where the last one ended. Pure.

The bones are what the fold reads of every event: what it hangs on, its time, names and numbers; no
payload. Beside them are kept the few payloads that later events may still need: the execution's
input, the inputs of states that are under way, assigned variables, and what gave its token to a
task that has no row of its own. They are as AWS gave them, so that no token in them is taken for
that of a later task; which makes the whole of it a secret.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from callbacks.asl.events import Event, HistoryError, details, details_key, previous_id, text, time
from callbacks.asl.history import History

# One in another form is not read. To be raised also where the fold comes to read more.
FORM = 1
# Characters. With more under way than that, a history is rather read whole.
MOST_KEPT = 1_048_576

_SCHEDULED = ("resource", "resourceType", "timeoutInSeconds", "heartbeatInSeconds")
_ITERATION = ("name", "index")
# What the fold reads of each type beside payloads; of all entries and exits, the name.
_BONES = {
    "TaskScheduled": _SCHEDULED,
    "ActivityScheduled": _SCHEDULED,
    "LambdaFunctionScheduled": _SCHEDULED,
    "ActivityStarted": ("workerName",),
    "MapStateStarted": ("length",),
    "MapIterationStarted": _ITERATION,
    "MapIterationSucceeded": _ITERATION,
    "MapIterationFailed": _ITERATION,
    "MapIterationAborted": _ITERATION,
    "MapRunStarted": ("mapRunArn",),
    "MapRunRedriven": ("mapRunArn",),
    "EvaluationFailed": ("state",),
}
_PAYLOADS = ("input", "parameters")
_VARIABLES = "assignedVariables"


@dataclass(frozen=True, slots=True)
class Skeleton:
    last_event_id: int
    # Bones, and payloads by event id: JSON, compressed.
    packed: bytes = field(repr=False)


def skeleton_of(*, events: Sequence[Event], history: History) -> Skeleton | None:
    """Strip the events that `history` was read from.

    None where it is over, or where too much would have to be kept.
    """
    if history.ended is not None:
        return None
    kept = {event["id"]: found for event, found in _kept(events, history)}
    if len(json.dumps(kept)) > MOST_KEPT:
        return None
    both = json.dumps([[_bone(event) for event in events], kept], separators=(",", ":"))
    return Skeleton(last_event_id=len(events), packed=zlib.compress(both.encode()))


def events_of(skeleton: Skeleton) -> list[Event]:
    """The events again, without the payloads that were not kept. Raises HistoryError."""
    try:
        bones, kept = json.loads(zlib.decompress(skeleton.packed))
        return [
            _event(number, bone, kept.get(str(number), {}))
            for number, bone in enumerate(bones, start=1)
        ]
    except (zlib.error, ValueError, TypeError, LookupError, AttributeError) as exc:
        reason = type(exc).__name__
    raise HistoryError(f"the skeleton cannot be read: {reason}")


def lacks_payload(*, history: History, events: Sequence[Event], bare_upto: int) -> bool:
    """Whether a task that was scheduled after `bare_upto` misses an input from before it.

    So where a state goes on that had been given up with what was around it, as by a redrive.
    """
    entries = {
        task.entered_event_id for task in history.tasks if task.scheduled_event_id > bare_upto
    }
    old = (events[entry - 1] for entry in entries if entry <= bare_upto)
    return any("input" not in details(event, details_key(event["type"])) for event in old)


def _bone(event: Event) -> list[Any]:
    kind = event["type"]
    found = details(event, details_key(kind))
    is_entry_or_exit = kind.endswith(("StateEntered", "StateExited"))
    names = ("name",) if is_entry_or_exit else _BONES.get(kind, ())
    read = {name: found[name] for name in names if isinstance(found.get(name), str | int)}
    bone = [kind, previous_id(event), time(event).isoformat()]
    return [*bone, read] if read else bone


def _event(number: int, bone: list[Any], kept: Mapping[str, Any]) -> Event:
    kind, previous, at, *read = bone
    return {
        "id": number,
        "type": kind,
        "previousEventId": previous,
        "timestamp": datetime.fromisoformat(at),
        details_key(kind): {**(read[0] if read else {}), **kept},
    }


def _kept(events: Sequence[Event], history: History) -> Iterator[tuple[Event, dict[str, Any]]]:
    # Tasks that wait have their tokens in their rows; a .sync task that was given one has no row.
    given = [task for task in history.tasks if task.early_answer]
    numbers = {1, *history.under_way}
    numbers |= {number for t in given for number in (t.scheduled_event_id, t.entered_event_id)}
    for event in events:
        found = details(event, details_key(event["type"]))
        kept: dict[str, Any] = {}
        if event["id"] in numbers:
            kept = {name: found[name] for name in _PAYLOADS if text(found, name) is not None}
        if found.get(_VARIABLES):
            kept[_VARIABLES] = found[_VARIABLES]
        if kept:
            yield event, kept

"""Running a recorded execution again in the simulator, with the results that its tasks had."""

from __future__ import annotations

import json
import re
from collections import defaultdict, deque
from typing import Any

from tests.simulator.asl.choice import timestamp
from tests.simulator.engine import Engine
from tests.simulator.history import details_key, wire_history
from tests.simulator.jsontext import Json
from tests.simulator.model import Execution, Scope, TaskVisit
from tests.simulator.service import Service
from tests.simulator.tasks import Outcome

SCHEDULED = ("TaskScheduled", "LambdaFunctionScheduled")
STAND_IN = re.compile(r"<[^<>]*(?:<[^<>]*>)?[^<>]*>")
LONG_ENOUGH = 10 * 366 * 86_400
Event = dict[str, Any]
Place = tuple[str, int | None]


def wire_text(value: Json) -> str:
    """A recorded value as it was on the wire."""
    return value if isinstance(value, str) else json.dumps(value)


def details(event: Event) -> dict[str, Json]:
    return dict(event.get(details_key(event["type"]), {}))


class RecordedResults:
    """What each task of a recording came to, by state and iteration, in the order of schedules."""

    def __init__(self, events: list[Event]) -> None:
        self._by_id = {event["id"]: event for event in events}
        self._following: dict[int, list[Event]] = defaultdict(list)
        for event in events:
            self._following[event["previousEventId"]].append(event)
        self._left: dict[Place, deque[Outcome]] = defaultdict(deque)
        for event in events:
            if event["type"] in SCHEDULED:
                self._left[self._place(event)].append(self._outcome(event))

    def next_for(self, visit: TaskVisit) -> Outcome | None:
        """The source of outcomes for `Outcomes.source`; a task too many waits for ever, and what
        the children of a Map Run did no recording says."""
        if visit.scope.execution.map_run is not None:
            return None
        queue = self._left[(visit.state.name, _iteration(visit.scope))]
        return queue.popleft() if queue else Outcome("wait")

    def _place(self, event: Event) -> Place:
        name = None
        while event["type"] != "MapIterationStarted":
            if name is None and event["type"] == "TaskStateEntered":
                name = details(event)["name"]
            if event["previousEventId"] == 0:
                return str(name), None
            event = self._by_id[event["previousEventId"]]
        return str(name), details(event)["index"]

    def _outcome(self, event: Event) -> Outcome:
        submitted = None
        while True:
            event = self._next_of_task(event)
            kind, shown = event["type"], details(event)
            if kind.endswith("Submitted"):
                submitted = wire_text(shown["output"])
            elif kind.endswith("Succeeded"):
                return Outcome("succeed", wire_text(shown["output"]), submitted=submitted)
            elif kind.endswith("Failed"):
                cause = shown.get("cause")
                text = None if cause is None else wire_text(cause)
                return Outcome("fail", None, shown.get("error"), text, submitted)
            elif not kind.endswith("Started"):
                return Outcome("wait", submitted=submitted)

    def _next_of_task(self, event: Event) -> Event:
        task_event = re.compile(r"(Task|LambdaFunction)(Started|Submitted|Succeeded|Failed)$")
        for following in self._following[event["id"]]:
            if task_event.match(following["type"]):
                return following
        return {"type": "None", "id": -1}


def _iteration(scope: Scope) -> int | None:
    inner: Scope | None = scope
    while inner is not None and inner.container is not None:
        if inner.container.state.type == "Map":
            return inner.index
        inner = inner.container.scope
    return None


def replay(recording: Json, text: str | None = None) -> list[Event]:
    """The simulator's events for the recording's definition, input and task results; `text` is
    the object in S3 that the recorded machine read."""
    engine = Engine(seed="replay", region="us-east-1", account="111111111111")
    engine.run_until(1_700_000_000.0)
    engine.outcomes.source = RecordedResults(recording["events"]).next_for
    if text is not None:
        engine.put_object(recording["input"]["Bucket"], recording["input"]["Key"], text)
    execution = _start(engine, recording)
    _let_run(engine, execution)
    last = recording["events"][-1]
    if last["type"] == "ExecutionAborted" and execution.status == "RUNNING":
        engine.stop(execution.arn, details(last).get("error"), details(last).get("cause"))
    return wire_history(execution, range(1, len(execution.events) + 1), engine.mint)


def _start(engine: Engine, recording: Json) -> Execution:
    service = Service(engine, "replay")
    first = details(recording["events"][0])
    machine_arn = service.call(
        "CreateStateMachine",
        {
            "name": "recorded",
            "definition": json.dumps(recording["definition"]),
            "roleArn": first["roleArn"],
        },
    )["stateMachineArn"]
    arn = machine_arn.replace(":stateMachine:", ":execution:") + ":replay"
    # Where the events have stand-ins, some recordings keep what they stand for.
    given = recording.get("input_as_sent", first["input"])
    return engine.start(machine_arn, arn, "replay", wire_text(given))


def _let_run(engine: Engine, execution: Execution) -> None:
    """Go from timer to timer; whoever still waits then has no timer to wake it."""
    limit = engine.now + LONG_ENOUGH
    while execution.status == "RUNNING":
        due = engine.next_due()
        if due is None or due > limit or _is_mere_wait(execution):
            return
        engine.run_until(due)


def _is_mere_wait(execution: Execution) -> bool:
    """A recording that was stopped was stopped in a Wait; its end must not come by itself."""
    visit = execution.root.visit if execution.root else None
    return visit is not None and visit.state.raw.get("Seconds") == 60


def run_to_the_end(definition: Json, value: Json) -> str | None:
    """The output of one execution without tasks; None where it does not succeed."""
    engine = Engine(seed="replay", region="us-east-1", account="111111111111")
    started = {"roleArn": "arn:aws:iam::111111111111:role/r", "input": json.dumps(value)}
    first = {"type": "ExecutionStarted", "executionStartedEventDetails": started}
    execution = _start(engine, {"definition": definition, "events": [first]})
    return execution.output_text


def as_since_2024(events: list[Event]) -> list[Event]:
    """The events as AWS links them today: up to August 2024 the exit of a distributed Map hung on
    the end of its Map Run, from November 2024 on it hangs on the start."""
    by_id = {event["id"]: event for event in events}

    def moved(event: Event) -> Event:
        before = by_id.get(event["previousEventId"], event)
        if event["type"] != "MapStateExited" or before["type"] != "MapRunSucceeded":
            return event
        return {**event, "previousEventId": before["previousEventId"]}

    return [moved(event) for event in events]


def differences(recording: Json, events: list[Event]) -> list[str]:
    """Where the replay departs from the recording, modulo stand-ins, times and key order."""
    masks = set(recording["masks"])
    found: list[str] = []
    if len(events) != len(recording["events"]):
        found.append(f"{len(events)} events, recorded {len(recording['events'])}")
    for recorded, ours in zip(as_since_2024(recording["events"]), events, strict=False):
        for key in ("type", "previousEventId"):
            if recorded[key] != ours[key]:
                found.append(f"{recorded['id']}: {key} {ours[key]}, recorded {recorded[key]}")
        found += [
            f"{recorded['id']}: {complaint}"
            for complaint in _compare(details(recorded), details(ours), "", masks)
        ]
    return found


def _compare(recorded: Json, ours: Json, place: str, masks: set[str]) -> list[str]:
    if not isinstance(recorded, str) and isinstance(ours, str):
        ours = _parsed(ours)
    elif isinstance(recorded, str) and isinstance(ours, str):
        recorded, ours = _both_parsed(recorded, ours)
    if isinstance(recorded, str) and (recorded in masks or _fits(recorded, ours)):
        return []
    if isinstance(recorded, dict) and isinstance(ours, dict):
        return _compare_members(recorded, ours, place, masks)
    if isinstance(recorded, list) and isinstance(ours, list) and len(recorded) == len(ours):
        pairs = enumerate(zip(recorded, ours, strict=True))
        return [line for at, (a, b) in pairs for line in _compare(a, b, f"{place}[{at}]", masks)]
    if type(recorded) is type(ours) and recorded == ours:
        return []
    return [f"{place} is {str(ours)[:200]!r}, recorded {str(recorded)[:200]!r}"]


def _compare_members(
    recorded: dict[str, Json], ours: dict[str, Json], place: str, masks: set[str]
) -> list[str]:
    found = [f"{place}.{key} is missing" for key in recorded.keys() - ours.keys()]
    found += [f"{place}.{key} is too much" for key in ours.keys() - recorded.keys()]
    for key in recorded.keys() & ours.keys():
        found += _compare(recorded[key], ours[key], f"{place}.{key}", masks)
    return found


def _parsed(text: str) -> Json:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _both_parsed(recorded: str, ours: str) -> tuple[Json, Json]:
    left, right = _parsed(recorded), _parsed(ours)
    both = isinstance(left, (dict, list)) and isinstance(right, (dict, list))
    return (left, right) if both else (recorded, ours)


def _fits(recorded: str, ours: Json) -> bool:
    """Whether a text with stand-ins could stand for ours."""
    if recorded == "date":
        return timestamp(ours) is not None
    if not STAND_IN.search(recorded):
        return False
    pattern = ".*".join(re.escape(part) for part in STAND_IN.split(recorded))
    return isinstance(ours, str) and re.fullmatch(pattern, ours, re.DOTALL) is not None

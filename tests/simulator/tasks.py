"""Task states: scheduled, started, submitted, and closed by an answer, a failure or the clock."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.simulator import queries
from tests.simulator.asl import template
from tests.simulator.context import VisitDocuments
from tests.simulator.errors import StateError, runtime
from tests.simulator.jsontext import Json, parse, render
from tests.simulator.model import Resource, TaskVisit, Visit
from tests.simulator.states import fail, fail_with, finish
from tests.simulator.tokens import PLACEHOLDER

if TYPE_CHECKING:
    from tests.simulator.engine import Engine

# How the events of each kind of task are called.
EVENT_NAMES = {"lambda": "LambdaFunction", "activity": "Activity"}
SUBMITTED_OUTPUT = render(
    {
        "SdkHttpMetadata": {"HttpStatusCode": 200},
        "SdkResponseMetadata": {"RequestId": "00000000-0000-4000-8000-000000000000"},
    }
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a configured task does: succeed | fail | submit_fail | start_fail | wait."""

    kind: str
    output: str | None = None
    error: str | None = None
    cause: str | None = None
    submitted: str | None = None


def run_task(engine: Engine, visit: Visit, previous: int) -> None:
    """Schedule one attempt; the rest happens in steps of its own, as on AWS."""
    assert isinstance(visit, TaskVisit)
    resource = _resource(visit)
    visit.serial += 1
    visit.number = engine.new_token_number(visit) if resource.has_token else 0
    token = engine.mint.token(visit.number) if visit.number else None
    given = queries.effective_input(engine, visit, token)
    visit.timeout = _seconds(engine, visit, "TimeoutSeconds")
    visit.heartbeat = _seconds(engine, visit, "HeartbeatSeconds")
    details = _scheduled_details(engine, visit, resource, given, token)
    visit.scheduled = visit.last = _record(engine, visit, "Scheduled", previous, details)
    visit.open = True
    if visit.number:
        engine.open_tasks[visit.number] = visit
    if resource.kind == "activity":
        engine.activities.offer(visit.number, resource.arn)
    engine.later(_start, visit, visit.serial, engine.outcome(visit))


def _resource(visit: Visit) -> Resource:
    assert visit.state.resource is not None
    return visit.state.resource


def _record(
    engine: Engine, visit: TaskVisit, what: str, previous: int, details: dict[str, Json] | None
) -> int:
    noun = EVENT_NAMES.get(_resource(visit).kind, "Task")
    name = sys.intern(noun + what)
    visit.scope.last = engine.record(visit.scope.execution, name, previous, details)
    return visit.scope.last


def _scheduled_details(
    engine: Engine, visit: TaskVisit, resource: Resource, given: Json, token: str | None
) -> dict[str, Json]:
    text = visit.scope.execution.text_of(given)
    details: dict[str, Json]
    if resource.kind in EVENT_NAMES:
        details = {"input": text, "resource": resource.arn}
    else:
        # The token is put back when the history is read: 100,000 copies would be 68 MB.
        kept = text.replace(token, PLACEHOLDER) if token else text
        details = {"parameters": kept, "region": engine.region, **resource.mark}
    if visit.timeout is not None:
        details["timeoutInSeconds"] = int(visit.timeout)
    if visit.heartbeat is not None:
        details["heartbeatInSeconds"] = int(visit.heartbeat)
    if token and PLACEHOLDER in details.get("parameters", ""):
        details[PLACEHOLDER] = visit.number
    return _with_credentials(engine, visit, details)


def _with_credentials(
    engine: Engine, visit: TaskVisit, details: dict[str, Json]
) -> dict[str, Json]:
    credentials = visit.state.raw.get("Credentials")
    if credentials:
        filled = queries.payload(engine, visit, credentials, "Credentials", visit.raw_input)
        details["taskCredentials"] = {"roleArn": filled.get("RoleArn")}
    return details


def _seconds(engine: Engine, visit: Visit, field: str) -> float | None:
    raw = visit.state.raw
    if field in raw:
        return float(queries.number(engine, visit, raw[field], field, least=1))
    if f"{field}Path" not in raw:
        return None
    path = raw[f"{field}Path"]
    documents = VisitDocuments(engine, visit, visit.raw_input)
    value = template.lookup(path, documents, engine.dice, field=f"{field}Path")
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value <= 0:
        raise runtime(
            f'The {field}Path field refers to value "{value}" which is not a valid integer: {path}'
        )
    return float(value)


def is_current(visit: TaskVisit, serial: int) -> bool:
    """Whether the attempt with this serial number still goes on."""
    return visit.open and visit.serial == serial and not visit.scope.closed


def _start(engine: Engine, visit: TaskVisit, serial: int, outcome: Outcome | None) -> None:
    if not is_current(visit, serial):
        return
    resource = _resource(visit)
    if outcome is not None and outcome.kind == "start_fail":
        close_failed(engine, visit, outcome.error, outcome.cause, event="StartFailed")
        return
    if resource.kind == "activity" and outcome is None:
        return  # a worker that polls starts it
    mark = resource.mark or None
    visit.last = _record(engine, visit, "Started", visit.last, mark)
    start_timers(engine, visit)
    engine.later(_submit, visit, serial, outcome)


def start_activity(engine: Engine, visit: TaskVisit, worker: str | None) -> None:
    """A worker took the activity's task."""
    details = {"workerName": worker} if worker else {}
    visit.last = _record(engine, visit, "Started", visit.last, details)
    start_timers(engine, visit)


def start_timers(engine: Engine, visit: TaskVisit) -> None:
    if visit.timeout is not None:
        visit.timer = engine.timer_in(visit.timeout, lambda: time_out(engine, visit))
    restart_heartbeat(engine, visit)


def restart_heartbeat(engine: Engine, visit: TaskVisit) -> None:
    if visit.beat_timer is not None:
        visit.beat_timer.cancel()
        visit.beat_timer = None
    if visit.heartbeat is not None:
        visit.beat_timer = engine.timer_in(
            visit.heartbeat, lambda: time_out(engine, visit, heartbeat=True)
        )


def _submit(engine: Engine, visit: TaskVisit, serial: int, outcome: Outcome | None) -> None:
    if not is_current(visit, serial):
        return
    resource = _resource(visit)
    if outcome is None and resource.starts_execution:
        engine.start_nested(visit)
        return
    if outcome is not None and outcome.kind == "submit_fail":
        close_failed(engine, visit, outcome.error, outcome.cause, event="SubmitFailed")
        return
    if _gets_submitted(resource.kind, outcome):
        submitted = outcome.submitted if outcome else None
        record_submitted(engine, visit, submitted or SUBMITTED_OUTPUT)
    _end_at_once(engine, visit, outcome)


def record_submitted(engine: Engine, visit: TaskVisit, output: str) -> None:
    """The target took the call, and answered so."""
    details = {"output": output, **_resource(visit).mark}
    visit.last = _record(engine, visit, "Submitted", visit.last, details)


def parameters_of(engine: Engine, visit: TaskVisit) -> Json:
    """What an integration is called with, its token included."""
    details = visit.scope.execution.events[visit.scheduled - 1].details or {}
    text: str = details["parameters"]
    if visit.number:
        text = text.replace(PLACEHOLDER, engine.mint.token(visit.number))
    return parse(text)


def _gets_submitted(kind: str, outcome: Outcome | None) -> bool:
    """Whether the call to the target went well, so that the task now waits for its end."""
    if kind not in ("callback", "sync"):
        return False
    if outcome is None or outcome.kind == "wait" or outcome.submitted is not None:
        return True
    # A configured failure of a callback is the target's; a success is somebody's answer.
    return kind == "callback" and outcome.kind == "succeed"


def _end_at_once(engine: Engine, visit: TaskVisit, outcome: Outcome | None) -> None:
    if outcome is None:
        if _resource(visit).kind not in ("callback", "activity"):
            close_succeeded(engine, visit, engine.default_result(visit))
    elif outcome.kind == "succeed":
        close_succeeded(engine, visit, outcome.output or "{}")
    elif outcome.kind == "fail":
        close_failed(engine, visit, outcome.error, outcome.cause)


def _close(engine: Engine, visit: TaskVisit) -> None:
    visit.close()
    engine.open_tasks.pop(visit.number, None)


def close_succeeded(engine: Engine, visit: TaskVisit, output: str) -> None:
    _close(engine, visit)
    mark = _resource(visit).mark
    leaf = _record(engine, visit, "Succeeded", visit.last, {"output": output, **mark})
    engine.later(_use_result, visit, output, leaf)


def _use_result(engine: Engine, visit: TaskVisit, output: str, leaf: int) -> None:
    if visit.scope.closed:
        return
    try:
        finish(engine, visit, parse(output), leaf)
    except StateError as error:
        fail(engine, visit, error, leaf)


def close_failed(
    engine: Engine,
    visit: TaskVisit,
    error: str | None,
    cause: str | None,
    *,
    event: str = "Failed",
) -> None:
    _close(engine, visit)
    details = {"error": error, "cause": cause, **_resource(visit).mark}
    leaf = _record(engine, visit, event, visit.last, _present(details))
    engine.later(fail_with, visit, error, cause, leaf)


def _present(details: dict[str, Json]) -> dict[str, Json]:
    return {key: value for key, value in details.items() if value is not None}


def time_out(engine: Engine, visit: TaskVisit, *, heartbeat: bool = False) -> None:
    """The history says States.Timeout for both; only Retry and Catch know of heartbeats."""
    engine.leave_nested(visit)
    _close(engine, visit)
    details = {"error": "States.Timeout", **_resource(visit).mark}
    leaf = _record(engine, visit, "TimedOut", visit.last, details)
    engine.later(_timed_out, visit, leaf, heartbeat)


def _timed_out(engine: Engine, visit: TaskVisit, leaf: int, heartbeat: bool) -> None:
    fail_with(engine, visit, "States.Timeout", None, leaf, heartbeat=heartbeat)

"""states:startExecution: a Task whose work is another execution in the same place.

A callback's child goes its own way; that of a `.sync` is watched to its end, and stopped where the
Task ends before it."""

from __future__ import annotations

from email.utils import formatdate
from typing import TYPE_CHECKING

from tests.simulator.errors import ServiceError
from tests.simulator.execution_rows import described
from tests.simulator.jsontext import Json, parse, render
from tests.simulator.limits import check_request
from tests.simulator.model import Execution, Resource, TaskVisit
from tests.simulator.starting import running_twin, wanted_start
from tests.simulator.tasks import (
    close_failed,
    close_succeeded,
    is_current,
    parameters_of,
    record_submitted,
)
from tests.simulator.versions import start_by

if TYPE_CHECKING:
    from tests.simulator.engine import Engine

FIELDS = {"StateMachineArn": "stateMachineArn", "Name": "name", "Input": "input"}


def begin(engine: Engine, visit: TaskVisit) -> None:
    """Start the execution that the Task asks for, once the Task has started."""
    resource = visit.state.resource
    assert resource is not None
    try:
        child = _start(engine, resource, parameters_of(engine, visit))
    except ServiceError as refused:
        _refuse(engine, visit, resource, refused)
        return
    if resource.kind == "service":
        close_succeeded(engine, visit, _answer(engine, child))
        return
    if resource.kind == "sync":
        visit.child = child
        engine.watched.setdefault(child.arn, []).append((visit, visit.serial))
    record_submitted(engine, visit, _answer(engine, child))


def _start(engine: Engine, resource: Resource, given: Json) -> Execution:
    """The child, which runs already where one with its name and input did; raises ServiceError."""
    asked = _request(given)
    name = asked.get("name") or engine.new_uuid()
    wanted = wanted_start(engine, asked["stateMachineArn"], name, asked.get("input", "{}"))
    machine = wanted.machine
    if resource.kind == "sync" and machine.type == "EXPRESS":
        raise ServiceError(
            "StateMachineTypeNotSupported",
            "This operation is not supported by this type of state machine",
        )
    twin = running_twin(engine, wanted)
    if twin is not None:
        return twin
    by = start_by(machine, wanted.qualifier, engine.dice)
    return engine.begin(machine, wanted.arn, name, wanted.text, parse(wanted.text), by=by)


def _request(given: Json) -> dict[str, Json]:
    """The call of the API. Input may be JSON or a text of it, and null is no input (recorded)."""
    fields = given if isinstance(given, dict) else {}
    asked = {to: fields[name] for name, to in FIELDS.items() if fields.get(name) is not None}
    if not isinstance(asked.get("input", ""), str):
        asked["input"] = render(asked["input"])
    check_request(asked, ("stateMachineArn",))
    return asked


def _refuse(engine: Engine, visit: TaskVisit, resource: Resource, refused: ServiceError) -> None:
    """Recorded for the request alone; others report TaskSubmitFailed of a `.sync`."""
    suffix = "" if refused.code.endswith("Exception") else "Exception"
    cause = (
        f"{refused.message} (Service: AWSStepFunctions; Status Code: {refused.status};"
        f" Error Code: {refused.code}; Request ID: {engine.new_uuid()}; Proxy: null)"
    )
    event = "Failed" if resource.kind == "service" else "SubmitFailed"
    close_failed(engine, visit, f"StepFunctions.{refused.code}{suffix}", cause, event=event)


def _answer(engine: Engine, child: Execution) -> str:
    """StartExecution's answer in the spelling of Tasks, with what AWS's own client adds."""
    request_id = engine.new_uuid()
    body = render({"executionArn": child.arn, "startDate": child.started_at})
    headers = {
        "connection": "keep-alive",
        "Content-Length": str(len(body)),
        "Content-Type": "application/x-amz-json-1.0",
        "Date": formatdate(engine.now, usegmt=True),
        "x-amzn-RequestId": request_id,
    }
    shown = {
        "ExecutionArn": child.arn,
        "SdkHttpMetadata": {
            "AllHttpHeaders": {name: [value] for name, value in headers.items()},
            "HttpHeaders": headers,
            "HttpStatusCode": 200,
        },
        "SdkResponseMetadata": {"RequestId": request_id},
        "StartDate": _milliseconds(child.started_at),
    }
    return render(shown)


def child_ended(engine: Engine, child: Execution, visit: TaskVisit, serial: int) -> None:
    """Let the Task end as its child did, if it still waits for that."""
    if not is_current(visit, serial):
        return
    shown = description(child, engine.now)
    if child.status != "SUCCEEDED":
        close_failed(engine, visit, "States.TaskFailed", render(shown))
        return
    if visit.state.resource is not None and visit.state.resource.name.endswith(":2"):
        shown.update(Input=child.input_value, Output=parse(child.output_text or "null"))
    close_succeeded(engine, visit, render(shown))


def description(execution: Execution, now: float) -> dict[str, Json]:
    """What DescribeExecution says of it, in the spelling and the order of Tasks."""
    shown = _capitalised(described(execution, now))
    for name in ("StartDate", "StopDate", "RedriveDate"):
        if name in shown:
            shown[name] = _milliseconds(shown[name])
    return shown


def _capitalised(answer: dict[str, Json]) -> dict[str, Json]:
    return {
        f"{name[0].upper()}{name[1:]}": _capitalised(value) if isinstance(value, dict) else value
        for name, value in sorted(answer.items())
    }


def _milliseconds(moment: float) -> int:
    return round(moment * 1000)


def abandon(engine: Engine, visit: TaskVisit) -> None:
    """Stop what the Task waits for: the Task ended first, and not by an answer."""
    child, visit.child = visit.child, None
    if child is not None:
        parent = visit.scope.execution.arn
        cause = (
            f"The Task state in AWS Step Functions execution [{parent}]"
            " which was managing this resource was aborted"
        )
        engine.later(_stop, child, cause)


def _stop(engine: Engine, child: Execution, cause: str) -> None:
    engine.end(child, "ABORTED", cause)

"""Entering, running, leaving and failing a state; Pass, Choice, Wait, Succeed and Fail."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC
from typing import TYPE_CHECKING

from tests.simulator.asl import choice, failure, template
from tests.simulator.asl.paths import NoResult, evaluate, parse_path
from tests.simulator.context import VisitDocuments
from tests.simulator.errors import StateError, runtime
from tests.simulator.jsontext import Json, byte_length
from tests.simulator.model import DELETING, VISITS, Scope, Visit

if TYPE_CHECKING:
    from tests.simulator.engine import Engine

MAX_BYTES = 262_144


def enter(engine: Engine, scope: Scope, name: str, value: Json, previous: int) -> None:
    if scope.closed:
        return
    if scope.execution.machine.status == DELETING:
        engine.end(scope.execution, "ABORTED")
        return
    state = scope.level.states[name]
    visit = VISITS.get(state.type, Visit)(scope, state, value, engine.now)
    scope.visit = visit
    details = engine.entered_details(scope.execution, name, value)
    scope.last = engine.record(scope.execution, state.entered, previous, details)
    run(engine, visit, scope.last)


def run(engine: Engine, visit: Visit, previous: int) -> None:
    """Do the state's work, hanging its next event on `previous`; also each retry and redrive."""
    if visit.scope.closed or visit.scope.visit is not visit:
        return
    try:
        engine.handlers[visit.state.type](engine, visit, previous)
    except StateError as error:
        fail(engine, visit, error, visit.scope.last)


def finish(engine: Engine, visit: Visit, result: Json, previous: int) -> None:
    """ResultSelector, ResultPath, Assign and OutputPath, then on to the next state."""
    raw = visit.state.raw
    documents = VisitDocuments(engine, visit, result)
    assign_documents = documents
    if "ResultSelector" in raw:
        result = template.fill(raw["ResultSelector"], documents, engine.dice)
        assign_documents = VisitDocuments(engine, visit, result)
    assigned = _assigned(engine, raw.get("Assign"), assign_documents)
    placed = template.place(raw.get("ResultPath", "$"), visit.raw_input, result)
    output = template.select(raw.get("OutputPath", "$"), VisitDocuments(engine, visit, placed))
    leave(engine, visit, output, previous, raw.get("Next"), assigned)


def _assigned(engine: Engine, assign: Json, documents: VisitDocuments) -> dict[str, Json] | None:
    return template.fill(assign, documents, engine.dice) if assign else None


def leave(
    engine: Engine,
    visit: Visit,
    output: Json,
    previous: int,
    successor: str | None,
    assigned: dict[str, Json] | None = None,
) -> None:
    scope = visit.scope
    text = scope.execution.text_of(output)
    check_size(text, visit.state.name)
    details: dict[str, Json] = {"name": visit.state.name, "output": text}
    if assigned:
        scope.variables = {**(scope.variables or {}), **assigned}
        details["assignedVariables"] = {
            name: scope.execution.text_of(value) for name, value in sorted(assigned.items())
        }
    visit.close()
    scope.last = engine.record(scope.execution, visit.state.exited, previous, details)
    if successor is None:
        engine.finish_scope(scope, output, text)
    else:
        engine.later(enter, scope, successor, output, scope.last)


def check_size(text: str, name: str) -> None:
    if len(text) * 4 > MAX_BYTES and byte_length(text) > MAX_BYTES:
        raise StateError(
            "States.DataLimitExceeded",
            f"The state/task '{name}' returned a result with a size exceeding"
            " the maximum number of bytes service limit.",
        )


def fail(
    engine: Engine, visit: Visit, error: StateError, leaf: int, *, heartbeat: bool = False
) -> None:
    """A state of the engine's own making failed: `leaf` is the event that shows it."""
    cause = error.cause
    if error.located:
        cause = (
            f"An error occurred while executing the state '{visit.state.name}'"
            f" (entered at the event id #{entered_id(visit)}). {cause}"
        )
    fail_with(engine, visit, error.error, cause, leaf, heartbeat=heartbeat)


def entered_id(visit: Visit) -> int:
    """The id of the visit's own StateEntered event, looked up: only failures need it."""
    events = visit.scope.execution.events
    at = len(events) if visit.scope.last > len(events) else visit.scope.last
    while at and not _is_entry(visit, at):
        at = events[at - 1].previous
    return at


def _is_entry(visit: Visit, event_id: int) -> bool:
    event = visit.scope.execution.events[event_id - 1]
    return event.type == visit.state.entered and (event.details or {})["name"] == visit.state.name


def fail_with(
    engine: Engine,
    visit: Visit,
    error: str | None,
    cause: str | None,
    leaf: int,
    *,
    heartbeat: bool = False,
    contained: bool = False,
) -> None:
    """Retry, else catch, else fail the level around the state.

    `contained`: a level inside the state failed, which its own Failed event then says."""
    if visit.scope.closed:
        return
    visit.close()
    wait = _retry_wait(visit, error, heartbeat)
    if wait is not None:
        visit.timer = engine.timer_in(wait, lambda: run(engine, visit, leaf))
        return
    if contained:
        leaf = engine.record(visit.scope.execution, f"{visit.state.type}StateFailed", leaf, None)
    if not _caught(engine, visit, error, cause, leaf, heartbeat):
        engine.fail_scope(visit.scope, error, cause, leaf)


def _retry_wait(visit: Visit, error: str | None, heartbeat: bool) -> float | None:
    retriers = visit.state.raw.get("Retry", [])
    index = failure.find_rule(retriers, error, heartbeat=heartbeat)
    if index is None:
        return None
    attempts = visit.attempts or {}
    wait = failure.wait_before(retriers[index], attempts.get(index, 0))
    if wait is not None:
        visit.attempts = {**attempts, index: attempts.get(index, 0) + 1}
        visit.retries += 1
    return wait


def _caught(
    engine: Engine,
    visit: Visit,
    error: str | None,
    cause: str | None,
    leaf: int,
    heartbeat: bool,
) -> bool:
    catchers = visit.state.raw.get("Catch", [])
    index = failure.find_rule(catchers, error, heartbeat=heartbeat)
    if index is None:
        return False
    catcher = catchers[index]
    shown = {"Error": error, "Cause": cause}
    try:
        assigned = _assigned(engine, catcher.get("Assign"), VisitDocuments(engine, visit, shown))
        # The state's own ResultPath and OutputPath do not apply to what a catcher passes on.
        output = template.place(catcher.get("ResultPath", "$"), visit.raw_input, shown)
        leave(engine, visit, output, leaf, catcher["Next"], assigned)
    except StateError as worse:
        engine.fail_scope(visit.scope, worse.error, worse.cause, leaf)
    return True


def effective_input(engine: Engine, visit: Visit, token: str | None = None) -> Json:
    """InputPath, then Parameters."""
    raw = visit.state.raw
    data = selected_input(engine, visit, token)
    if "Parameters" not in raw:
        return data
    return template.fill(raw["Parameters"], VisitDocuments(engine, visit, data, token), engine.dice)


def selected_input(engine: Engine, visit: Visit, token: str | None = None) -> Json:
    path = visit.state.raw.get("InputPath", "$")
    return template.select(path, VisitDocuments(engine, visit, visit.raw_input, token))


def run_pass(engine: Engine, visit: Visit, previous: int) -> None:
    data = effective_input(engine, visit)
    finish(engine, visit, visit.state.raw.get("Result", data), previous)


def run_succeed(engine: Engine, visit: Visit, previous: int) -> None:
    output = _through_paths(engine, visit)
    leave(engine, visit, output, previous, None)


def _through_paths(engine: Engine, visit: Visit) -> Json:
    data = selected_input(engine, visit)
    return template.select(
        visit.state.raw.get("OutputPath", "$"), VisitDocuments(engine, visit, data)
    )


def run_choice(engine: Engine, visit: Visit, previous: int) -> None:
    data = selected_input(engine, visit)
    documents = VisitDocuments(engine, visit, data)
    successor, assign = choice.choose(visit.state.raw, documents)
    output = _through_paths(engine, visit)
    leave(engine, visit, output, previous, successor, _assigned(engine, assign, documents))


def run_fail(engine: Engine, visit: Visit, previous: int) -> None:
    error = _fail_text(engine, visit, "Error")
    cause = _fail_text(engine, visit, "Cause")
    fail_with(engine, visit, error, cause, previous)


def _fail_text(engine: Engine, visit: Visit, field: str) -> str | None:
    raw = visit.state.raw
    if f"{field}Path" not in raw:
        return raw.get(field)
    path = raw[f"{field}Path"]
    documents = VisitDocuments(engine, visit, visit.raw_input)
    return str(template.lookup(path, documents, engine.dice, field=f"{field}Path"))


def run_wait(engine: Engine, visit: Visit, previous: int) -> None:
    due = _wait_until(engine, visit)
    visit.timer = engine.timer_at(due, lambda: _wait_over(engine, visit, previous))


def _wait_over(engine: Engine, visit: Visit, previous: int) -> None:
    if visit.scope.closed:
        return
    try:
        output = _through_paths(engine, visit)
        assigned = _assigned(
            engine, visit.state.raw.get("Assign"), VisitDocuments(engine, visit, visit.raw_input)
        )
        leave(engine, visit, output, previous, visit.state.raw.get("Next"), assigned)
    except StateError as error:
        fail(engine, visit, error, visit.scope.last)


def _wait_until(engine: Engine, visit: Visit) -> float:
    raw = visit.state.raw
    if "Seconds" in raw:
        return engine.now + float(raw["Seconds"])
    if "SecondsPath" in raw:
        return engine.now + _wait_seconds(engine, visit, raw["SecondsPath"])
    path = raw.get("TimestampPath")
    value = raw.get("Timestamp") if path is None else _wait_value(engine, visit, "TimestampPath")
    moment = choice.timestamp(value)
    if moment is None:
        raise runtime(
            "The TimestampPath parameter does not reference a valid ISO-8601 extended offset"
            f" date-time format string: {path} == {value}"
        )
    return max(engine.now, moment.astimezone(UTC).timestamp())


def _wait_value(engine: Engine, visit: Visit, field: str) -> Json:
    path = visit.state.raw[field]
    documents = VisitDocuments(engine, visit, selected_input(engine, visit))
    try:
        return evaluate(parse_path(path), documents)
    except NoResult as exc:
        raise runtime(f"The {field} parameter does not reference an input value: {path}") from exc


def _wait_seconds(engine: Engine, visit: Visit, path: str) -> float:
    value = _wait_value(engine, visit, "SecondsPath")
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise runtime(
            f"The SecondsPath parameter cannot be parsed as a long value: {path} == {value}"
        )
    return float(value)


Handler = Callable[["Engine", Visit, int], None]
HANDLERS: dict[str, Handler] = {
    "Pass": run_pass,
    "Succeed": run_succeed,
    "Choice": run_choice,
    "Fail": run_fail,
    "Wait": run_wait,
}

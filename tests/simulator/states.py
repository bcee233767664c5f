"""Entering, running, leaving and failing a state."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tests.simulator.asl import failure, template
from tests.simulator.context import VisitDocuments
from tests.simulator.errors import QueryFailure, StateError
from tests.simulator.jsontext import Json, byte_length
from tests.simulator.model import DELETING, VISITS, ContainerVisit, Scope, Visit
from tests.simulator.queries import assigned_by, results_of

if TYPE_CHECKING:
    from tests.simulator.engine import Engine

MAX_BYTES = 262_144
Handler = Callable[["Engine", Visit, int], None]


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
    scope.last = visit.entry = engine.record(scope.execution, state.entered, previous, details)
    run(engine, visit, scope.last)


def run(engine: Engine, visit: Visit, previous: int) -> None:
    """Do the state's work, hanging its next event on `previous`; also each retry and redrive."""
    if visit.scope.closed or visit.scope.visit is not visit:
        return
    handlers = engine.jsonata_handlers if visit.state.is_jsonata else engine.handlers
    try:
        handlers[visit.state.type](engine, visit, previous)
    except QueryFailure as error:
        fail(engine, visit, error, _before_evaluation(visit))
    except StateError as error:
        fail(engine, visit, error, visit.scope.last)


def _before_evaluation(visit: Visit) -> int:
    """What EvaluationFailed hangs on: on entry not the entry itself but the event before it,
    except in a Wait (both recorded)."""
    if visit.scope.last != visit.entry or visit.state.type == "Wait":
        return visit.scope.last
    return visit.scope.execution.events[visit.entry - 1].previous


def finish(engine: Engine, visit: Visit, result: Json, previous: int) -> None:
    """ResultSelector, ResultPath, Assign and OutputPath, or Assign and Output, then on."""
    raw = visit.state.raw
    if visit.state.is_jsonata:
        output, assigned = results_of(engine, visit, raw, "", result, result=result)
        leave(engine, visit, output, previous, raw.get("Next"), assigned)
        return
    documents = VisitDocuments(engine, visit, result)
    assign_documents = documents
    if "ResultSelector" in raw:
        result = template.fill(raw["ResultSelector"], documents, engine.dice)
        assign_documents = VisitDocuments(engine, visit, result)
    assigned = assigned_by(engine, raw.get("Assign"), assign_documents)
    placed = template.place(raw.get("ResultPath", "$"), visit.raw_input, result)
    output = template.select(raw.get("OutputPath", "$"), VisitDocuments(engine, visit, placed))
    leave(engine, visit, output, previous, raw.get("Next"), assigned)


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
    contained = False
    if isinstance(error, QueryFailure):
        leaf = record_failure(engine, visit, error, leaf)
        contained = isinstance(visit, ContainerVisit)
    cause = cause_of(visit, error)
    fail_with(engine, visit, error.error, cause, leaf, heartbeat=heartbeat, contained=contained)


def cause_of(visit: Visit, error: StateError) -> str:
    if not error.located:
        return error.cause
    return (
        f"An error occurred while executing the state '{visit.state.name}'"
        f" (entered at the event id #{visit.entry}). {error.cause}"
    )


def record_failure(engine: Engine, visit: Visit, error: QueryFailure, previous: int) -> int:
    """The event of a field without a usable value; its id. The scope's last event stays what it
    was: where this one is hung on the event before the entry, no way leads back from it."""
    details: dict[str, Json] = {"error": error.error, "cause": cause_of(visit, error)}
    if error.location is not None:
        details["location"] = error.location
    details["state"] = visit.state.name
    return engine.record(visit.scope.execution, "EvaluationFailed", previous, details)


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

    `contained`: a level inside the state failed, or an expression of a Map or Parallel, and the
    state's own Failed event says so."""
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
        output, assigned = _handed_on(engine, visit, catcher, f"Catch[{index}]", shown)
        leave(engine, visit, output, leaf, catcher["Next"], assigned)
    except QueryFailure as worse:
        leaf = record_failure(engine, visit, worse, leaf)
        engine.fail_scope(visit.scope, worse.error, cause_of(visit, worse), leaf)
    except StateError as worse:
        engine.fail_scope(visit.scope, worse.error, worse.cause, leaf)
    return True


def _handed_on(
    engine: Engine, visit: Visit, catcher: dict[str, Json], place: str, shown: Json
) -> tuple[Json, dict[str, Json] | None]:
    """A catcher's output and variables; nothing of the state's own fields applies to them."""
    if visit.state.is_jsonata:
        return results_of(engine, visit, catcher, place, shown, errorOutput=shown)
    assigned = assigned_by(engine, catcher.get("Assign"), VisitDocuments(engine, visit, shown))
    return template.place(catcher.get("ResultPath", "$"), visit.raw_input, shown), assigned

"""Pass, Choice, Wait, Succeed and Fail in JSONPath."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

from tests.simulator.asl import choice, template
from tests.simulator.asl.paths import NoResult, evaluate, parse_path
from tests.simulator.context import VisitDocuments
from tests.simulator.errors import StateError, runtime
from tests.simulator.jsontext import Json
from tests.simulator.model import Visit
from tests.simulator.queries import assigned_by, effective_input, selected_input
from tests.simulator.states import Handler, fail, fail_with, finish, leave

if TYPE_CHECKING:
    from tests.simulator.engine import Engine


def _pass(engine: Engine, visit: Visit, previous: int) -> None:
    data = effective_input(engine, visit)
    finish(engine, visit, visit.state.raw.get("Result", data), previous)


def _succeed(engine: Engine, visit: Visit, previous: int) -> None:
    output = _through_paths(engine, visit)
    leave(engine, visit, output, previous, None)


def _through_paths(engine: Engine, visit: Visit) -> Json:
    data = selected_input(engine, visit)
    return template.select(
        visit.state.raw.get("OutputPath", "$"), VisitDocuments(engine, visit, data)
    )


def _choice(engine: Engine, visit: Visit, previous: int) -> None:
    data = selected_input(engine, visit)
    documents = VisitDocuments(engine, visit, data)
    successor, assign = choice.choose(visit.state.raw, documents)
    output = _through_paths(engine, visit)
    leave(engine, visit, output, previous, successor, assigned_by(engine, assign, documents))


def _fail(engine: Engine, visit: Visit, previous: int) -> None:
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


def _wait(engine: Engine, visit: Visit, previous: int) -> None:
    due = _wait_until(engine, visit)
    visit.timer = engine.timer_at(due, lambda: _wait_over(engine, visit, previous))


def _wait_over(engine: Engine, visit: Visit, previous: int) -> None:
    if visit.scope.closed:
        return
    try:
        output = _through_paths(engine, visit)
        assigned = assigned_by(
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


HANDLERS: dict[str, Handler] = {
    "Pass": _pass,
    "Succeed": _succeed,
    "Choice": _choice,
    "Fail": _fail,
    "Wait": _wait,
}

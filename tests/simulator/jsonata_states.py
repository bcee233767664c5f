"""Pass, Choice, Wait, Succeed and Fail in JSONata."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

from tests.simulator import queries
from tests.simulator.asl import choice, jsonata
from tests.simulator.errors import QueryFailure, StateError
from tests.simulator.jsontext import Json
from tests.simulator.model import Visit
from tests.simulator.states import Handler, fail, fail_with, leave

if TYPE_CHECKING:
    from tests.simulator.engine import Engine


def _pass(engine: Engine, visit: Visit, previous: int) -> None:
    raw = visit.state.raw
    _leave_by(engine, visit, previous, raw, "", raw.get("Next"))


def _leave_by(
    engine: Engine,
    visit: Visit,
    previous: int,
    rule: dict[str, Json],
    place: str,
    successor: str | None,
) -> None:
    """Go on with the Output of the state or of one of its rules, or with the input as it is."""
    output, assigned = queries.results_of(engine, visit, rule, place, visit.raw_input)
    leave(engine, visit, output, previous, successor, assigned)


def _choice(engine: Engine, visit: Visit, previous: int) -> None:
    raw = visit.state.raw
    around = queries.seen(engine, visit)
    for at, rule in enumerate(raw["Choices"]):
        place = f"Choices[{at}]"
        if jsonata.fill_as("boolean", rule["Condition"], around, f"{place}/Condition"):
            _leave_by(engine, visit, previous, rule, place, rule["Next"])
            return
    if "Default" not in raw:
        raise choice.no_choice(visit.raw_input)
    _leave_by(engine, visit, previous, raw, "", raw["Default"])


def _fail(engine: Engine, visit: Visit, previous: int) -> None:
    error = queries.written_text(engine, visit, "Error")
    cause = queries.written_text(engine, visit, "Cause")
    fail_with(engine, visit, error, cause, previous)


def _wait(engine: Engine, visit: Visit, previous: int) -> None:
    due = _wait_until(engine, visit)
    visit.timer = engine.timer_at(due, lambda: _wait_over(engine, visit, previous))


def _wait_over(engine: Engine, visit: Visit, previous: int) -> None:
    if visit.scope.closed:
        return
    try:
        _pass(engine, visit, previous)
    except StateError as error:
        fail(engine, visit, error, visit.scope.last)


def _wait_until(engine: Engine, visit: Visit) -> float:
    raw = visit.state.raw
    if "Seconds" in raw:
        return engine.now + float(queries.number(engine, visit, raw["Seconds"], "Seconds"))
    text = queries.written_text(engine, visit, "Timestamp")
    moment = choice.timestamp(text)
    if moment is None:
        raise QueryFailure(
            "The Timestamp field cannot be parsed as an ISO-8601 extended offset date-time"
            f" format string: {text}",
            "Timestamp",
        )
    return max(engine.now, moment.astimezone(UTC).timestamp())


HANDLERS: dict[str, Handler] = {
    "Pass": _pass,
    "Succeed": _pass,
    "Choice": _choice,
    "Fail": _fail,
    "Wait": _wait,
}

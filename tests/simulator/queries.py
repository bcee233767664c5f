"""Fields of a state in its language: payload templates, numbers, Output and Assign."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.simulator.asl import jsonata, template
from tests.simulator.context import VisitDocuments, context_object
from tests.simulator.jsontext import Json
from tests.simulator.model import ContainerVisit, Visit

if TYPE_CHECKING:
    from tests.simulator.engine import Engine


def payload(
    engine: Engine,
    visit: Visit,
    written: Json,
    place: str,
    data: Json,
    token: str | None = None,
    item: dict[str, Json] | None = None,
) -> Json:
    """A template filled; `data` is what a path of JSONPath starts from. Raises StateError."""
    if visit.state.is_jsonata:
        return jsonata.fill(written, seen(engine, visit, token, item), place)
    return template.fill(written, VisitDocuments(engine, visit, data, token, item), engine.dice)


def arguments_field(visit: Visit) -> str:
    return "Arguments" if visit.state.is_jsonata else "Parameters"


def arguments_of(engine: Engine, visit: ContainerVisit, part: str) -> dict[str, Json]:
    """What a Map's ItemReader or ResultWriter is called with."""
    field = arguments_field(visit)
    written = visit.state.raw[part].get(field, {})
    return dict(payload(engine, visit, written, f"{part}/{field}", visit.data))


def assigned_by(engine: Engine, assign: Json, documents: VisitDocuments) -> dict[str, Json] | None:
    """Assign of JSONPath."""
    return template.fill(assign, documents, engine.dice) if assign else None


def effective_input(engine: Engine, visit: Visit, token: str | None = None) -> Json:
    """InputPath, then Parameters; or Arguments."""
    raw = visit.state.raw
    data = selected_input(engine, visit, token)
    field = arguments_field(visit)
    if field not in raw:
        return data
    return payload(engine, visit, raw[field], field, data, token)


def selected_input(engine: Engine, visit: Visit, token: str | None = None) -> Json:
    path = visit.state.raw.get("InputPath", "$")
    return template.select(path, VisitDocuments(engine, visit, visit.raw_input, token))


def number(engine: Engine, visit: Visit, written: Json, place: str, least: int = 0) -> Json:
    """A number as it is written, or what a JSONata expression makes of it; raises QueryFailure."""
    if not visit.state.is_jsonata or not jsonata.is_expression(written):
        return written
    value = jsonata.fill_as("number", written, seen(engine, visit), place)
    if value < least:
        raise jsonata.failure(written, place, f"must not be less than {least}, but was {value}.")
    return value


def written_text(engine: Engine, visit: Visit, place: str) -> str | None:
    """A JSONata state's field that holds a text; None where it has none."""
    if place not in visit.state.raw:
        return None
    text = jsonata.fill_as("string", visit.state.raw[place], seen(engine, visit), place)
    return str(text)


def results_of(
    engine: Engine, visit: Visit, rule: dict[str, Json], place: str, default: Json, **given: Json
) -> tuple[Json, dict[str, Json] | None]:
    """Output and Assign of a JSONata state, or of one of its rules: both see the old variables."""
    around = seen(engine, visit, **given)
    before = f"{place}/" if place else ""
    assigned = jsonata.fill(rule["Assign"], around, f"{before}Assign") if "Assign" in rule else None
    if "Output" not in rule:
        return default, assigned
    return jsonata.fill(rule["Output"], around, f"{before}Output"), assigned


def seen(
    engine: Engine,
    visit: Visit,
    token: str | None = None,
    item: dict[str, Json] | None = None,
    **given: Json,
) -> jsonata.Seen:
    """`$states` with its input and context, and the result or the errorOutput that is given."""
    context = context_object(visit, token, item)
    states = {"input": visit.raw_input, "context": context, **given}
    return jsonata.Seen(states, visit.scope.visible_variables(), engine.now, engine.dice)

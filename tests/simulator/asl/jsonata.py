"""JSONata in the fields of a state: `{% … %}` anywhere in a template, and the kinds of values."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from tests.simulator.errors import QueryFailure
from tests.simulator.jsontext import Json, render

UNDEFINED = object()
# A bool is an int in Python, so it comes first.
KINDS: tuple[tuple[type | tuple[type, ...], str], ...] = (
    (type(None), "null"),
    (bool, "boolean"),
    ((int, float), "number"),
    (str, "string"),
    (list, "array"),
    (dict, "object"),
)


@dataclass(frozen=True, slots=True)
class Seen:
    """What the expressions of one state may look at; `now` in seconds, for $now and $millis."""

    states: dict[str, Json]
    variables: dict[str, Json]
    now: float
    dice: random.Random


def is_expression(value: Json) -> bool:
    """A space before or after the marks makes it a plain text (recorded)."""
    return isinstance(value, str) and value.startswith("{%") and value.endswith("%}")


def source_of(expression: str) -> str:
    return expression[2:-2].strip()


def fill(template: Json, seen: Seen, place: str) -> Json:
    """The template with each expression replaced by its value; raises QueryFailure."""
    if isinstance(template, dict):
        return {key: fill(value, seen, f"{place}/{key}") for key, value in template.items()}
    if isinstance(template, list):
        return [fill(value, seen, f"{place}[{at}]") for at, value in enumerate(template)]
    return _evaluate(template, seen, place) if is_expression(template) else template


def fill_as(kind: str, template: Json, seen: Seen, place: str) -> Json:
    """As `fill`, where the field takes one kind of value only, in JSONata's own words for kinds."""
    value = fill(template, seen, place)
    found = kind_of(value)
    if found != kind:
        raise failure(
            template,
            place,
            f"returned an unexpected result type. Expected '{kind}', but was '{found}'"
            f" for value: {render(value)}",
        )
    return value


def kind_of(value: Json) -> str:
    return next(name for types, name in KINDS if isinstance(value, types))


def failure(template: Json, place: str, what: str) -> QueryFailure:
    """As AWS says what became of a field's expression."""
    source = source_of(template) if is_expression(template) else render(template)
    return QueryFailure(
        f"The JSONata expression '{source}' specified for the field '{place}' {what}", place
    )


def _evaluate(expression: str, seen: Seen, place: str) -> Json:
    # Only here: who runs JSONPath alone does without the library.
    from tests.simulator.asl import expressions

    try:
        value = expressions.evaluate(source_of(expression), seen)
    except expressions.Unsupported as exc:
        raise failure(expression, place, "returned an unsupported result type.") from exc
    except expressions.Thrown as exc:
        raise failure(expression, place, str(exc)) from exc
    if value is UNDEFINED:
        raise failure(expression, place, "returned nothing (undefined).")
    return value


def syntax_error(expression: str) -> str | None:
    """Why the expression cannot be read, in the library's words; None where it can."""
    from tests.simulator.asl import expressions

    return expressions.syntax_error(source_of(expression))


def expressions_in(template: Json, place: str) -> Iterator[tuple[str, str]]:
    """Each expression of a template with its place."""
    if isinstance(template, dict):
        for key, value in template.items():
            yield from expressions_in(value, f"{place}/{key}")
    elif isinstance(template, list):
        for at, value in enumerate(template):
            yield from expressions_in(value, f"{place}[{at}]")
    elif is_expression(template):
        yield place, template

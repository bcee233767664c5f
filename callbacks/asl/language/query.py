"""JSONata in the fields of a state (dg/transforming-data): `{% … %}` anywhere in a template."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from callbacks.asl.language.jsonata_engine import (
    NAMES_OF_FUNCTIONS,
    UNDEFINED,
    Thrown,
    Unsupported,
    evaluate,
)
from callbacks.asl.language.jsonata_names import Asked, asked_by
from callbacks.asl.language.values import (
    QUERY_FAILURE,
    CannotPredict,
    Json,
    Seen,
    StateFails,
    check_unmasked,
    is_number,
    kind_of,
    render,
)

_LARGEST_EXACT = 10**15
_LARGE_NUMBERS = "how AWS works with numbers of sixteen digits is not known"
# What hands a value on without working anything out of it.
_PLAIN = re.compile(r"\$\w+(?:\s*\.\s*[A-Za-z_]\w*)*")


def is_expression(value: Json) -> bool:
    """A space before or after the marks makes it a plain text (recorded)."""
    return isinstance(value, str) and value.startswith("{%") and value.endswith("%}")


def fill(template: Json, seen: Seen, field: str) -> Json:
    """The template with each expression replaced by its value. Raises StateFails, CannotPredict."""
    if isinstance(template, dict):
        return {key: fill(value, seen, f"{field}/{key}") for key, value in template.items()}
    if isinstance(template, list):
        return [fill(value, seen, f"{field}[{at}]") for at, value in enumerate(template)]
    return _value(template, seen, field) if is_expression(template) else template


def fill_as(kind: str, template: Json, seen: Seen, field: str) -> Json:
    """As `fill`, where a field takes one kind of value only (JSON's word for it)."""
    value = fill(template, seen, field)
    found = kind_of(value)
    if found != kind:
        what = (
            f"returned an unexpected result type. Expected '{kind}', but was '{found}'"
            f" for value: {render(value)}"
        )
        raise _failure(template, field, what)
    return value


def _value(expression: str, seen: Seen, field: str) -> Json:
    source = expression[2:-2].strip()
    asked = asked_by(source)
    if not seen.is_complete:
        _check_known(asked, seen)
    if not _PLAIN.fullmatch(source):
        _check_exact(asked, seen)
    try:
        value = evaluate(source, states=_states(seen), variables=seen.variables)
    except Unsupported:
        raise _failure(expression, field, "returned an unsupported result type.") from None
    except Thrown as exc:
        what = f"threw an error during evaluation. {exc}"
        raise _failure(expression, field, what, is_verbatim=False) from None
    if value is UNDEFINED:
        raise _failure(expression, field, "returned nothing (undefined).")
    if not _PLAIN.fullmatch(source) and _has_large_number(value):
        raise CannotPredict(_LARGE_NUMBERS)
    return value


def _check_exact(asked: Asked, seen: Seen) -> None:
    """Raise CannotPredict where a formula works with what it does not get as AWS has it."""
    read = list(_read_by(asked, seen))
    check_unmasked(*read)
    if any(map(_has_large_number, read)):
        raise CannotPredict(_LARGE_NUMBERS)


def _read_by(asked: Asked, seen: Seen) -> Iterator[Json]:
    states = _states(seen)
    if asked.is_unbounded:
        yield from states.values()
    yield from (seen.variables[name] for name in asked.variables & seen.variables.keys())
    yield from (_at(states, place) for place in asked.places)


def _at(value: Json, names: Sequence[str]) -> Json:
    """UNDEFINED where there is none; a list is taken whole, for names go through its items."""
    for name in names:
        if isinstance(value, list):
            return value
        value = value.get(name, UNDEFINED) if isinstance(value, Mapping) else UNDEFINED
    return value


def _has_large_number(value: Json) -> bool:
    if isinstance(value, dict):
        return any(map(_has_large_number, value.values()))
    if isinstance(value, list):
        return any(map(_has_large_number, value))
    return is_number(value) and abs(value) >= _LARGEST_EXACT


def _states(seen: Seen) -> dict[str, Json]:
    return {**seen.states, "context": seen.context}


def _failure(template: Json, field: str, what: str, *, is_verbatim: bool = True) -> StateFails:
    source = template[2:-2].strip() if is_expression(template) else render(template)
    cause = f"The JSONata expression '{source}' specified for the field '{field}' {what}"
    return StateFails(QUERY_FAILURE, cause, field=field, path=source, is_verbatim=is_verbatim)


def _check_known(asked: Asked, seen: Seen) -> None:
    """JSONata leaves out what is undefined, so what is not known here must not be asked for."""
    if asked.is_unbounded:
        raise CannotPredict("the expression asks for the context object in a form of its own")
    for root, *names in asked.places:
        if root == "context":
            _check_place(names, seen)
    for name in asked.variables - seen.variables.keys():
        is_function = name in NAMES_OF_FUNCTIONS and seen.assignable is None
        if seen.may_be_assigned(name) and not is_function:
            raise CannotPredict(f"the variable ${name} is not known here")


def _check_place(names: Sequence[str], seen: Seen) -> None:
    value = _at(seen.context, names)
    is_input = names[:2] == ["Execution", "Input"]
    if value is UNDEFINED or (isinstance(value, dict | list) and not is_input):
        place = ".".join(["$states.context", *names])
        raise CannotPredict(f"{place[:80]} is not known here")

"""JSONata in the fields of a state (dg/transforming-data): `{% … %}` anywhere in a template."""

from __future__ import annotations

import re
from typing import Any

from callbacks.asl.language.jsonata_engine import UNDEFINED, Thrown, Unsupported, evaluate
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
_CONTEXT_PATH = re.compile(r"\$states\s*\.\s*context((?:\s*\.\s*[A-Za-z_]\w*)*)")
_ASSIGNED = re.compile(r"\$(\w+)\s*:=")
_PARAMETERS = re.compile(r"(?:\bfunction\b|λ)\s*\(([^)]*)\)")
_ANYTHING = re.compile(r"\bcontext\b|\$states\b(?!\s*\.)|\$states\s*\.\s*\*|\$\$")
# What hands a value on without working anything out of it.
_PLAIN = re.compile(r"\$\w+(?:\s*\.\s*[A-Za-z_]\w*)*")
_NAME = re.compile(r"\$([A-Za-z_]\w*)")


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
    if not seen.is_complete:
        _check_known(source, seen)
    if not _PLAIN.fullmatch(source):
        _check_exact(source, seen)
    try:
        value = evaluate(source, states=_states(seen), variables=seen.variables)
    except Unsupported:
        raise _failure(expression, field, "returned an unsupported result type.") from None
    except Thrown as exc:
        what = f"threw an error during evaluation. {exc}"
        raise _failure(expression, field, what, is_verbatim=False) from None
    if value is UNDEFINED:
        raise _failure(expression, field, "returned nothing (undefined).")
    return value


def _check_exact(source: str, seen: Seen) -> None:
    """Raise CannotPredict where a formula works with what it does not get as AWS has it."""
    read = [*seen.states.values(), *seen.variables.values()]
    if _ANYTHING.search(source):
        read.append(seen.context)
    check_unmasked(*read)
    if any(map(_has_large_number, read)):
        raise CannotPredict("how AWS works with numbers of sixteen digits is not known")


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


def _check_known(source: str, seen: Seen) -> None:
    """JSONata leaves out what is undefined, so what is not known here must not be asked for."""
    for found in _CONTEXT_PATH.finditer(source):
        value: Any = seen.context
        for name in found[1].replace(" ", "").split(".")[1:]:
            value = value.get(name, UNDEFINED) if isinstance(value, dict) else UNDEFINED
        is_input = found[1].replace(" ", "").startswith(".Execution.Input")
        if value is UNDEFINED or (isinstance(value, dict | list) and not is_input):
            raise CannotPredict(f"{found[0][:80]} is not known here")
    rest = _CONTEXT_PATH.sub("", source)
    if _ANYTHING.search(rest):
        raise CannotPredict("the expression asks for the context object in a form of its own")
    local = set(_ASSIGNED.findall(rest))
    for parameters in _PARAMETERS.findall(rest):
        local |= set(_NAME.findall(parameters))
    for name in set(_NAME.findall(rest)) - {"states"} - local - seen.variables.keys():
        if not re.search(rf"\${name}\s*\(", rest):
            raise CannotPredict(f"the variable ${name} is not known here")

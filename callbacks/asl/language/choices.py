"""The rules of a JSONPath Choice: which of them an input meets.

Source: states-language, "Choice State"; a comparison of other kinds than its own is false.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from callbacks.asl.language.paths import NoSuchValue, find, parse_path
from callbacks.asl.language.values import (
    RUNTIME,
    CannotPredict,
    Json,
    Seen,
    StateFails,
    check_unmasked,
    in_java_order,
    is_number,
)

_ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    "Equals": operator.eq,
    "LessThan": operator.lt,
    "GreaterThan": operator.gt,
    "LessThanEquals": operator.le,
    "GreaterThanEquals": operator.ge,
}
_COMPARISON = re.compile(
    r"(String|Numeric|Boolean|Timestamp)"
    r"(LessThanEquals|GreaterThanEquals|Equals|LessThan|GreaterThan)(Path)?"
)
_TIMESTAMP = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)")
_MOST_DIGITS = 9
_NOT_OPERATORS = {"Variable", "Next", "Assign", "Comment", "Output"}
_NESTING_LIMIT = 50


def holds(rule: Mapping[str, Json], seen: Seen, depth: int = 0) -> bool:
    """Whether the rule is true. Raises StateFails for a path that leads nowhere, CannotPredict."""
    if depth > _NESTING_LIMIT:
        raise CannotPredict("a rule of a Choice is nested too deeply")
    if "And" in rule:
        return all(holds(inner, seen, depth + 1) for inner in rule["And"])
    if "Or" in rule:
        return any(holds(inner, seen, depth + 1) for inner in rule["Or"])
    if "Not" in rule:
        return not holds(rule["Not"], seen, depth + 1)
    return _holds_plainly(rule, seen)


def timestamp_of(value: Json) -> tuple[datetime, str] | None:
    """An ISO 8601 time with `T` and an offset, as AWS demands it, and its nine digits of a second.

    None for anything else.
    """
    found = _TIMESTAMP.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        return None
    whole, fraction, offset = found.groups()
    if fraction is not None and len(fraction) > _MOST_DIGITS:
        raise CannotPredict("what AWS makes of a time with so many digits is not known")
    try:
        at = datetime.fromisoformat(whole + offset.replace("Z", "+00:00"))
    except ValueError:
        return None
    return at, (fraction or "").ljust(_MOST_DIGITS, "0")


def _holds_plainly(rule: Mapping[str, Json], seen: Seen) -> bool:
    names = [key for key in rule if key not in _NOT_OPERATORS]
    if len(names) != 1 or not isinstance(rule.get("Variable"), str):
        raise CannotPredict("a rule of a Choice has a form that is not known here")
    name = names[0]
    if name == "IsPresent":
        return _is_present(rule["Variable"], seen) is rule[name]
    value = _value(rule["Variable"], seen)
    check_unmasked(value)
    if name in _TESTS:
        return _TESTS[name](value) is rule[name]
    if name == "StringMatches":
        return isinstance(value, str) and _matches(value, rule[name])
    found = _COMPARISON.fullmatch(name)
    if found is None:
        raise CannotPredict(f"the comparison {name[:40]} is not known here")
    expected = _value(rule[name], seen) if found[3] else rule[name]
    return _compare(found[1], found[2], value, expected)


def _is_present(path: str, seen: Seen) -> bool:
    if seen.data is None:
        raise CannotPredict("whether AWS finds anything present in a null")
    try:
        value = find(path, seen)
    except NoSuchValue:
        return False
    return parse_path(path).is_plain or value != []


def _value(path: str, seen: Seen) -> Json:
    if path.startswith("States."):
        raise CannotPredict("a Choice calls an intrinsic function")
    try:
        value = find(path, seen)
    except NoSuchValue:
        cause = (
            f"Invalid path '{path}': The choice state's condition path references an invalid value."
        )
        raise StateFails(RUNTIME, cause, field="Choices", path=path) from None
    if parse_path(path).is_plain:
        return value
    return value[0] if len(value) == 1 else value


def _compare(kind: str, order: str, value: Json, expected: Json) -> bool:
    left, right = _typed(kind, value), _typed(kind, expected)
    return left is not None and right is not None and _ORDERS[order](left, right)


def _typed(kind: str, value: Json) -> Any:
    """The value as something that compares; None where it is of another kind."""
    if kind == "Timestamp":
        return timestamp_of(value)
    if kind == "Numeric" and is_number(value):
        # A definition's own numbers are floats, an input's are exact.
        return value if isinstance(value, int) else float(value)
    if kind == "String" and isinstance(value, str):
        return in_java_order(value)
    is_of_kind = {
        "String": False,
        "Boolean": isinstance(value, bool),
        "Numeric": False,
    }
    return value if is_of_kind[kind] else None


def _matches(value: str, pattern: Json) -> bool:
    """`*` stands for any text, `\\*` for a star. Linear: each piece is searched once."""
    pieces = [""]
    for mark in re.findall(r"\\.|.", str(pattern), re.DOTALL):
        if mark == "*":
            pieces.append("")
        else:
            pieces[-1] += mark[-1]
    first, *middle = pieces
    if not middle:
        return value == first
    *middle, last = middle
    if not value.startswith(first) or len(value) < len(first) + len(last):
        return False
    at, end = len(first), len(value) - len(last)
    for piece in middle:
        found = value.find(piece, at, end)
        if found < 0:
            return False
        at = found + len(piece)
    return value.endswith(last)


_TESTS: dict[str, Callable[[Json], bool]] = {
    "IsNull": lambda value: value is None,
    "IsString": lambda value: isinstance(value, str),
    "IsNumeric": is_number,
    "IsBoolean": lambda value: isinstance(value, bool),
    "IsTimestamp": lambda value: timestamp_of(value) is not None,
}

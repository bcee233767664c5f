"""Choice rules: which branch an input takes."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from datetime import datetime

from tests.simulator.asl.paths import Documents, NoResult, evaluate, parse_path
from tests.simulator.errors import StateError, runtime
from tests.simulator.jsontext import Json, render

ORDERINGS: dict[str, Callable[[Json, Json], bool]] = {
    "Equals": operator.eq,
    "LessThan": operator.lt,
    "GreaterThan": operator.gt,
    "LessThanEquals": operator.le,
    "GreaterThanEquals": operator.ge,
}
COMPARISON = re.compile(
    r"(?P<type>String|Numeric|Boolean|Timestamp)"
    r"(?P<order>LessThanEquals|GreaterThanEquals|Equals|LessThan|GreaterThan)(?P<path>Path)?$"
)
NOT_OPERATORS = {"Variable", "Next", "Assign", "Comment", "Output"}


def holds(rule: dict[str, Json], documents: Documents) -> bool:
    """Whether a rule is true of the input; raises StateError for a path that leads nowhere."""
    if "And" in rule:
        return all(holds(inner, documents) for inner in rule["And"])
    if "Or" in rule:
        return any(holds(inner, documents) for inner in rule["Or"])
    if "Not" in rule:
        return not holds(rule["Not"], documents)
    name = next(key for key in rule if key not in NOT_OPERATORS)
    if name == "IsPresent":
        return _is_present(rule["Variable"], documents) is rule["IsPresent"]
    return _compare(name, _value(rule["Variable"], documents), rule[name], documents)


def _is_present(path: str, documents: Documents) -> bool:
    try:
        value = evaluate(parse_path(path), documents)
    except NoResult:
        return False
    return value != [] or parse_path(path).definite


def _value(path: str, documents: Documents) -> Json:
    try:
        value = evaluate(parse_path(path), documents)
    except NoResult as exc:
        raise runtime(
            f"Invalid path '{path}': The choice state's condition path references an invalid value."
        ) from exc
    if parse_path(path).definite:
        return value
    return value[0] if len(value) == 1 else value


def _compare(name: str, value: Json, expected: Json, documents: Documents) -> bool:
    if name in TESTS:
        return TESTS[name](value) is expected
    if name == "StringMatches":
        return isinstance(value, str) and _matches(value, expected)
    match = COMPARISON.match(name)
    if match is None:
        raise runtime(f"Unknown comparison operator {name}")
    if match.group("path"):
        expected = _value(expected, documents)
    left, right = (_typed(match.group("type"), side) for side in (value, expected))
    if left is None or right is None:
        return False
    return ORDERINGS[match.group("order")](left, right)


def _typed(kind: str, value: Json) -> Json:
    """The value where it is of the kind, as something that compares; None where it is not."""
    if kind == "String":
        return value if isinstance(value, str) else None
    if kind == "Boolean":
        return value if isinstance(value, bool) else None
    if kind == "Numeric":
        return value if _is_number(value) else None
    return timestamp(value)


def _is_number(value: Json) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def timestamp(value: Json) -> datetime | None:
    """An ISO-8601 time with `T` and an offset, as AWS demands it; None for anything else."""
    pattern = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)"
    if not isinstance(value, str) or not re.fullmatch(pattern, value):
        return None
    text = re.sub(r"(\.\d{6})\d+", r"\1", value).replace("Z", "+00:00")
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _matches(value: str, pattern: str) -> bool:
    parts = re.split(r"(\\.|\*)", pattern)
    translated = "".join(
        ".*" if part == "*" else re.escape(part[1:] if part[:1] == "\\" and part[1:] else part)
        for part in parts
    )
    return re.fullmatch(translated, value, re.DOTALL) is not None


TESTS: dict[str, Callable[[Json], bool]] = {
    "IsNull": lambda value: value is None,
    "IsString": lambda value: isinstance(value, str),
    "IsNumeric": _is_number,
    "IsBoolean": lambda value: isinstance(value, bool),
    "IsTimestamp": lambda value: timestamp(value) is not None,
}


def choose(state: dict[str, Json], documents: Documents) -> tuple[str, Json]:
    """The next state's name and the Assign that goes with the branch; raises StateError."""
    for rule in state["Choices"]:
        if holds(rule, documents):
            return rule["Next"], rule.get("Assign")
    if "Default" in state:
        return state["Default"], state.get("Assign")
    raise no_choice(documents.data)


def no_choice(data: Json) -> StateError:
    return StateError(
        "States.NoChoiceMatched",
        f"No choices matched the input {render(data)} and there was no default branch.",
        located=True,
    )

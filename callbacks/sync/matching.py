"""Which rule covers a task: the first that matches, by names, tags and values. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, Protocol, TypeVar

from callbacks.asl.lookup import PathError, Payloads

# The workflow of a token that came without its execution. No name in AWS has a blank.
UNKNOWN_WORKFLOW = "handed over"
NEEDS_NO_VALUE = ("present", "absent")


class Covers(Protocol):
    """The columns of a policy that say which tasks it covers; an empty one covers all."""

    connections: Sequence[str]
    state_machine: str
    state: str
    tags: Mapping[str, str]
    conditions: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Subject:
    """A task as far as rules look at it."""

    connection: str
    state_machine: str
    state: str
    # None where they are not known.
    tags: Mapping[str, str] | None = field(default_factory=dict)
    payloads: Payloads = field(default_factory=lambda: Payloads(input=""))
    # Its execution cannot be read: values are not known, nor perhaps the state.
    is_unread: bool = False


_Rule = TypeVar("_Rule", bound=Covers)


def first_match(rules: Iterable[_Rule], subject: Subject) -> _Rule | None:
    rules = list(rules)
    if subject.state_machine == UNKNOWN_WORKFLOW:
        # One that names what cannot be known comes first, wherever it stands.
        rules.sort(key=lambda rule: rule.state_machine != UNKNOWN_WORKFLOW)
    return next((rule for rule in rules if matches(rule, subject)), None)


def matches(rule: Covers, subject: Subject) -> bool:
    return matches_place(rule, subject) and (
        subject.is_unread
        or all(holds(condition, subject.payloads) for condition in rule.conditions)
    )


def matches_place(rule: Covers, subject: Subject) -> bool:
    """Everything but the conditions on values: the same for all tasks of one state.

    What cannot be seen excludes no rule: the first that may cover the task covers it.
    """
    if not _any_fits(rule.connections, subject.connection):
        return False
    if subject.is_unread:
        names = (subject.state_machine, UNKNOWN_WORKFLOW), (subject.state, "")
        patterns = rule.state_machine, rule.state
        return all(
            name == unknown or _fits(pattern, name)
            for pattern, (name, unknown) in zip(patterns, names, strict=True)
        )
    return (
        _fits(rule.state_machine, subject.state_machine)
        and _fits(rule.state, subject.state)
        and all(_has_tag(subject.tags, name, value) for name, value in rule.tags.items())
    )


def holds(condition: Mapping[str, Any], payloads: Payloads) -> bool:
    """Whether any value at the path is as asked. A path that leads nowhere holds for "absent".

    Numbers are compared by value, also where the input has them as text ("120.00" is 120).
    """
    try:
        found = payloads.find(condition["path"])
    except PathError:
        return False
    if condition["is"] == "absent":
        return not found
    test = TESTS[condition["is"]]
    return any(test(value, condition.get("value")) for value in found)


def _fits(pattern: str, name: str) -> bool:
    """`*` stands for any text and `?` for one character; nothing else is special."""
    return not pattern or _compiled(pattern).fullmatch(name) is not None


def _any_fits(patterns: Sequence[str], name: str) -> bool:
    return not patterns or any(_fits(pattern, name) for pattern in patterns)


def _has_tag(tags: Mapping[str, str] | None, name: str, value: str) -> bool:
    """Also where it may have it, for all that is known."""
    return tags is None or (name in tags and _fits(value, tags[name]))


@lru_cache(maxsize=512)
def _compiled(pattern: str) -> re.Pattern[str]:
    # Not fnmatch: it gives "[" a meaning, and whether case counts depends on the machine.
    first, *rest = [_literal(part) for part in re.split(r"\*+", pattern)]
    if not rest:
        return re.compile(first, re.DOTALL)
    *middle, last = rest
    # Each part may take the first place where it stands, and never has to try another one.
    inside = "".join(f"(?>.*?{part})" for part in middle)
    return re.compile(f"{first}{inside}.*{last}", re.DOTALL)


def _literal(text: str) -> str:
    return "".join("." if c == "?" else re.escape(c) for c in text)


def _number(value: Any) -> Decimal | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, float):
        # Of a rule's own JSON: 0.1 means what was written.
        value = repr(value)
    if not isinstance(value, int | Decimal | str):
        return None
    try:
        number = Decimal(value)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _equals(value: Any, wanted: Any) -> bool:
    if isinstance(value, bool) or isinstance(wanted, bool):
        return value is wanted
    numbers = _number(value), _number(wanted)
    if None not in numbers:
        return numbers[0] == numbers[1]
    return bool(value == wanted)


def _compare(test: Callable[[Decimal, Decimal], bool]) -> Callable[[Any, Any], bool]:
    def compare(value: Any, wanted: Any) -> bool:
        left, right = _number(value), _number(wanted)
        return left is not None and right is not None and test(left, right)

    return compare


# Words of a condition: `{"path": "$.amount", "is": "above", "value": 100}`.
TESTS: Mapping[str, Callable[[Any, Any], bool]] = {
    "equals": _equals,
    "not_equals": lambda value, wanted: not _equals(value, wanted),
    "one_of": lambda value, wanted: any(_equals(value, one) for one in wanted or ()),
    "above": _compare(lambda left, right: left > right),
    "at_least": _compare(lambda left, right: left >= right),
    "below": _compare(lambda left, right: left < right),
    "at_most": _compare(lambda left, right: left <= right),
    "present": lambda value, wanted: True,
    "absent": lambda value, wanted: False,
}

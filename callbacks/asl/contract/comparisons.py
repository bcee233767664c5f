"""What the rules of a Choice tell of an answer: its kinds, and what it is held against."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from callbacks.asl.contract.carried import Carried
from callbacks.asl.contract.reads import BOOLEAN, NUMBER, STRING, TIMESTAMP
from callbacks.asl.contract.scope import Paths
from callbacks.asl.language.values import Json

_DEEPEST = 50
_KINDS = {"String": STRING, "Numeric": NUMBER, "Boolean": BOOLEAN, "Timestamp": TIMESTAMP}
_COMPARISON = re.compile(r"(String|Numeric|Boolean|Timestamp)([A-Z][A-Za-z]+?)(Path)?")


def note_rules(
    rules: list[Mapping[str, Any]], paths: Paths, data: Carried, *, has_default: bool, is_sure: bool
) -> None:
    """`is_sure`: the Choice is reached whatever the answer says."""
    is_closed = not has_default and all("StringEquals" in rule for rule in rules)
    values = [str(rule["StringEquals"]) for rule in rules] if is_closed else []
    variables = {str(rule.get("Variable")) for rule in rules}
    if is_closed and len(variables) == 1:
        value = paths.look(variables.pop(), data)
        # What leads past the Choice may be anything else.
        paths.reads.note(
            value, paths.state, kind=STRING, values=values, is_closed=is_sure, is_needed=is_sure
        )
        return
    for number, rule in enumerate(rules):
        _note(rule, paths, data, is_sure=is_sure and number == 0, depth=0)


def _note(
    rule: Mapping[str, Any], paths: Paths, data: Carried, *, is_sure: bool, depth: int
) -> None:
    """The first comparison is always made; whether the ones behind it are, the answer decides."""
    if depth > _DEEPEST:
        return
    inner = rule.get("And") or rule.get("Or") or [rule.get("Not")]
    if isinstance(inner, list) and all(isinstance(one, dict) for one in inner):
        for number, one in enumerate(inner):
            _note(one, paths, data, is_sure=is_sure and number == 0, depth=depth + 1)
        return
    if isinstance(rule.get("Variable"), str):
        _note_plain(rule, paths, data, is_sure=is_sure)


def _note_plain(rule: Mapping[str, Any], paths: Paths, data: Carried, *, is_sure: bool) -> None:
    value = paths.look(rule["Variable"], data)
    if "IsPresent" in rule:
        paths.reads.note(value, paths.state)
        return
    for name, expected in rule.items():
        found = _COMPARISON.fullmatch(name)
        if found is None:
            continue
        kind = _KINDS[found[1]]
        paths.reads.note(
            value, paths.state, kind=kind, values=_compared(found, expected), is_needed=is_sure
        )
        if found[3] and isinstance(expected, str):
            paths.at(expected, data, kind=kind, is_needed=is_sure)
        return
    paths.reads.note(value, paths.state, is_needed=is_sure)


def _compared(found: re.Match[str], expected: Json) -> tuple[Json, ...]:
    """The other side where it is a value to be equal to, which an answer may well have."""
    is_value = found[2] == "Equals" and not found[3] and isinstance(expected, str | bool)
    return (expected,) if is_value else ()

"""Filters of a JSONPath, `[?(@.price > 10 && @.isbn)]`, by the rules of the library behind it.

That is Jayway JsonPath. Comparisons, "and", "or" and whether something is there are followed; its
other operators, functions and what depends on how it is set up are not.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from callbacks.asl.language.values import (
    CannotPredict,
    Json,
    check_unmasked,
    in_java_order,
    is_number,
)

Test = Callable[[Json], bool]
Operand = Callable[[Json], Json]

_TOKEN = re.compile(
    r"""\s*+(?:(?P<mark>&&|\|\||[()])
      | (?P<compare>==|!=|<=|>=|<|>)(?![=~])
      | @(?P<path>(?:\.[A-Za-z_]\w*|\[\s*+'[^'\\]*+'\s*+\]|\[\s*+\d{1,9}\s*+\])*+)(?![\w.\[(])
      | '(?P<single>[^'\\]*+)' | "(?P<double>[^"\\]*+)"
      | (?P<number>-?\d{1,15}(?:\.\d{1,15})?+)(?![\w.])
      | (?P<word>true|false|null)\b)""",
    re.VERBOSE,
)
_END = re.compile(r"\s*+\]")
_KEY = re.compile(r"\.(\w+)|\[\s*+'([^']*+)'\s*+\]|\[\s*+(\d+)\s*+\]")
_WORDS: Mapping[str, Json] = {"true": True, "false": False, "null": None}
_ORDERS: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_DEEPEST = 20
_MISSING: Any = object()


@dataclass(frozen=True, slots=True)
class Filter:
    test: Test

    def chosen(self, value: Json) -> Iterator[Json]:
        """Of a list its members that pass, of an object itself."""
        if isinstance(value, list):
            yield from (item for item in value if self.test(item))
        elif not isinstance(value, Mapping):
            raise CannotPredict("a filter is applied to a value that has no members")
        elif self.test(value):
            yield value


def parse_filter(text: str, at: int) -> tuple[Filter, int]:
    """The filter whose `(` stands at `at`, and where its bracket ends. Raises CannotPredict."""
    parser = _Parser(text, at)
    found = parser.either(0)
    end = _END.match(text, parser.at)
    if end is None:
        raise _unknown()
    return Filter(found), end.end()


def _unknown() -> CannotPredict:
    return CannotPredict("a filter has a form that is not followed here")


class _Parser:
    def __init__(self, text: str, at: int) -> None:
        self.text = text
        self.at = at

    def either(self, depth: int) -> Test:
        """A whole in parentheses."""
        self._expect("(")
        tests = [self._all(depth)]
        while self._takes("||"):
            tests.append(self._all(depth))
        self._expect(")")
        return lambda item: any(test(item) for test in tests)

    def _all(self, depth: int) -> Test:
        tests = [self._one(depth)]
        while self._takes("&&"):
            tests.append(self._one(depth))
        return lambda item: all(test(item) for test in tests)

    def _one(self, depth: int) -> Test:
        kind, text = self._peek()
        if (kind, text) == ("mark", "("):
            if depth > _DEEPEST:
                raise _unknown()
            return self.either(depth + 1)
        left = self._operand()
        if self._peek()[0] != "compare":
            if kind != "path":
                raise _unknown()
            return lambda item: left(item) is not _MISSING
        _, how = self._next()
        right = self._operand()
        return lambda item: _compare(how, left(item), right(item))

    def _operand(self) -> Operand:
        kind, text = self._next()
        if kind == "path":
            keys = [name or other or int(index) for name, other, index in _KEY.findall(text)]
            return lambda item: _at(item, keys)
        if kind not in ("single", "double", "number", "word"):
            raise _unknown()
        value = Decimal(text) if kind == "number" else _WORDS[text] if kind == "word" else text
        return lambda _: value

    def _takes(self, mark: str) -> bool:
        if self._peek() != ("mark", mark):
            return False
        self._next()
        return True

    def _expect(self, mark: str) -> None:
        if not self._takes(mark):
            raise _unknown()

    def _peek(self) -> tuple[str, str]:
        found = _TOKEN.match(self.text, self.at)
        if found is None or found.lastgroup is None:
            return "", ""
        return found.lastgroup, found[found.lastgroup]

    def _next(self) -> tuple[str, str]:
        found = _TOKEN.match(self.text, self.at)
        if found is None or found.lastgroup is None:
            raise _unknown()
        self.at = found.end()
        return found.lastgroup, found[found.lastgroup]


def _at(item: Json, keys: list[str | int]) -> Json:
    for key in keys:
        is_there = key in item if isinstance(item, Mapping) else _has_index(item, key)
        if not is_there:
            return _MISSING
        item = item[key]
    return item


def _has_index(item: Json, key: str | int) -> bool:
    return isinstance(item, list) and isinstance(key, int) and key < len(item)


def _compare(how: str, left: Json, right: Json) -> bool:
    check_unmasked(*(one for one in (left, right) if one is not _MISSING))
    if how in _ORDERS:
        if isinstance(left, str) and isinstance(right, str):
            return _ORDERS[how](in_java_order(left), in_java_order(right))
        return is_number(left) and is_number(right) and _ORDERS[how](left, right)
    return _is_same(left, right) is (how == "==")


def _is_same(left: Json, right: Json) -> bool:
    if left is _MISSING or right is _MISSING:
        if left is None or right is None:
            raise CannotPredict("whether a filter takes what is missing for null is not known")
        return False
    if isinstance(left, list | dict) and isinstance(right, list | dict):
        raise CannotPredict("a filter compares lists or objects")
    if is_number(left) and is_number(right):
        return bool(left == right)
    if (is_number(left) and isinstance(right, str)) or (is_number(right) and isinstance(left, str)):
        raise CannotPredict("a filter compares a number with a text")
    return type(left) is type(right) and bool(left == right)

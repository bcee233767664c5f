"""JSON texts from outside: parsed, walked and cut without recursion of our own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

JsonPath = tuple[str | int, ...]

# What the callers look for are texts and their places; a number of 5,000 digits must not raise.
_READER = json.JSONDecoder(
    parse_int=lambda _: 0, parse_float=lambda _: 0.0, parse_constant=lambda _: 0, strict=False
)
_BLANK = " \t\r\n"


class NotJson(ValueError):
    """The text is not JSON, or nested deeper than can be read."""


def read_json(text: str) -> Any:
    """Parse with every number read as 0: for looking at texts and structure only."""
    try:
        return _READER.decode(text)
    except (ValueError, RecursionError) as exc:
        raise NotJson(type(exc).__name__) from exc


def unfold(value: str) -> Any:
    """What a JSON text inside a string holds, where that is an object or an array; else None."""
    if value[:1] not in ("{", "[", " ", "\n", "\t", '"') or len(value) < 2:
        return None
    try:
        inner = read_json(value)
    except NotJson:
        return None
    return inner if isinstance(inner, dict | list | str) else None


def walk_strings(value: Any, *, levels: int = 6) -> Iterator[str]:
    """Every string in the value, JSON texts inside strings unfolded up to `levels` deep."""
    waiting = [(value, levels)]
    while waiting:
        node, left = waiting.pop()
        if isinstance(node, str):
            yield node
            inner = unfold(node) if left > 0 else None
            if inner is not None and inner != node:
                waiting.append((inner, left - 1))
        elif isinstance(node, dict):
            waiting.extend((member, left) for member in node.values())
        elif isinstance(node, list):
            waiting.extend((member, left) for member in node)


def raw_member(text: str, path: JsonPath) -> str | None:
    """The bytes of one member exactly as they stand in the text: numbers as written."""
    try:
        start, end = 0, len(text)
        for step in path:
            start, end = _member_span(text, start, step)
    except (ValueError, LookupError, RecursionError):
        return None
    return text[start:end].strip(_BLANK)


def _member_span(text: str, start: int, step: str | int) -> tuple[int, int]:
    at = _after_blanks(text, start)
    members: Iterator[tuple[str | int, int, int]]
    if text[at] == "{":
        members = _object_members(text, at)
    elif text[at] == "[":
        members = _array_members(text, at)
    else:
        raise LookupError(step)
    found = None
    for name, begin, end in members:
        if name == step:
            found = begin, end  # the last of doubled keys counts, as in every JSON reader
    if found is None:
        raise LookupError(step)
    return found


def _object_members(text: str, at: int) -> Iterator[tuple[str | int, int, int]]:
    at = _after_blanks(text, at + 1)
    while text[at] != "}":
        name, at = _READER.raw_decode(text, at)
        at = _after_blanks(text, at)  # the colon
        begin = _after_blanks(text, at + 1)
        _, end = _READER.raw_decode(text, begin)
        yield name, begin, end
        at = _after_comma(text, end)


def _array_members(text: str, at: int) -> Iterator[tuple[str | int, int, int]]:
    at, index = _after_blanks(text, at + 1), 0
    while text[at] != "]":
        _, end = _READER.raw_decode(text, at)
        yield index, at, end
        at, index = _after_comma(text, end), index + 1


def _after_comma(text: str, at: int) -> int:
    at = _after_blanks(text, at)
    return _after_blanks(text, at + 1) if text[at] == "," else at


def _after_blanks(text: str, at: int) -> int:
    while text[at] in _BLANK:
        at += 1
    return at

"""Which parts of a payload take up most of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from callbacks.asl.language.values import Json, size_of
from callbacks.asl.places import step

MOST = 3
# A part that makes up less of the whole is not what makes it large.
_SHARE = 0.05
# A member that makes up so much of its part is named in its place.
_DOMINANT = 0.8
_DEEPEST = 8


@dataclass(frozen=True, slots=True)
class LargePart:
    """`size` in bytes of UTF-8."""

    path: str
    size: int


def largest_parts(value: Json) -> tuple[LargePart, ...]:
    """The largest members, the largest first; () where there is nothing to tell apart."""
    whole = size_of(value)
    parts = [_narrowed(path, member) for path, member in _members("$", value)]
    large = [part for part in parts if part.size >= whole * _SHARE]
    return tuple(sorted(large, key=lambda part: -part.size)[:MOST])


def _narrowed(path: str, value: Json, depth: int = 0) -> LargePart:
    """The part, or what nearly all of it is made of."""
    size = size_of(value)
    for inner, member in _members(path, value):
        if depth < _DEEPEST and size_of(member) >= size * _DOMINANT:
            return _narrowed(inner, member, depth + 1)
    return LargePart(path, size)


def _members(path: str, value: Json) -> Iterator[tuple[str, Json]]:
    if isinstance(value, dict):
        yield from ((path + step(name), member) for name, member in value.items())
    elif isinstance(value, list):
        yield from ((path + step(number), member) for number, member in enumerate(value))

"""The functions that Step Functions adds to JSONata's own, and those that nobody can foresee.

Source: dg/transforming-data, "JSONata functions provided by Step Functions".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from callbacks.asl.language.functions import HASHES
from callbacks.asl.language.library import Utils
from callbacks.asl.language.values import CannotPredict, Json, read_text

_LONGEST_RANGE = 100_000


class Refused(Exception):
    """An error that has no code among JSONata's own."""


def _partition(items: Json = None, size: Json = None) -> Json:
    if not items or is_not_whole(size) or size <= 0:
        raise CannotPredict("what $partition gives for such arguments is not known")
    listed = items if isinstance(items, list) else [items]
    return [listed[at : at + int(size)] for at in range(0, len(listed), int(size))]


def _range(first: Json = None, last: Json = None, step: Json = None) -> Json:
    if any(is_not_whole(bound) for bound in (first, last, step)) or not step:
        raise CannotPredict("what $range gives for such arguments is not known")
    values = range(int(first), int(last) + (1 if step > 0 else -1), int(step))
    if len(values) > _LONGEST_RANGE:
        raise CannotPredict("$range gives too many values")
    # A sequence: one value alone stands for itself, none is nothing (recorded).
    return Utils.create_sequence_from_iter(values)


def is_not_whole(value: Json) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return True
    return value != int(value)


def _hash(data: Json = None, algorithm: Json = None) -> str:
    if not isinstance(data, str) or algorithm not in HASHES:
        raise CannotPredict("what $hash gives for such arguments is not known")
    return HASHES[algorithm](data.encode()).hexdigest()


def _parse(text: Json = None) -> Json:
    if not isinstance(text, str):
        raise CannotPredict("what $parse gives for such an argument is not known")
    try:
        value = read_text(text)
    except ValueError as exc:
        raise Refused(f"Unable to parse JSON: {exc}") from exc
    return _as_library(value)


def _as_library(value: Json) -> Any:
    if value is None:
        return Utils.NULL_VALUE
    if isinstance(value, list):
        return [_as_library(item) for item in value]
    if isinstance(value, dict):
        return {key: _as_library(item) for key, item in value.items()}
    return value if isinstance(value, str | bool | int) else float(value)


def _unforeseen(name: str) -> Callable[..., Any]:
    def function(*_: Json) -> Json:
        raise CannotPredict(f"${name}() gives another value each time")

    return function


OWN_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "partition": _partition,
    "range": _range,
    "hash": _hash,
    "parse": _parse,
    **{name: _unforeseen(name) for name in ("now", "millis", "random", "shuffle", "uuid")},
}

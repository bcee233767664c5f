"""What Step Functions adds to JSONata's own functions, and what must not differ in a repetition.

Where the documentation is silent, a report of what AWS does: numbers are cut towards zero, and a
chunk size of zero, an empty array, a missing or wrong-way step and a missing algorithm give
nothing (github.com/floci-io/floci, docs/services/step-functions.md)."""

from __future__ import annotations

import hashlib
import random
import uuid
from functools import partial
from typing import Any

from tests.simulator.asl.intrinsics import HASHES
from tests.simulator.asl.library import Functions, Jsonata, Utils
from tests.simulator.jsontext import Json, parse

LONGEST_RANGE = 360_145


class Refused(Exception):
    """An error that has no code among JSONata's own."""


def functions(now: float, dice: random.Random) -> dict[str, Any]:
    """By name; None takes away what AWS does not have."""
    millis = int(now * 1000)
    added = {
        "partition": _partition,
        "range": _range,
        "hash": _hash,
        "parse": _parse,
        "random": partial(_random, dice),
        "uuid": partial(_uuid, dice),
        "shuffle": partial(_shuffle, dice),
        "millis": lambda: millis,
        "now": partial(_now, millis),
    }
    return {"eval": None, **{name: Jsonata.JLambda(added[name]) for name in added}}


def _partition(items: Json = None, size: Json = None) -> list[Json] | None:
    if items is None or size is None or items == []:
        return None
    items, step = items if isinstance(items, list) else [items], _whole("partition", size)
    if step < 0:
        raise Refused("The chunk size of the partition function must not be negative")
    return [items[at : at + step] for at in range(0, len(items), step)] if step else None


def _range(first: Json = None, last: Json = None, step: Json = None) -> Json:
    if first is None or last is None or step is None:
        return None
    start, end, by = (_whole("range", bound) for bound in (first, last, step))
    if by == 0:
        return None
    values = range(start, end + (1 if by > 0 else -1), by)
    if len(values) > LONGEST_RANGE:
        raise Refused("Expression evaluation memory limit exceeded")
    # A sequence: one value alone stands for itself, none is nothing (recorded).
    return Utils.create_sequence_from_iter(values)


def _whole(name: str, value: Json) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise Refused(f'An argument of function "{name}" does not match function signature')
    return int(value)


def _hash(data: Json = None, algorithm: Json = None) -> str | None:
    if data is None or algorithm is None:
        return None
    if not isinstance(data, str) or algorithm not in HASHES:
        raise Refused('An argument of function "hash" does not match function signature')
    return hashlib.new(HASHES[algorithm], data.encode()).hexdigest()


def _parse(text: Json = None) -> Json:
    if text is None:
        return None
    try:
        value = parse(text)
    except (TypeError, ValueError) as exc:
        raise Refused(f"Unable to parse JSON: {exc}") from exc
    return Utils.NULL_VALUE if value is None else value


def _random(dice: random.Random, seed: Json = None) -> float:
    """With a seed the same number each time, but not AWS's."""
    return (dice if seed is None else random.Random(seed)).random()


def _uuid(dice: random.Random) -> str:
    return str(uuid.UUID(int=dice.getrandbits(128), version=4))


def _shuffle(dice: random.Random, items: Json = None) -> list[Json] | None:
    if items is None:
        return None
    found = list(items) if isinstance(items, list) else [items]
    dice.shuffle(found)
    return found


def _now(millis: int, picture: Json = None, timezone: Json = None) -> Json:
    return Functions.datetime_from_millis(millis, picture, timezone)

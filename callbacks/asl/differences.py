"""In which values two answers differ."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from callbacks.asl.language.values import Json, render

# Answers with more values are compared as a whole.
MOST_VALUES = 2_000


@dataclass(frozen=True, slots=True)
class Difference:
    """`before` and `after` are JSON; None where there is no such value."""

    path: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Differences:
    """`total`: of how many values, of both answers together."""

    found: tuple[Difference, ...]
    total: int


def differences(before: Json, after: Json) -> Differences:
    """Value by value, in the order of the newer answer, then what it lacks."""
    old, new = _values(before), _values(after)
    if old is None or new is None:
        texts = render(before), render(after)
        return Differences((Difference("$", *texts),) if texts[0] != texts[1] else (), 1)
    paths = [*new, *(path for path in old if path not in new)]
    return Differences(
        tuple(
            Difference(path, old.get(path), new.get(path))
            for path in paths
            if old.get(path) != new.get(path)
        ),
        len(paths),
    )


def _values(value: Json) -> dict[str, str] | None:
    found = dict(islice(_leaves("$", value), MOST_VALUES + 1))
    return found if len(found) <= MOST_VALUES else None


def _leaves(path: str, value: Json) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict) and value:
        for name, member in value.items():
            yield from _leaves(f"{path}.{name}", member)
    elif isinstance(value, list) and value:
        for number, member in enumerate(value):
            yield from _leaves(f"{path}[{number}]", member)
    else:
        yield path, render(value)

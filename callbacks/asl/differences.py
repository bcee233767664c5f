"""In which values two answers differ."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from callbacks.asl.language.values import Json, render
from callbacks.asl.payload import same_value
from callbacks.asl.places import path

# Names and numbers of items, from the whole down.
Place = tuple[str | int, ...]
# Answers with more values are compared as a whole.
MOST_VALUES = 2_000


@dataclass(frozen=True, slots=True)
class Difference:
    """`before` and `after` are JSON; None where there is no such value."""

    place: Place
    before: str | None
    after: str | None

    @property
    def path(self) -> str:
        return path(self.place)


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
        return Differences((Difference((), *texts),) if texts[0] != texts[1] else (), 1)
    places = [*new, *(place for place in old if place not in new)]
    return Differences(
        tuple(
            Difference(place, old.get(place), new.get(place))
            for place in places
            if not _is_same(old.get(place), new.get(place))
        ),
        len(places),
    )


def _is_same(before: str | None, after: str | None) -> bool:
    """By value: 1.50 is 1.500, but 1 is not "1"."""
    if before == after or before is None or after is None:
        return before == after
    return same_value(before, after)


def _values(value: Json) -> dict[Place, str] | None:
    found = dict(islice(_leaves((), value), MOST_VALUES + 1))
    return found if len(found) <= MOST_VALUES else None


def _leaves(place: Place, value: Json) -> Iterator[tuple[Place, str]]:
    if isinstance(value, dict) and value:
        for name, member in value.items():
            yield from _leaves((*place, name), member)
    elif isinstance(value, list) and value:
        for number, member in enumerate(value):
            yield from _leaves((*place, number), member)
    else:
        yield place, render(value)

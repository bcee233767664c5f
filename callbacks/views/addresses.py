"""The address of a list: every filter, the order, the page and the selected row stand in it."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from django.core.exceptions import BadRequest

from callbacks.queries.paging import BadCursor, Cursor, parse_cursor

# What a person types is searched for, not stored: longer texts find nothing anyway.
LONGEST_VALUE = 200


class BadAddress(BadRequest):
    """A value that no list has, by a mistake in a link: the list without it is the way out."""


@dataclass(frozen=True, slots=True)
class Chip:
    """An applied filter; `url` is the same address without it."""

    label: str
    value: str
    url: str


class Values(dict[str, str]):
    """Parameters by name, "" where there is none, so that a template asks without a detour."""

    def __missing__(self, name: str) -> str:
        return ""


@dataclass(frozen=True, slots=True)
class Address:
    """The parameters that a list understands, in their order; everything else is dropped."""

    path: str
    values: Values

    @property
    def pairs(self) -> list[tuple[str, str]]:
        return list(self.values.items())

    def get(self, name: str) -> str:
        return self.values.get(name, "")

    def with_(self, **changes: str) -> str:
        """The address with these values; a changed filter begins at the first page."""
        kept = {} if "cursor" in changes or "selected" in changes else {"cursor": ""}
        values = {**self.values, **kept, **changes}
        query = urlencode({name: value for name, value in values.items() if value})
        return f"{self.path}?{query}" if query else self.path

    def without(self, names: Iterable[str]) -> str:
        return self.with_(**dict.fromkeys(names, ""))

    @property
    def here(self) -> str:
        return self.with_(cursor=self.get("cursor"))


def read_address(*, path: str, query: Mapping[str, str], names: Iterable[str]) -> Address:
    """Take the known parameters, cut to a sane length and without what no database takes."""
    values = {name: query.get(name, "")[:LONGEST_VALUE].replace("\0", "").strip() for name in names}
    given = Values({name: value for name, value in values.items() if value})
    return Address(path=path, values=given)


def read_cursor(text: str) -> Cursor | None:
    """Raises BadAddress (400) where the address was damaged on its way."""
    try:
        return parse_cursor(text)
    except BadCursor:
        raise BadAddress("The place in the list cannot be read.") from None


def read_uuid(text: str) -> uuid.UUID | None:
    """None for an empty text. Raises BadAddress (400) where it is not an id."""
    try:
        return uuid.UUID(text) if text else None
    except ValueError:
        raise BadAddress("The address names something that is not an id.") from None

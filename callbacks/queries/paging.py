"""Paging by key and counting with a bound: what a list costs does not grow with its table."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Model, Q, QuerySet

PAGE_SIZE = 50
COUNT_LIMIT = 1000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CURSOR = re.compile(r"(-?\d{1,17})-([0-9a-f]{32})")


class BadCursor(Exception):
    """The cursor was not made by us."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """The place after which a page begins: the ordering time and the id of a row."""

    at: datetime
    id: uuid.UUID

    def __str__(self) -> str:
        return f"{(self.at - _EPOCH) // timedelta(microseconds=1)}-{self.id.hex}"


def parse_cursor(text: str) -> Cursor | None:
    """Return None for an empty text. Raises BadCursor."""
    if not text:
        return None
    match = _CURSOR.fullmatch(text)
    if match is None:
        raise BadCursor(text[:60])
    try:
        at = _EPOCH + timedelta(microseconds=int(match[1]))
    except OverflowError:
        raise BadCursor(text[:60]) from None
    return Cursor(at=at, id=uuid.UUID(match[2]))


def after(column: str, cursor: Cursor | None, *, descending: bool = False) -> Q:
    """Rows beyond the cursor in the order (column, id)."""
    if cursor is None:
        return Q()
    beyond = "lt" if descending else "gt"
    # The first condition follows from the second; it is what lets an index start there.
    return Q(**{f"{column}__{beyond}e": cursor.at}) & (
        Q(**{f"{column}__{beyond}": cursor.at})
        | Q(**{column: cursor.at, f"id__{beyond}": cursor.id})
    )


def up_to(column: str, cursor: Cursor | None, *, descending: bool = False) -> Q:
    """Rows up to the cursor and the cursor's own row in the order (column, id)."""
    if cursor is None:
        return Q()
    before = "gt" if descending else "lt"
    return Q(**{f"{column}__{before}": cursor.at}) | Q(
        **{column: cursor.at, f"id__{before}e": cursor.id}
    )


def bounded_count(rows: QuerySet[Any, Any], *, limit: int = COUNT_LIMIT) -> int:
    """Count at most one more than `limit`, which says "more than that"."""
    bounded: QuerySet[Model] = rows.order_by()[: limit + 1]
    return bounded.count()

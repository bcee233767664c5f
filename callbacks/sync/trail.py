"""The last passes of a connection, and how old its data was in the last hour. Pure.

Both are short lists in one row that every pass rewrites, so that they grow no further than this.
Times are seconds since 1970, as JSON has them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

PASSES_KEPT = 60
SECONDS_KEPT = 3600
MINUTE = 60

Rows = Sequence[Sequence[Any]]


@dataclass(frozen=True, slots=True)
class PassMark:
    """One pass: when it ended, how long it took, and the code of what hindered it."""

    ended_at: datetime
    seconds: float
    error: str


@dataclass(frozen=True, slots=True)
class AgeMark:
    """The oldest that the data was in one minute, in seconds, and when."""

    at: datetime
    age: float


def with_pass(rows: Rows, *, ended_at: datetime, seconds: float, error: str) -> list[Any]:
    """The newest is the last."""
    return [*rows, [round(ended_at.timestamp()), round(seconds, 2), error]][-PASSES_KEPT:]


def with_age(rows: Rows, *, at: datetime, age: float) -> list[Any]:
    """One mark a minute, the oldest that it saw; what is an hour old goes.

    So does what lies ahead, for the clock was set back.
    """
    mark = [round(at.timestamp()), round(age, 1)]
    kept = [row for row in rows if 0 <= mark[0] - row[0] < SECONDS_KEPT]
    if kept and kept[-1][0] // MINUTE == mark[0] // MINUTE:
        return [*kept[:-1], max(kept[-1], mark, key=lambda row: row[1])]
    return [*kept, mark]


def passes(rows: Rows) -> tuple[PassMark, ...]:
    return tuple(PassMark(_moment(at), seconds, error) for at, seconds, error in rows)


def ages(rows: Rows, *, now: datetime) -> tuple[AgeMark, ...]:
    """Of the last hour."""
    marks = (AgeMark(_moment(at), age) for at, age in rows)
    return tuple(one for one in marks if 0 <= (now - one.at).total_seconds() < SECONDS_KEPT)


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)

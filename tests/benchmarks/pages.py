"""Pages with few and with many waiting tasks, beside a bare page of the same run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from unittest.mock import patch

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.benchmarks.doors import BARE, Door, doors
from tests.benchmarks.filling import Company, found_company
from tests.benchmarks.measuring import Times, interleaved, stopwatch
from tests.benchmarks.plans import plans
from tests.benchmarks.sizes import Sizes
from tests.benchmarks.tables import Table
from tests.benchmarks.wire import served

COLUMNS = (
    "page", "waiting", "median ms", "p95 ms", "x bare", "cpu ms", "queries", "in queries ms", "kB",
)  # fmt: skip


@dataclass(frozen=True)
class Cost:
    queries: int
    query_ms: float
    kilobytes: float


def run(sizes: Sizes) -> Iterator[Table]:
    company = found_company()
    rows: list[list[str | int | float | None]] = []
    for waiting in (sizes.few_tasks, sizes.many_tasks):
        with stopwatch() as filling:
            company.fill(waiting)
            _settle()
        with standing_clock(company.freshen()):
            shown = doors(company)
            rows += _measure(shown, waiting, sizes.rounds)
    yield Table(
        "Pages in the test client, through every middleware",
        COLUMNS,
        rows,
        [
            f"{sizes.rounds} requests of each, one page after the other in each round.",
            f"The last fill took {filling.seconds:.0f} s and is not part of any figure.",
        ],
    )
    yield Table(
        "Pages over a real gunicorn on 127.0.0.1, one request at a time",
        ("page", "waiting", "median ms", "p95 ms", "x bare"),
        _measure_served(company, shown, sizes.many_tasks, sizes.rounds),
    )
    yield plans(company)


def _settle() -> None:
    """Let the planner know the new rows, as autovacuum does within a minute."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")


def _measure(shown: list[Door], waiting: int, rounds: int) -> list[list[str | int | float | None]]:
    costs = {door.name: _cost(door) for door in shown}
    times = interleaved({door.name: door.ask for door in shown}, rounds=rounds)
    return [
        [
            *_line(door.name, waiting, times),
            times[door.name].cpu,
            costs[door.name].queries,
            costs[door.name].query_ms,
            costs[door.name].kilobytes,
        ]
        for door in shown
    ]


@contextmanager
def standing_clock(now: datetime) -> Iterator[None]:
    """Pages word ages and times left; while a poll is measured, none of them may change."""
    with patch.object(timezone, "now", lambda: now):
        yield


def _measure_served(
    company: Company, shown: list[Door], waiting: int, rounds: int
) -> list[list[str | int | float | None]]:
    company.freshen()
    # Polls are left out: what has changed for them depends on the second.
    with served([door for door in shown if not door.headers]) as calls:
        # Its process is new; the other has answered each of them before.
        times = interleaved(calls, rounds=rounds, warm_up=rounds // 10)
    return [_line(name, waiting, times) for name in calls]


def _line(name: str, waiting: int, times: dict[str, Times]) -> list[str | int | float | None]:
    mine = times[name]
    return [name, waiting, mine.median, mine.p95, mine.median / times[BARE].median]


def _cost(door: Door) -> Cost:
    # Twice: the first opening of a request is noted in the record, which costs once an hour.
    door.ask()
    with CaptureQueriesContext(connection) as captured:
        content = door.ask()
    return Cost(
        queries=len(captured),
        query_ms=sum(float(query["time"]) for query in captured.captured_queries) * 1000,
        kilobytes=len(content) / 1000,
    )

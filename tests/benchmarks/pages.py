"""Pages with few and with many waiting tasks, beside a bare page of the same run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from unittest.mock import patch

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.benchmarks.doors import BARE, Door, doors, rows_in
from tests.benchmarks.list_doors import list_doors
from tests.benchmarks.measuring import Times, interleaved
from tests.benchmarks.plans import plans
from tests.benchmarks.sizes import Sizes
from tests.benchmarks.tables import Cell, Table
from tests.benchmarks.wire import served
from tests.benchmarks.worlds import World, two_worlds

WARM_UP = 2


@dataclass(frozen=True)
class Cost:
    """What one request of a page asks of the database, and what it answers."""

    queries: int
    query_ms: float
    kilobytes: float
    rows: int


@dataclass(frozen=True)
class Measured:
    """One page at one size."""

    cost: Cost
    times: Times


def run(sizes: Sizes) -> Iterator[Table]:
    with two_worlds(few=sizes.few_tasks, many=sizes.many_tasks) as (few, many):
        with standing_clock() as now:
            shown = {world.waiting: _doors(world, now) for world in (few, many)}
            found = _measure((few, many), shown, sizes.rounds)
        yield _side_by_side(few.waiting, many.waiting, found, sizes.rounds)
        yield _dearest(many.waiting, found)
        many.enter()
        yield _over_the_wire(shown[many.waiting], many, sizes.rounds)
        yield plans(many.company)


def _doors(world: World, now: datetime) -> list[Door]:
    world.enter()
    world.company.freshen(now)
    return [*doors(world.company), *list_doors(world.company)]


def _measure(
    worlds: tuple[World, World], shown: Mapping[int, list[Door]], rounds: int
) -> dict[tuple[str, int], Measured]:
    """Each page at one size directly after the same at the other."""
    costs, calls = {}, {}
    for doors_of_both in zip(*(shown[world.waiting] for world in worlds), strict=True):
        for world, door in zip(worlds, doors_of_both, strict=True):
            world.enter()
            costs[door.name, world.waiting] = _cost(door)
            calls[door.name, world.waiting] = world.asking(door.ask)
    times = interleaved(calls, rounds=rounds, warm_up=WARM_UP)
    return {key: Measured(cost, times[key]) for key, cost in costs.items()}


def _side_by_side(
    few: int, many: int, found: Mapping[tuple[str, int], Measured], rounds: int
) -> Table:
    rows: list[list[Cell]] = []
    for name in dict.fromkeys(name for name, _ in found):
        at_few, at_many = found[name, few], found[name, many]
        rows.append(
            [
                name,
                *(one.cost.rows for one in (at_few, at_many)),
                *(one.cost.queries for one in (at_few, at_many)),
                at_few.times.median,
                at_many.times.median,
                at_many.times.median / at_few.times.median,
                at_few.times.p95,
                at_many.times.p95,
                at_many.times.p95 / at_few.times.p95,
            ]
        )
    columns = [
        "page", "rows", "rows, many", "queries", "queries, many",
        "median ms", "median ms, many", "x median", "p95 ms", "p95 ms, many", "x p95",
    ]  # fmt: skip
    return Table(
        f"Pages at {few:,} and at {many:,} waiting, in the test client, through every middleware",
        columns,
        rows,
        [f"{rounds} requests of each, at both sizes in turn."],
    )


def _dearest(many: int, found: Mapping[tuple[str, int], Measured]) -> Table:
    bare = found[BARE, many].times.median
    return Table(
        f"What a page costs at {many:,} waiting",
        ("page", "x bare", "cpu ms", "in queries ms", "kB"),
        [
            [
                name,
                one.times.median / bare,
                one.times.cpu,
                one.cost.query_ms,
                one.cost.kilobytes,
            ]
            for (name, waiting), one in found.items()
            if waiting == many
        ],
    )


def _over_the_wire(shown: list[Door], many: World, rounds: int) -> Table:
    many.company.freshen(timezone.now())
    # Polls are left out: what has changed for them depends on the second.
    with served([door for door in shown if not door.headers]) as calls:
        # Its process is new; the other has answered each of them before.
        times = interleaved(calls, rounds=max(1, rounds // 4), warm_up=rounds // 10)
    return Table(
        f"Over a real gunicorn on 127.0.0.1 at {many.waiting:,} waiting, one request at a time",
        ("page", "median ms", "p95 ms", "x bare"),
        [
            [name, one.median, one.p95, one.median / times[BARE].median]
            for name, one in times.items()
        ],
    )


@contextmanager
def standing_clock() -> Iterator[datetime]:
    """Pages word ages and times left; while a poll is measured, none of them may change."""
    now = timezone.now()
    with patch.object(timezone, "now", lambda: now):
        yield now


def _cost(door: Door) -> Cost:
    # Twice: the first opening of a request is noted in the record, which costs once an hour.
    door.ask()
    with CaptureQueriesContext(connection) as captured:
        content = door.ask()
    return Cost(
        queries=len(captured),
        query_ms=sum(float(query["time"]) for query in captured.captured_queries) * 1000,
        kilobytes=len(content) / 1000,
        rows=rows_in(content),
    )

"""What a connection keeps of its past: the last passes, and how old its data was for an hour."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from callbacks.sync import trail
from tests.sync.world import World

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


def after(**span: float) -> datetime:
    return NOON + timedelta(**span)


def ages_of(marks: list[tuple[datetime, float]], now: datetime) -> list[float]:
    rows: list[Any] = []
    for at, age in marks:
        rows = trail.with_age(rows, at=at, age=age)
    return [one.age for one in trail.ages(rows, now=now)]


def test_the_last_sixty_passes_are_kept_the_newest_last() -> None:
    rows: list[Any] = []
    for number in range(100):
        rows = trail.with_pass(rows, ended_at=after(seconds=number), seconds=number, error="")
    kept = trail.passes(rows)
    assert len(kept) == trail.PASSES_KEPT
    assert (kept[-1].seconds, kept[-1].ended_at) == (99, after(seconds=99))


def test_of_a_minute_the_oldest_data_is_told() -> None:
    marks = [(after(seconds=second), age) for second, age in ((1, 9), (30, 41), (59, 8), (61, 7))]
    assert ages_of(marks, after(seconds=61)) == [41, 7]


def test_a_pass_every_second_leaves_an_hour_of_minutes() -> None:
    rows: list[Any] = []
    for second in range(0, 3 * 3600, 7):
        rows = trail.with_age(rows, at=after(seconds=second), age=5)
    assert 59 <= len(rows) <= 61


def test_what_is_an_hour_old_is_gone_also_where_no_pass_came_since() -> None:
    assert ages_of([(NOON, 5)], after(minutes=61)) == []
    assert ages_of([(NOON, 5), (after(minutes=61), 3660)], after(minutes=61)) == [3660]


def test_a_clock_that_went_back_leaves_nothing_in_the_future() -> None:
    assert ages_of([(after(days=1), 5), (NOON, 6)], NOON) == [6]


def test_each_pass_leaves_what_it_took_and_how_old_the_data_had_become(world: World) -> None:
    world.start()
    world.sync()
    world.simulator.advance(120)
    world.sync()
    passes = trail.passes(world.health.passes)
    assert [one.error for one in passes] == ["", ""]
    assert all(one.seconds > 0 for one in passes)
    first, second = trail.ages(world.health.ages, now=world.now + timedelta(seconds=60))
    assert first.age < 60
    assert second.age >= 120


def test_a_pass_in_vain_is_kept_with_its_cause(world: World) -> None:
    world.simulator.fault("ListStateMachines", "deny", times=None)
    world.sync()
    assert [one.error for one in trail.passes(world.health.passes)] == ["denied"]
    # Nothing was ever read, so nothing is old.
    assert trail.ages(world.health.ages, now=world.now) == ()

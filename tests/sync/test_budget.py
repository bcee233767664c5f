"""Our share of AWS's quotas, and what happens at its end."""

from __future__ import annotations

from typing import Any

import pytest

from callbacks.sync.budget import Budget
from tests.sync.world import World, machine, task

HISTORY = "GetExecutionHistory"


def test_at_first_the_share_of_the_bucket_is_there() -> None:
    budget = Budget(share=0.5, levels={}, seconds=0)

    assert budget.levels[HISTORY] == 200


def test_what_was_left_grows_by_the_share_of_the_refill() -> None:
    budget = Budget(share=0.5, levels={HISTORY: 3}, seconds=5)

    assert budget.levels[HISTORY] == 3 + 5 * 10


def test_it_never_grows_beyond_the_share_of_the_bucket() -> None:
    assert Budget(share=0.5, levels={HISTORY: 3}, seconds=9999).levels[HISTORY] == 200


def test_what_was_taken_too_much_is_paid_back() -> None:
    budget = Budget(share=0.5, levels={HISTORY: -20}, seconds=1)

    assert not budget.allows(HISTORY)
    assert budget.seconds_until_allowed(HISTORY) == pytest.approx(1.1)


def test_a_clock_that_went_back_takes_nothing() -> None:
    assert Budget(share=0.5, levels={HISTORY: 3}, seconds=-60).levels[HISTORY] == 3


def test_a_pass_ends_where_its_budget_does_and_the_next_one_goes_on(
    world: World, settings: Any, instant: None
) -> None:
    settings.SYNC_QUOTA_SHARE = 0.05  # 20 histories at once, then one a second
    machine_arn = world.simulator.create("orders", machine(Wait=task()))
    world.simulator.start_many(machine_arn, 30)

    first = world.sync()
    known = world.health.read_ok_at
    world.simulator.advance(60)
    second = world.sync()

    assert (first.histories_read, first.tasks_opened, known) == (20, 20, None)
    assert (second.tasks_opened, world.health.read_ok_at is None) == (10, False)


def test_what_is_left_goes_to_the_longest_unread(world: World, settings: Any) -> None:
    machine_arn = world.simulator.create("orders", machine(Wait=task()))
    world.simulator.start_many(machine_arn, 6)
    world.sync()
    settings.SYNC_QUOTA_SHARE = 0.01  # four histories, and one call of each listing
    read: list[set[str]] = []
    for _ in range(2):
        world.simulator.advance(100)
        before = {call["seq"] for call in world.simulator.calls(HISTORY)}
        world.sync()
        calls = [call for call in world.simulator.calls(HISTORY) if call["seq"] not in before]
        read.append({call["execution_arn"] for call in calls})

    assert [len(arns) for arns in read] == [4, 4]
    assert len(read[0] | read[1]) == 6


def test_a_listing_that_does_not_fit_waits_its_turn(world: World, settings: Any) -> None:
    for name in ("one", "two", "three"):
        world.start(machine(Wait=task()), name=name)
    settings.SYNC_QUOTA_SHARE = 0.02  # two listings at once

    first = world.sync()
    world.simulator.advance(60)
    second = world.sync()

    assert (first.executions_listed, second.tasks_opened) == (2, 1)


def test_a_full_pass_takes_the_time_that_the_budget_asks_for(
    world: World, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.SYNC_QUOTA_SHARE = 0.05
    naps: list[float] = []
    clock = [0.0]

    def sleep(seconds: float) -> None:
        naps.append(seconds)
        clock[0] += seconds

    monkeypatch.setattr("callbacks.sync.asking.sleep", sleep)
    monkeypatch.setattr("callbacks.sync.asking.monotonic", lambda: clock[0])
    machine_arn = world.simulator.create("orders", machine(Wait=task()))
    world.simulator.start_many(machine_arn, 30)

    figures = world.sync(full=True)

    assert figures.tasks_opened == 30
    assert sum(naps) == pytest.approx(10, abs=1.5)

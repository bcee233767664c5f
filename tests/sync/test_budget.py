"""Our share of AWS's quotas, and what happens at its end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from callbacks.models import CallBudget, Connection
from callbacks.sync import budget
from callbacks.sync.budget import LOWEST, RECOVERY, Bucket, Quota
from callbacks.sync.purse import Purse
from tests.sync.world import World, machine, task

HISTORY = "GetExecutionHistory"
NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
QUOTA = Quota(bucket=400, refill=20)


def after(seconds: float, bucket: Bucket) -> Bucket:
    now = bucket.at + timedelta(seconds=seconds)
    return budget.refilled(bucket, quota=QUOTA, share=0.5, now=now)


def test_at_first_the_share_of_the_bucket_is_there() -> None:
    assert budget.full(quota=QUOTA, share=0.5, at=NOON).level == 200


def test_what_was_left_grows_by_the_share_of_the_refill() -> None:
    assert after(5, Bucket(level=3, at=NOON)).level == 3 + 5 * 10


def test_it_never_grows_beyond_the_share_of_the_bucket() -> None:
    assert after(9999, Bucket(level=3, at=NOON)).level == 200


def test_what_was_taken_too_much_is_paid_back() -> None:
    bucket = after(1, Bucket(level=-20, at=NOON))

    assert budget.seconds_until_one(bucket, quota=QUOTA, share=0.5) == pytest.approx(1.1)


def test_a_clock_that_went_back_gives_and_takes_nothing() -> None:
    bucket = after(-60, Bucket(level=3, at=NOON))

    assert (bucket.level, bucket.at) == (3, NOON)


def test_a_throttling_halves_our_share_and_it_comes_back_by_and_by() -> None:
    bucket = budget.throttled(Bucket(level=50, at=NOON), NOON)

    assert bucket.level == 0
    assert budget.part_of_share(bucket, NOON) == 0.5
    assert budget.part_of_share(bucket, NOON + RECOVERY / 2) == 0.75
    assert budget.part_of_share(bucket, NOON + RECOVERY) == 1
    assert after(1, bucket).level == pytest.approx(5)


def test_who_is_throttled_again_and_again_still_asks_now_and_then() -> None:
    bucket = Bucket(level=50, at=NOON)
    for _ in range(20):
        bucket = budget.throttled(bucket, NOON)

    assert budget.part_of_share(bucket, NOON) == LOWEST


@pytest.mark.parametrize(("region", "refill"), [("us-east-1", 5), ("eu-central-1", 2)])
def test_large_regions_have_larger_quotas(region: str, refill: float) -> None:
    assert budget.quota_of(region=region, operation="ListExecutions").refill == refill


# --- shared by all workers ------------------------------------------------------------------------


def a_purse(connection: Connection, at: datetime = NOON) -> Purse:
    return Purse(connection=connection, clock=lambda: at)


def spend_all(purse: Purse) -> int:
    spent = 0
    while purse.allows(HISTORY):
        purse.spend(HISTORY)
        spent += 1
    return spent


def level_of(operation: str = HISTORY) -> float:
    return CallBudget.objects.get(operation=operation).level


def test_two_workers_together_spend_what_there_is(connection: Connection) -> None:
    one, other = a_purse(connection), a_purse(connection)
    spent = 0
    while one.allows(HISTORY) or other.allows(HISTORY):
        for purse in (one, other):
            if purse.allows(HISTORY):
                purse.spend(HISTORY)
                spent += 1

    assert spent == 200


def test_what_was_not_used_goes_back(connection: Connection) -> None:
    purse = a_purse(connection)
    assert purse.allows(HISTORY)
    purse.spend(HISTORY)
    purse.give_back()

    assert level_of() == 199


def test_a_worker_that_is_killed_has_one_part_in_its_hands(connection: Connection) -> None:
    killed = a_purse(connection)
    assert killed.allows(HISTORY)

    assert spend_all(a_purse(connection)) == 150


def test_what_cannot_wait_is_charged_too(connection: Connection) -> None:
    assert spend_all(a_purse(connection)) == 200
    urgent = a_purse(connection)
    for _ in range(3):
        urgent.spend(HISTORY)
    urgent.give_back()

    assert level_of() == -3
    assert not a_purse(connection, NOON + timedelta(seconds=0.35)).allows(HISTORY)
    assert a_purse(connection, NOON + timedelta(seconds=0.4)).allows(HISTORY)


def test_calls_are_left_for_others_where_that_is_asked(connection: Connection) -> None:
    purse = a_purse(connection)

    assert purse.allows(HISTORY, beyond=199)
    assert not purse.allows(HISTORY, beyond=200)


def test_a_throttling_is_known_to_all_workers(connection: Connection) -> None:
    purse = a_purse(connection)
    assert purse.allows(HISTORY)
    purse.throttled(HISTORY)
    purse.give_back()

    other = a_purse(connection)
    assert not other.allows(HISTORY)
    assert other.rate(HISTORY) == 5


def test_what_has_no_documented_quota_is_not_held_back(connection: Connection) -> None:
    assert a_purse(connection).allows("ListMapRuns")


# --- in a pass ------------------------------------------------------------------------------------


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
    settings.SYNC_QUOTA_SHARE = 0.01  # two listings at once

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

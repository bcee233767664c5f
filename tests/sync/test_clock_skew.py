"""Hosts whose clocks differ: leases, budgets and claims go by the database's."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection as database
from django.utils import timezone

from callbacks import tasks
from callbacks.models import CallbackTask, CallBudget, Decision, DecisionStatus, Lease, Pulse, clock
from callbacks.models.clock import database_now
from callbacks.sync import budget
from callbacks.sync.asking import Asking
from callbacks.sync.budget import LONGEST_LAG, Bucket, Quota
from tests import making
from tests.sync.world import World
from tests.views.answering import post_answer
from tests.views.conftest import text_of

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
off = pytest.mark.parametrize("hours", [-1, 1], ids=["behind", "ahead"])


@pytest.fixture
def host_off(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """`host_off(1)`: this host's clock is an hour ahead of the database's."""
    right = timezone.now

    def put_off(hours: int) -> None:
        monkeypatch.setattr(timezone, "now", lambda: right() + timedelta(hours=hours))

    return put_off


def seconds_from_now(seconds: float) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=seconds)


def sync(world: World) -> None:
    tasks.sync_connection(connection_id=str(world.connection.pk))


def held_by_another(world: World, *, for_seconds: float) -> None:
    name = f"sync:{world.connection.pk}"
    Lease.objects.create(name=name, holder="x", until=seconds_from_now(for_seconds))


def test_the_shared_moment_is_aware_and_costs_a_query_at_most(
    db: None, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(1 if database.vendor == "postgresql" else 0):
        now = database_now()

    assert abs(now - datetime.now(UTC)) < timedelta(seconds=5)
    assert now.utcoffset() == timedelta()


@off
def test_a_live_lease_is_not_taken(
    world: World, host_off: Callable[[int], None], hours: int
) -> None:
    held_by_another(world, for_seconds=60)
    host_off(hours)

    sync(world)

    assert world.simulator.calls() == []
    assert Lease.objects.get(name__startswith="sync:").holder == "x"


@off
def test_the_lease_of_a_dead_holder_is_taken_after_its_seconds(
    world: World, host_off: Callable[[int], None], hours: int
) -> None:
    world.start()
    held_by_another(world, for_seconds=-1)
    host_off(hours)

    sync(world)

    assert CallbackTask.objects.waiting().count() == 1


@off
def test_what_is_not_back_yet_is_not_spent(
    world: World, host_off: Callable[[int], None], hours: int
) -> None:
    world.start()
    empty(world, at=seconds_from_now(30))
    host_off(hours)

    sync(world)

    assert world.simulator.calls("GetExecutionHistory") == []
    assert CallBudget.objects.get(operation="GetExecutionHistory").at <= seconds_from_now(30)


@off
def test_what_has_come_back_is_spent(
    world: World, host_off: Callable[[int], None], hours: int
) -> None:
    world.start()
    empty(world, at=seconds_from_now(-30))
    host_off(hours)

    sync(world)

    assert CallbackTask.objects.waiting().count() == 1


def empty(world: World, *, at: datetime) -> None:
    for operation in budget.OPERATIONS:
        CallBudget.objects.create(connection=world.connection, operation=operation, level=0, at=at)


def test_a_clock_that_was_set_back_does_not_stop_all_calls_until_it_is_as_late_again() -> None:
    quota = Quota(bucket=400, refill=20)
    bucket = Bucket(level=0, at=NOON)
    back = NOON - LONGEST_LAG - timedelta(seconds=1)

    at_once = budget.refilled(bucket, quota=quota, share=0.5, now=back)
    later = budget.refilled(at_once, quota=quota, share=0.5, now=back + timedelta(seconds=2))

    assert (at_once.level, later.level) == (0, 20)


@off
@pytest.mark.parametrize("door", ["page", "api"])
def test_an_answer_is_held_for_its_undo_time_whatever_the_web_hosts_clock(
    people: Any,
    browser_of: Callable[..., Any],
    host_off: Callable[[int], None],
    hours: int,
    door: str,
) -> None:
    task, client = making.make_task(), browser_of(people.approver)
    host_off(hours)
    earliest = seconds_from_now(10)

    if door == "page":
        post_answer(client, task)
    else:
        client.post(
            f"/api/v1/tasks/{task.pk}/approve",
            {"output": {}, "undo_seconds": 10},
            content_type="application/json",
        )

    assert earliest <= Decision.objects.get().send_after <= seconds_from_now(10)


@off
def test_a_claim_that_is_being_sent_is_not_taken_for_lost(
    people: Any, host_off: Callable[[int], None], hours: int
) -> None:
    decision = making.make_decision(
        making.make_task(),
        people.approver,
        status=DecisionStatus.SENDING,
        lease_until=seconds_from_now(30),
    )
    host_off(hours)

    tasks.settle_decision(decision_id=str(decision.pk))

    decision.refresh_from_db()
    assert decision.status == DecisionStatus.SENDING


@off
def test_a_run_over_the_policies_is_dated_by_the_shared_clock(
    db: None, host_off: Callable[[int], None], hours: int
) -> None:
    """A date ahead of it would hide the next change of a policy, one behind repeat the run."""
    making.make_policy(created_at=seconds_from_now(-60))
    host_off(hours)
    earliest = seconds_from_now(0)

    tasks.match_policies()

    assert earliest <= Pulse.objects.get(name="policies").at <= seconds_from_now(0)


@off
def test_a_moment_is_put_on_awss_clock_whatever_the_hosts(
    world: World, monkeypatch: pytest.MonkeyPatch, hours: int
) -> None:
    """AWS's offset is measured against the host's clock, and the moment is the database's."""
    asking = Asking(connection=world.connection, now=NOON)
    asking.counter.clock_offset = -3600.0 * hours
    monkeypatch.setattr(clock, "_lead", timedelta(hours=-hours))

    assert asking.aws_now(NOON) == NOON


@pytest.mark.parametrize(
    ("said", "ahead"), [(0.0, 0), (0.5, 0), (1.0, 0), (61.0, 60), (-60.0, -60)]
)
def test_a_query_that_took_long_is_no_difference_of_clocks(said: float, ahead: float) -> None:
    after = NOON + timedelta(seconds=1)
    found = clock._surely_ahead(NOON + timedelta(seconds=said), before=NOON, after=after)

    assert found == timedelta(seconds=ahead)


def test_how_far_the_databases_clock_is_ahead_is_remembered(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "_lead", timedelta())
    database_now()

    assert abs(clock.database_lead()) < timedelta(seconds=5)


@off
def test_a_page_counts_an_undo_window_down_by_the_shared_clock(
    people: Any,
    browser_of: Callable[..., Any],
    host_off: Callable[[int], None],
    monkeypatch: pytest.MonkeyPatch,
    hours: int,
) -> None:
    until = seconds_from_now(10)
    decision = making.make_decision(making.make_task(), people.approver, send_after=until)
    host_off(hours)
    monkeypatch.setattr(clock, "_lead", timedelta(hours=-hours))

    page = browser_of(people.approver).get(f"/decisions/{decision.pk}/")

    assert re.search(r"Approving in (8|9|10) s", text_of(page))

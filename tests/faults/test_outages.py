"""Many waits appear at once, as after an outage, and twenty workers are there (F37).

The clock is the simulator's, so that minutes of budget need none of ours; the buckets are AWS's.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection as database

from callbacks.decisions.deliver import deliver
from callbacks.decisions.settle import settle
from callbacks.models import CallbackTask, Connection, Decision, Role
from callbacks.sync import starting
from tests import making
from tests.faults.balance import take_balance
from tests.faults.churning import QUOTAS, REGION
from tests.faults.conftest import Case
from tests.simulator.control import Control, running_simulator

WAITS = int(os.environ.get("HOLDPOINT_FAULT_WAITS", "400"))
WORKERS = 20
SHARE = 0.5
INTERVAL = 5.0
ANSWERS = 5
pytestmark = pytest.mark.xdist_group("many-connections")


@pytest.fixture
def simulator(transactional_db: None) -> Iterator[Control]:
    making.default_policy()
    with running_simulator(region=REGION, frozen=True) as simulator:
        yield simulator


@pytest.fixture
def connection(simulator: Control, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Connection:
    """A pass takes no time on it, and what it may spend is what the simulator gives."""
    settings.SYNC_QUOTA_SHARE, settings.SYNC_INTERVAL_SECONDS = SHARE, INTERVAL
    monkeypatch.setattr("callbacks.sync.asking.monotonic", lambda: 0.0)
    monkeypatch.setattr(starting.current_app, "send_task", lambda *_, **__: None)
    return making.make_connection("crowded", endpoint_url=simulator.url, region=REGION)


def now_at(simulator: Control) -> datetime:
    return datetime.fromtimestamp(simulator.now(), UTC)


@pytest.mark.faults("F37")
def test_all_are_shown_as_soon_as_the_budget_allows_and_answers_wait_for_none_of_it(
    simulator: Control, connection: Connection
) -> None:
    machine = simulator.create("spark-settlement", making.DEFINITION)
    simulator.start(machine, {"order": 7})
    pass_over(simulator, connection)
    # The other half is somebody else's: a call beyond our own is throttled.
    halves = {name: (size * SHARE, refill * SHARE) for name, (size, refill) in QUOTAS.items()}
    simulator.quotas(enabled=True, **halves)
    simulator.start_many(machine, WAITS, {"order": 8})
    waiting = CallbackTask.objects.waiting()
    person = making.make_person("ana", Role.APPROVER)
    case = Case(simulator, connection, waiting.get(), person, machine)
    case.clock = lambda: now_at(simulator)
    began, answered = simulator.now(), 0
    while CallbackTask.objects.count() < WAITS + 1:
        simulator.advance(INTERVAL)
        pass_over(simulator, connection)
        if answered < ANSWERS:
            decision = replace(case, task=waiting.filter(decisions=None).earliest("pk")).approve()
            deliver(decision_id=decision.pk, now=case.clock())
            answered += 1
            assert len(case.applied()) == answered
    took = simulator.now() - began

    size, refill = halves["GetExecutionHistory"]
    # Some calls of the bucket were for the first one and for the answers.
    least = max(0.0, (WAITS + 2 * ANSWERS + 1 - size) / refill)
    assert took <= 1.1 * least + INTERVAL
    calls = simulator.calls()
    throttled = [one for one in calls if "Throttling" in str(one["answer"])]
    assert len(throttled) <= 0.01 * len(calls)
    simulator.advance(60)
    for decision in Decision.objects.all():
        settle(decision_id=decision.pk, now=case.clock())
    assert take_balance(case.sends()).confirmed == ANSWERS


def pass_over(simulator: Control, connection: Connection) -> None:
    """Beat's message reaches all workers at once; one of them has the turn."""
    now = now_at(simulator)
    starting.start_passes(now=now)

    def work(_: int) -> None:
        try:
            starting.sync_in_turn(connection=connection, now=now)
        finally:
            database.close()

    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(work, range(WORKERS)))

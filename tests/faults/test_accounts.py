"""One account denies everything, or answers after half a minute: the others stay as fresh."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.utils import timezone

from callbacks.models import Connection, ConnectionHealth
from callbacks.sync import run_pass
from tests import making
from tests.faults.conftest import Case, assert_balance, wait_for
from tests.faults.processes import processes, wait_until
from tests.simulator.control import Control, running_simulator

SECONDS = float(os.environ.get("HOLDPOINT_FAULT_ACCOUNT_SECONDS", "5"))
HALF_A_MINUTE = 30
pytestmark = pytest.mark.faults("slow")


@pytest.fixture
def bad() -> Iterator[Control]:
    with running_simulator() as simulator:
        simulator.start(simulator.create("orders", making.DEFINITION), {"order": 1})
        yield simulator
        simulator.clear_faults()


@pytest.fixture
def good(case: Case) -> list[Connection]:
    """Three accounts that answer, each in a region of its own."""
    regions = ("eu-west-1", "eu-west-2")
    more = [making.make_connection(endpoint_url=case.simulator.url, region=one) for one in regions]
    return [case.connection, *more]


def ages(connections: list[Connection], seconds: float) -> list[float]:
    """The age of each one's picture, looked at again and again for so long."""
    found, until = [], time.monotonic() + seconds
    rows = ConnectionHealth.objects.filter(connection__in=connections)
    while time.monotonic() < until:
        now = timezone.now()
        found += [(now - at).total_seconds() for at in rows.values_list("read_ok_at", flat=True)]
        time.sleep(0.1)
    return found


@pytest.mark.parametrize("fault", ["deny", "delay"])
def test_the_other_accounts_stay_as_fresh_as_before(
    case: Case, bad: Control, good: list[Connection], tmp_path: Path, fault: str
) -> None:
    poor = making.make_connection("poor", endpoint_url=bad.url, region="eu-west-3")
    for one in (*good, poor):
        run_pass(connection=one, now=timezone.now())
    # As in the product a lease outlasts the longest call: else pass after pass begins and is stuck.
    with processes(tmp_path, SYNC_LEASE_SECONDS="30") as started:
        started.start("worker")
        started.start("beat")
        wait_until(lambda: max(ages(good, 0.2)) < 5, what=lambda: started.log_of("worker"))
        before = ages(good, SECONDS)
        bad.fault("*", fault, times=None, seconds=HALF_A_MINUTE)
        if fault == "delay":
            wait_until(lambda: is_stuck(bad))

        during = ages(good, SECONDS)

        assert statistics.median(during) <= 1.5 * statistics.median(before) + 1
        assert max(during) <= 2 * max(before) + 2
        assert_poor(poor, fault)
        decision = case.approve()
        wait_for(decision, "confirmed", started)
        assert_balance(case)


def is_stuck(bad: Control) -> bool:
    """A call has come in and waits for its answer."""
    calls = bad.calls()
    return bool(calls) and calls[-1]["fault"] == "delay"


def assert_poor(poor: Connection, fault: str) -> None:
    """What is wrong is told of this one, where AWS has said it."""
    health = ConnectionHealth.objects.get(connection=poor)
    if fault == "deny":
        assert health.error_code == "denied"
    else:
        assert (timezone.now() - health.read_ok_at).total_seconds() > SECONDS

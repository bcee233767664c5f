"""Workers killed at each step between the click and AWS's answer (F01, F02, F03)."""

import os

import pytest

from tests.faults.conftest import assert_balance, wait_for

pytestmark = pytest.mark.faults

RUNS = int(os.environ.get("HOLDPOINT_FAULT_RUNS", "2"))

CRASH_POINTS = {
    "before the claim": "callbacks.decisions.deliver:_claim:before",
    "after the claim, before the socket": "callbacks.decisions.deliver:_call:before",
    "after AWS applied it, before we wrote it": "callbacks.decisions.deliver:_call:after",
    "after we wrote what AWS said": "callbacks.decisions.deliver:_send:after",
    "before the outcome is named": "callbacks.decisions.settle:_name:before",
    "after the outcome is named": "callbacks.decisions.settle:_name:after",
}


@pytest.mark.parametrize("run", range(RUNS))
@pytest.mark.parametrize("point", CRASH_POINTS.values(), ids=CRASH_POINTS.keys())
def test_a_worker_killed_there_loses_nothing_and_applies_nothing_twice(case, started, point, run):
    started.start("beat")
    started.start("worker", CRASH_POINTS=point)
    decision = case.approve() if run % 2 == 0 else case.reject()
    started.wait_killed("worker")
    started.start("worker", name="second-worker")
    wait_for(decision, "confirmed", started)
    assert len(case.applied()) == 1
    assert_balance(case, decision)

"""Workers killed at each step between the click and AWS's answer (F01, F02, F03)."""

import os

import pytest

from tests.faults.conftest import assert_balance, wait_for

RUNS = int(os.environ.get("HOLDPOINT_FAULT_RUNS", "2"))

CRASH_POINTS = {
    "before the claim": ("F01", "callbacks.decisions.deliver:_claim:before"),
    "after the claim, before the socket": ("F02", "callbacks.decisions.deliver:_call:before"),
    "after AWS applied it, before we wrote it": ("F03", "callbacks.decisions.deliver:_call:after"),
    "after we wrote what AWS said": ("F03", "callbacks.decisions.deliver:_send:after"),
    "before the outcome is named": ("F03", "callbacks.decisions.settle:_name:before"),
    "after the outcome is named": ("F03", "callbacks.decisions.settle:_name:after"),
}
POINTS = [
    pytest.param(point, marks=pytest.mark.faults(fault), id=name)
    for name, (fault, point) in CRASH_POINTS.items()
]


@pytest.mark.parametrize("run", range(RUNS))
@pytest.mark.parametrize("point", POINTS)
def test_a_worker_killed_there_loses_nothing_and_applies_nothing_twice(case, started, point, run):
    started.start("beat")
    started.start("worker", CRASH_POINTS=point)
    decision = case.approve() if run % 2 == 0 else case.reject()
    started.wait_killed("worker")
    started.start("worker", name="second-worker")
    wait_for(decision, "confirmed", started)
    assert len(case.applied()) == 1
    assert_balance(case)

"""A worker that sleeps while another takes over its answer (F13)."""

import fcntl
import os
import signal
import sys
from pathlib import Path

import pytest
from django.conf import settings

from tests.faults.conftest import assert_balance, wait_for
from tests.faults.processes import wait_until

RUNS = int(os.environ.get("HOLDPOINT_FAULT_RUNS", "1"))
pytestmark = [pytest.mark.faults("F13"), pytest.mark.parametrize("run", range(RUNS))]


def start_worker(started):
    # It never gives up by itself, neither the file nor the call: it is put to sleep in either.
    sleeper = started.start("worker", AUDIT_LOCK_SECONDS="60", SEND_READ_SECONDS="60")
    started.wait_logged("worker", " ready.")
    return sleeper


def start_sending(case, started):
    decision = case.approve()
    started.start("hint", DECISION_ID=str(decision.pk), TIMES="1")
    started.wait_done("hint")
    return decision


def let_another_finish(started, decision):
    started.start("beat")
    started.start("worker", name="second-worker")
    wait_for(decision, "confirmed", started)


def put_to_sleep(sleeper):
    """Stop it, and wait until it stands still: its other threads go on until one has the signal."""
    os.kill(sleeper.pid, signal.SIGSTOP)
    if sys.platform == "linux":
        threads = Path(f"/proc/{sleeper.pid}/task")
        wait_until(lambda: all(_stands_still(one) for one in threads.iterdir()))


def _stands_still(thread):
    return (thread / "stat").read_text().rpartition(")")[2].split()[0] == "T"


def wake(started, sleeper):
    os.kill(sleeper.pid, signal.SIGCONT)
    started.wait_logged("worker", "was taken over")


def test_a_worker_that_slept_before_its_call_makes_none(case, started, run):
    sleeper = start_worker(started)
    with open(settings.AUDIT_SINK_FILE) as file:
        # The worker claims it and waits for this file: there it falls asleep.
        fcntl.flock(file, fcntl.LOCK_EX)
        decision = start_sending(case, started)
        wait_for(decision, "sending", started)
        put_to_sleep(sleeper)
    let_another_finish(started, decision)
    wake(started, sleeper)
    assert len(case.sends()) == 1
    assert_balance(case)


@pytest.mark.parametrize("after_apply", [True, False], ids=["applied", "not applied"])
def test_what_a_worker_that_slept_in_its_call_has_to_say_is_dropped(
    case, started, after_apply, run
):
    case.simulator.fault("SendTaskSuccess", kind="hold", after_apply=after_apply)
    sleeper = start_worker(started)
    decision = start_sending(case, started)
    case.simulator.wait_held()
    put_to_sleep(sleeper)
    let_another_finish(started, decision)
    case.simulator.release()
    wake(started, sleeper)
    assert len(case.applied()) == 1
    assert_balance(case)

"""Timeouts, heartbeats, waits, and the clock that tests move."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.simulator.control import Control, running_simulator
from tests.test_simulator.conftest import chain, types
from tests.test_simulator.definitions import machine, passing, waiting

Run = Callable[..., str]


def test_a_task_times_out_without_a_cause(simulator: Control, run: Run) -> None:
    execution = run(machine(Ask=waiting(TimeoutSeconds=60)))
    simulator.advance(60)
    timed_out, ended = simulator.history(execution)[-2:]
    assert chain([timed_out, ended]) == [(6, 5, "TaskTimedOut"), (7, 6, "ExecutionFailed")]
    details = timed_out["taskTimedOutEventDetails"]
    assert details["error"] == "States.Timeout"
    assert "cause" not in details


def test_a_timeout_happens_at_its_own_time_however_far_the_clock_jumps(
    simulator: Control, run: Run
) -> None:
    execution = run(machine(Ask=waiting(TimeoutSeconds=60)))
    begun = simulator.now()
    simulator.advance(86_400)
    assert simulator.execution(execution)["stopDate"] == begun + 60


def test_a_beat_puts_off_the_lapse_but_leaves_no_event(simulator: Control, run: Run) -> None:
    execution = run(machine(Ask=waiting(TimeoutSeconds=600, HeartbeatSeconds=10)))
    token = simulator.tokens(execution)[0]["token"]
    simulator.advance(9)
    simulator.call("SendTaskHeartbeat", taskToken=token)
    simulator.advance(9)
    assert types(simulator.history(execution))[-1] == "TaskSubmitted"


def test_a_missed_beat_reads_as_a_timeout(simulator: Control, run: Run) -> None:
    execution = run(machine(Ask=waiting(HeartbeatSeconds=10)))
    simulator.advance(10)
    assert simulator.history(execution)[-2]["taskTimedOutEventDetails"]["error"] == "States.Timeout"


def test_a_missed_beat_can_be_caught_by_its_own_name(simulator: Control, run: Run) -> None:
    catch = [{"ErrorEquals": ["States.HeartbeatTimeout"], "Next": "Late"}]
    execution = run(machine(Ask=waiting(HeartbeatSeconds=10, Catch=catch), Late=passing()))
    simulator.advance(10)
    assert simulator.execution(execution)["status"] == "SUCCEEDED"


def test_numbers_from_paths_stand_in_the_scheduled_event(simulator: Control, run: Run) -> None:
    ask = waiting(TimeoutSecondsPath="$.limit", HeartbeatSecondsPath="$.beat")
    execution = run(machine(Ask=ask), {"limit": 90, "beat": 30})
    details = simulator.history(execution)[2]["taskScheduledEventDetails"]
    assert (details["timeoutInSeconds"], details["heartbeatInSeconds"]) == (90, 30)


def test_without_a_limit_a_task_waits_for_a_year(simulator: Control, run: Run) -> None:
    execution = run(machine(Ask=waiting()))
    simulator.advance(365 * 86_400)
    assert simulator.execution(execution)["status"] == "RUNNING"


def test_the_machine_s_own_timeout_is_another_status_without_an_error(
    simulator: Control, run: Run
) -> None:
    execution = run({**machine(Ask=waiting()), "TimeoutSeconds": 30})
    simulator.advance(30)
    ended = simulator.execution(execution)
    assert ended["status"] == "TIMED_OUT"
    assert "error" not in ended
    assert simulator.tokens(execution) == []


def test_a_wait_state_waits(simulator: Control, run: Run) -> None:
    execution = run(machine(Wait={"Type": "Wait", "Seconds": 5, "End": True}))
    simulator.advance(4)
    assert simulator.execution(execution)["status"] == "RUNNING"
    simulator.advance(1)
    assert simulator.execution(execution)["status"] == "SUCCEEDED"


@pytest.mark.parametrize("field", ["Timestamp", "TimestampPath"])
def test_a_wait_until_a_time_ends_then(simulator: Control, run: Run, field: str) -> None:
    moment = "2026-09-21T14:13:25.123456789Z"  # five seconds after the frozen clock's start
    value = moment if field == "Timestamp" else "$.until"
    execution = run(machine(Wait={"Type": "Wait", field: value, "End": True}), {"until": moment})
    simulator.advance(4)
    assert simulator.execution(execution)["status"] == "RUNNING"
    simulator.advance(2)
    assert simulator.execution(execution)["status"] == "SUCCEEDED"


def test_the_clock_moves_with_the_wall_when_it_is_not_frozen() -> None:
    with running_simulator() as simulator:
        wait = {"Type": "Wait", "Seconds": 0.05, "End": True}
        execution = simulator.start(simulator.create("w", machine(Wait=wait)))
        while simulator.execution(execution)["status"] == "RUNNING":
            assert simulator.now() < simulator.execution(execution)["startDate"] + 5
        assert simulator.execution(execution)["status"] == "SUCCEEDED"


def test_a_moved_clock_shows_in_every_time(simulator: Control, run: Run) -> None:
    begun = simulator.now()
    simulator.advance(3600)
    assert simulator.execution(run(machine(Ask=waiting())))["startDate"] == begun + 3600

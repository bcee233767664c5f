"""Histories that nobody foresaw, and one that kills its worker each time (F25, F26)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from callbacks.models import CallbackTask, ConnectionHealth, Execution
from tests.faults.conftest import assert_balance, wait_for
from tests.faults.entry import deaths_file
from tests.faults.processes import wait_until
from tests.sync.world import machine, task

LONG = 6_000
PASSES = 3


def passes_more(case: Any, count: int) -> Any:
    """True once so many more passes have come to their ends."""
    seen: set[Any] = set()

    def all_seen() -> bool:
        health = ConnectionHealth.objects.get(connection=case.connection)
        seen.add(health.pass_finished_at)
        return len(seen) > count

    return all_seen


def is_waiting(arn: str) -> bool:
    return CallbackTask.objects.waiting().filter(execution__arn=arn).exists()


@pytest.mark.faults("F26")
def test_an_execution_that_kills_its_worker_does_so_three_times_and_stops_nothing_else(
    case: Any, started: Any, tmp_path: Path, client: Any
) -> None:
    deaths = deaths_file(tmp_path / "crashes")
    deadly = case.simulator.start(case.machine_arn, {"order": 1})
    good = case.simulator.start(case.machine_arn, {"order": 2})
    started.start("beat")
    look_after = started.keep("worker", POISON=deadly)

    def is_set_aside() -> bool:
        look_after()
        return Execution.objects.filter(arn=deadly).exclude(problem="").exists()

    wait_until(is_set_aside, what=lambda: started.log_of("worker"))
    decision = case.approve()
    wait_for(decision, "confirmed", started)
    wait_until(passes_more(case, PASSES))
    wait_until(lambda: is_waiting(good))

    assert deaths.read_bytes() == b"xxx"
    assert Execution.objects.get(arn=deadly).problem == "Workers have died of reading its history."
    told = client.get("/metrics").content.decode()
    assert 'holdpoint_executions_set_aside{connection="samples"} 1.0' in told
    assert_balance(case)


@pytest.mark.faults("F25")
def test_a_poisonous_history_is_set_aside_with_its_reason_and_the_rest_goes_on(
    case: Any, started: Any
) -> None:
    """An unknown type, a missing detail, a hole in the ids, and as many events as there can be."""
    simulator = case.simulator
    odd = simulator.start(case.machine_arn, {"order": 1})
    simulator.add_event(odd, "TaskPondered", 5, reason="nobody knows")
    bare = simulator.start(case.machine_arn, {"order": 2})
    simulator.add_event(bare, "MapIterationStarted", 5)
    torn = simulator.start(case.machine_arn, {"order": 3})
    simulator.fault("GetExecutionHistory", "event_hole", execution=torn, times=None)
    long = simulator.start(simulator.create("long", counting(LONG)), {"n": 0})
    good = simulator.start(case.machine_arn, {"order": 4})

    started.start("worker")
    started.start("beat")
    wait_until(lambda: is_waiting(good), what=lambda: started.log_of("worker"))
    wait_until(lambda: is_waiting(long), what=lambda: started.log_of("worker"))
    wait_until(passes_more(case, PASSES))

    assert is_waiting(odd)
    problems = dict(Execution.objects.exclude(problem="").values_list("arn", "problem"))
    assert problems.keys() == {bare, torn}
    assert "does not say which Map" in problems[bare]
    assert len(simulator.history(long)) > 4 * LONG
    decision = case.approve()
    wait_for(decision, "confirmed", started)
    assert_balance(case)


def counting(to: int) -> dict[str, Any]:
    """A machine that goes round so often before somebody is waited for."""
    enough = {"Variable": "$.n", "NumericLessThan": to, "Next": "Count"}
    return machine(
        Count={"Type": "Pass", "Parameters": {"n.$": "States.MathAdd($.n, 1)"}, "Next": "Enough"},
        Enough={"Type": "Choice", "Choices": [enough], "Default": "Wait"},
        Wait=task(),
    )

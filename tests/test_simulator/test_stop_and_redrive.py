"""Stopping an execution at once, and taking a closed one up again."""

from __future__ import annotations

import json
from collections.abc import Callable

from tests.simulator.control import Control
from tests.test_simulator.conftest import chain, refusal, types
from tests.test_simulator.definitions import both, machine, passing, photos, waiting

Run = Callable[..., str]


def _answer(simulator: Control, execution: str, output: str = "{}", at: int = 0) -> str:
    token = str(simulator.tokens(execution)[at]["token"])
    simulator.call("SendTaskSuccess", taskToken=token, output=output)
    return token


def _fail(simulator: Control, execution: str, at: int = 0) -> str:
    token = str(simulator.tokens(execution)[at]["token"])
    simulator.call("SendTaskFailure", taskToken=token, error="No", cause="because")
    return token


def test_a_stop_takes_effect_at_once(simulator: Control, run: Run) -> None:
    execution = run(machine(Ask=waiting()))
    token = simulator.tokens(execution)[0]["token"]
    simulator.call("StopExecution", executionArn=execution, error="Mistake", cause="wrong order")
    ended = simulator.execution(execution)
    assert (ended["status"], ended["error"], ended["cause"]) == (
        "ABORTED",
        "Mistake",
        "wrong order",
    )
    error = refusal(simulator.call, "SendTaskSuccess", taskToken=token, output="1")
    assert error.code == "TaskTimedOut"


def test_a_stop_s_event_hangs_on_nothing(simulator: Control, run: Run) -> None:
    execution = run(machine(Ask=waiting()))
    simulator.call("StopExecution", executionArn=execution)
    assert chain(simulator.history(execution))[-1] == (6, 0, "ExecutionAborted")


def test_stopping_a_closed_execution_changes_nothing(simulator: Control, run: Run) -> None:
    execution = run(machine(Done=passing()))
    simulator.call("StopExecution", executionArn=execution)
    assert simulator.execution(execution)["status"] == "SUCCEEDED"


def test_a_redrive_schedules_the_failed_task_with_a_new_token(simulator: Control, run: Run) -> None:
    execution = run(machine(First=passing(Next="Ask", End=False), Ask=waiting()))
    old = _fail(simulator, execution)
    simulator.call("RedriveExecution", executionArn=execution)
    assert simulator.execution(execution)["redriveCount"] == 1
    assert types(simulator.history(execution))[-4:] == [
        "ExecutionRedriven",
        "TaskScheduled",
        "TaskStarted",
        "TaskSubmitted",
    ]
    assert _answer(simulator, execution) != old
    assert simulator.execution(execution)["status"] == "SUCCEEDED"


def test_a_redriven_context_says_so(simulator: Control, run: Run) -> None:
    execution = run(machine(Ask=waiting(Parameters={"Payload.$": "$$"})))
    _fail(simulator, execution)
    simulator.advance(5)
    simulator.call("RedriveExecution", executionArn=execution)
    scheduled = simulator.history(execution)[-3]["taskScheduledEventDetails"]
    seen = json.loads(scheduled["parameters"])["Payload"]["Execution"]
    assert seen["RedriveCount"] == 1
    assert seen["RedriveTime"] > seen["StartTime"]


def test_a_redriven_parallel_runs_only_the_branches_that_did_not_end_well(
    simulator: Control, run: Run
) -> None:
    execution = run(both())
    _answer(simulator, execution, '"left"')
    _fail(simulator, execution)
    simulator.call("RedriveExecution", executionArn=execution)
    assert [task["state"] for task in simulator.tokens(execution)] == ["Right"]
    _answer(simulator, execution, '"right"')
    assert json.loads(simulator.execution(execution)["output"]) == ["left", "right"]


def test_a_redriven_map_takes_up_aborted_iterations_too(simulator: Control, run: Run) -> None:
    execution = run(photos(MaxConcurrency=2), {"photos": ["a", "b", "c"]})
    _fail(simulator, execution)
    simulator.call("RedriveExecution", executionArn=execution)
    for number in range(3):
        _answer(simulator, execution, str(number))
    assert simulator.execution(execution)["status"] == "SUCCEEDED"


def test_a_branch_that_was_never_entered_is_entered_by_the_redrive(
    simulator: Control, run: Run
) -> None:
    # There is no redrive time before the redrive, so this branch fails once, and at once.
    broken = machine(Broken=passing(Parameters={"at.$": "$$.Execution.RedriveTime"}))
    branches = [broken, machine(Right=waiting())]
    execution = run(machine(Both={"Type": "Parallel", "Branches": branches, "End": True}))
    assert "TaskStateEntered" not in types(simulator.history(execution))
    simulator.call("RedriveExecution", executionArn=execution)
    assert [task["state"] for task in simulator.tokens(execution)] == ["Right"]


def test_an_aborted_and_a_timed_out_execution_can_be_redriven(simulator: Control, run: Run) -> None:
    execution = run({**machine(Ask=waiting()), "TimeoutSeconds": 60})
    simulator.call("StopExecution", executionArn=execution)
    simulator.call("RedriveExecution", executionArn=execution)
    simulator.advance(60)
    assert simulator.execution(execution)["status"] == "TIMED_OUT"
    simulator.call("RedriveExecution", executionArn=execution)
    _answer(simulator, execution)
    assert simulator.execution(execution)["status"] == "SUCCEEDED"


def test_only_a_failed_execution_of_the_last_fortnight_is_redrivable(
    simulator: Control, run: Run
) -> None:
    execution = run(machine(Ask=waiting()))
    redrive = {"executionArn": execution}
    assert refusal(simulator.call, "RedriveExecution", **redrive).code == "ExecutionNotRedrivable"
    _fail(simulator, execution)
    assert simulator.execution(execution)["redriveStatus"] == "REDRIVABLE"
    simulator.advance(15 * 86_400)
    assert refusal(simulator.call, "RedriveExecution", **redrive).code == "ExecutionNotRedrivable"


def test_the_same_client_token_redrives_once(simulator: Control, run: Run) -> None:
    execution = run(machine(Ask=waiting()))
    _fail(simulator, execution)
    first = simulator.call("RedriveExecution", executionArn=execution, clientToken="once")
    again = simulator.call("RedriveExecution", executionArn=execution, clientToken="once")
    assert first == again
    assert simulator.execution(execution)["redriveCount"] == 1

"""Failures of a task: tried again, caught, or the end."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.simulator.asl.failure import find_rule, wait_before
from tests.simulator.control import Control
from tests.test_simulator.conftest import chain, types
from tests.test_simulator.definitions import machine, passing, waiting

Run = Callable[..., str]


def _fail(simulator: Control, execution: str, error: str | None = "Busy") -> str:
    token = str(simulator.tokens(execution)[0]["token"])
    words = {} if error is None else {"error": error}
    simulator.call("SendTaskFailure", taskToken=token, **words)
    return token


def _retrying(**fields: Any) -> dict[str, Any]:
    return machine(Ask=waiting(Retry=[{"ErrorEquals": ["Busy"], **fields}]))


def test_during_the_back_off_no_task_is_open(simulator: Control, run: Run) -> None:
    execution = run(_retrying(IntervalSeconds=5))
    _fail(simulator, execution)
    simulator.advance(4.9)
    assert simulator.tokens(execution) == []
    assert simulator.execution(execution)["status"] == "RUNNING"


def test_the_next_attempt_hangs_on_the_failure_and_has_a_new_token(
    simulator: Control, run: Run
) -> None:
    execution = run(_retrying(IntervalSeconds=5))
    old = _fail(simulator, execution)
    simulator.advance(5)
    assert chain(simulator.history(execution))[5:] == [
        (6, 5, "TaskFailed"),
        (7, 6, "TaskScheduled"),
        (8, 7, "TaskStarted"),
        (9, 8, "TaskSubmitted"),
    ]
    assert simulator.tokens(execution)[0]["token"] != old


def test_when_the_attempts_are_used_up_the_execution_fails(simulator: Control, run: Run) -> None:
    execution = run(_retrying(MaxAttempts=1))
    _fail(simulator, execution)
    simulator.advance(1)
    _fail(simulator, execution)
    assert simulator.execution(execution)["status"] == "FAILED"


def test_an_error_that_no_retrier_names_is_not_tried_again(simulator: Control, run: Run) -> None:
    execution = run(_retrying())
    _fail(simulator, execution, "busy")
    assert simulator.execution(execution)["error"] == "busy"


@pytest.mark.parametrize(("used", "seconds"), [(0, 2.0), (1, 6.0), (2, 10.0), (3, None)])
def test_waiting_grows_by_the_rate_up_to_the_longest_delay(
    used: int, seconds: float | None
) -> None:
    retrier = {"IntervalSeconds": 2, "BackoffRate": 3, "MaxDelaySeconds": 10, "MaxAttempts": 3}
    assert wait_before(retrier, used) == seconds


@pytest.mark.parametrize(
    ("error", "names", "heartbeat", "found"),
    [
        ("Rejected", ["States.ALL"], False, True),
        ("Rejected", ["States.TaskFailed"], False, True),
        (None, ["States.ALL"], False, True),
        ("States.Timeout", ["States.TaskFailed"], False, False),
        ("States.Timeout", ["States.HeartbeatTimeout"], True, True),
        ("States.Timeout", ["States.HeartbeatTimeout"], False, False),
        ("States.Timeout", ["States.Timeout"], True, True),
        ("States.Runtime", ["States.ALL"], False, False),
        ("States.DataLimitExceeded", ["States.ALL"], False, True),
    ],
)
def test_names_meet_errors(
    error: str | None, names: list[str], heartbeat: bool, found: bool
) -> None:
    rules = [{"ErrorEquals": names}]
    assert (find_rule(rules, error, heartbeat=heartbeat) is not None) is found


def test_a_catcher_gets_the_error_at_its_own_path(simulator: Control, run: Run) -> None:
    catch = [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.why", "Next": "Tell"}]
    ask = waiting(Catch=catch, ResultPath="$.answer", OutputPath="$.no.such.path")
    execution = run(machine(Ask=ask, Tell=passing()), {"order": 1})
    _fail(simulator, execution, None)
    assert json.loads(simulator.execution(execution)["output"]) == {
        "order": 1,
        "why": {"Error": None, "Cause": None},
    }


def test_a_caught_failure_leaves_the_state_by_its_exit(simulator: Control, run: Run) -> None:
    catch = [{"ErrorEquals": ["Busy"], "Next": "Tell"}]
    execution = run(machine(Ask=waiting(Catch=catch), Tell=passing()))
    _fail(simulator, execution)
    assert types(simulator.history(execution))[5:8] == [
        "TaskFailed",
        "TaskStateExited",
        "PassStateEntered",
    ]


def test_a_dead_path_is_not_caught(simulator: Control, run: Run) -> None:
    catch = [{"ErrorEquals": ["States.ALL"], "Next": "Tell"}]
    ask = waiting(Catch=catch, OutputPath="$.missing")
    execution = run(machine(Ask=ask, Tell=passing()))
    token = simulator.tokens(execution)[0]["token"]
    simulator.call("SendTaskSuccess", taskToken=token, output="{}")
    assert simulator.execution(execution)["error"] == "States.Runtime"


def test_the_context_counts_retries(simulator: Control, run: Run) -> None:
    parameters = {"Payload": {"n.$": "$$.State.RetryCount", "t.$": "$$.Task.Token"}}
    ask = waiting(Parameters=parameters, Retry=[{"ErrorEquals": ["Busy"]}])
    execution = run(machine(Ask=ask))
    _fail(simulator, execution)
    simulator.advance(1)
    scheduled = simulator.history(execution)[6]["taskScheduledEventDetails"]
    assert json.loads(scheduled["parameters"])["Payload"]["n"] == 1

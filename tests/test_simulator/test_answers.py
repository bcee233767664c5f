"""What SendTaskSuccess, SendTaskFailure and SendTaskHeartbeat do and refuse."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.simulator.control import Control
from tests.test_simulator.conftest import refusal, types
from tests.test_simulator.definitions import machine, passing, waiting

SPENT = "Task Timed Out: 'Provided task does not exist anymore'"
Run = Callable[..., str]


def _token(simulator: Control, execution: str) -> str:
    return str(simulator.tokens(execution)[0]["token"])


def test_a_second_answer_is_told_that_the_task_timed_out(simulator: Control, run: Run) -> None:
    token = _token(simulator, run(machine(Ask=waiting())))
    simulator.call("SendTaskSuccess", taskToken=token, output="1")
    error = refusal(simulator.call, "SendTaskSuccess", taskToken=token, output="1")
    assert str(error) == f"TaskTimedOut: {SPENT}"


@pytest.mark.parametrize("operation", ["SendTaskFailure", "SendTaskHeartbeat"])
def test_every_call_with_a_spent_token_says_the_same(
    simulator: Control, run: Run, operation: str
) -> None:
    execution = run(machine(Ask=waiting()))
    token = _token(simulator, execution)
    simulator.call("StopExecution", executionArn=execution)
    assert refusal(simulator.call, operation, taskToken=token).code == "TaskTimedOut"


@pytest.mark.parametrize("spoil", ["x", "+", "cut", "36"])
def test_a_damaged_token_is_invalid(simulator: Control, run: Run, spoil: str) -> None:
    token = _token(simulator, run(machine(Ask=waiting())))
    damaged = {"x": token + "x", "+": token.replace("+", " "), "cut": token[:300], "36": "a" * 36}
    error = refusal(simulator.call, "SendTaskSuccess", taskToken=damaged[spoil], output="1")
    assert str(error) == "InvalidToken: Invalid Token: 'Invalid token'"


@pytest.mark.parametrize("output", ["", "{", "yes", "NaN", "{} {}"])
def test_an_output_that_is_no_json_is_refused_and_the_task_still_waits(
    simulator: Control, run: Run, output: str
) -> None:
    execution = run(machine(Ask=waiting()))
    token = _token(simulator, execution)
    error = refusal(simulator.call, "SendTaskSuccess", taskToken=token, output=output)
    assert error.code == "InvalidOutput"
    assert _token(simulator, execution) == token


def test_an_output_is_measured_in_bytes(simulator: Control, run: Run) -> None:
    token = _token(simulator, run(machine(Ask=waiting())))
    output = '"' + "\N{SMILING FACE WITH SUNGLASSES}" * 70_000 + '"'
    error = refusal(simulator.call, "SendTaskSuccess", taskToken=token, output=output)
    assert error.code == "ValidationException"
    assert "'output'" in str(error)


@pytest.mark.parametrize(("member", "length"), [("error", 257), ("cause", 32_769)])
def test_what_is_too_long_is_refused(
    simulator: Control, run: Run, member: str, length: int
) -> None:
    token = _token(simulator, run(machine(Ask=waiting())))
    given = {"taskToken": token, member: "x" * length}
    error = refusal(simulator.call, "SendTaskFailure", **given)
    assert str(error) == (
        f"ValidationException: 1 validation error detected: Value at '{member}' failed to satisfy"
        f" constraint: Member must have length less than or equal to {length - 1}"
    )


def test_a_failure_ends_the_execution_with_its_words(simulator: Control, run: Run) -> None:
    execution = run(machine(Ask=waiting()))
    token = _token(simulator, execution)
    simulator.call("SendTaskFailure", taskToken=token, error="Rejected", cause="too dear")
    ended = simulator.execution(execution)
    assert (ended["status"], ended["error"], ended["cause"]) == ("FAILED", "Rejected", "too dear")


def test_a_failure_without_words_leaves_none(simulator: Control, run: Run) -> None:
    execution = run(machine(Ask=waiting()))
    simulator.call("SendTaskFailure", taskToken=_token(simulator, execution))
    failed, ended = simulator.history(execution)[-2:]
    assert failed["taskFailedEventDetails"].keys() == {"resource", "resourceType"}
    assert ended["executionFailedEventDetails"] == {}


def test_the_next_task_of_an_execution_has_another_token(simulator: Control, run: Run) -> None:
    execution = run(machine(First=waiting(Next="Second"), Second=waiting()))
    first = _token(simulator, execution)
    simulator.call("SendTaskSuccess", taskToken=first, output="{}")
    assert _token(simulator, execution) != first


def test_the_bytes_of_an_answer_stand_in_the_history_as_they_were_sent(
    simulator: Control, run: Run
) -> None:
    execution = run(machine(Ask=waiting(Next="Done"), Done=passing()))
    sent = '{"b": 1.0,  "a": "\\u00e9"}'
    simulator.call("SendTaskSuccess", taskToken=_token(simulator, execution), output=sent)
    succeeded = simulator.history(execution)[5]
    assert succeeded["taskSucceededEventDetails"]["output"] == sent


def test_a_sync_task_that_hands_out_its_token_can_be_answered(simulator: Control, run: Run) -> None:
    simulator.outcome("wait")
    resource = "arn:aws:states:::states:startExecution.sync"
    execution = run(machine(Child=waiting(Resource=resource)))
    simulator.call("SendTaskSuccess", taskToken=_token(simulator, execution), output="{}")
    assert types(simulator.history(execution))[-3:] == [
        "TaskSucceeded",
        "TaskStateExited",
        "ExecutionSucceeded",
    ]

"""ListExecutions and GetExecutionHistory: order, filters, pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.simulator.control import Control
from tests.test_simulator.conftest import refusal
from tests.test_simulator.definitions import machine, waiting

Run = Callable[..., str]


def _names(simulator: Control, arn: str, **fields: Any) -> list[str]:
    answer = simulator.call("ListExecutions", stateMachineArn=arn, **fields)
    return [row["name"] for row in answer["executions"]]


def _pages(simulator: Control, operation: str, key: str, **fields: Any) -> list[list[Any]]:
    pages, token = [], None
    while True:
        given = fields if token is None else {**fields, "nextToken": token}
        answer = simulator.call(operation, **given)
        pages.append(answer[key])
        token = answer.get("nextToken")
        if token is None:
            return pages


@pytest.fixture
def five(simulator: Control) -> str:
    arn = simulator.create("workflow", machine(Ask=waiting()))
    for number in range(5):
        simulator.start(arn, name=f"run-{number}")
    return arn


def test_the_newest_comes_first(simulator: Control, five: str) -> None:
    assert _names(simulator, five) == ["run-4", "run-3", "run-2", "run-1", "run-0"]


def test_pages_follow_each_other_without_gap_or_repeat(simulator: Control, five: str) -> None:
    pages = _pages(simulator, "ListExecutions", "executions", stateMachineArn=five, maxResults=2)
    names = [[row["name"] for row in page] for page in pages]
    assert names == [["run-4", "run-3"], ["run-2", "run-1"], ["run-0"]]


def test_an_execution_that_started_meanwhile_does_not_shift_the_pages(
    simulator: Control, five: str
) -> None:
    given = {"stateMachineArn": five, "maxResults": 2, "statusFilter": "RUNNING"}
    first = simulator.call("ListExecutions", **given)
    simulator.start(five, name="late")
    second = simulator.call("ListExecutions", **given, nextToken=first["nextToken"])
    assert [row["name"] for row in second["executions"]] == ["run-2", "run-1"]


def test_a_filter_follows_the_status(simulator: Control, five: str) -> None:
    task = simulator.tokens()[2]
    simulator.call("SendTaskFailure", taskToken=task["token"])
    assert _names(simulator, five, statusFilter="FAILED") == ["run-2"]
    assert _names(simulator, five, statusFilter="RUNNING") == ["run-4", "run-3", "run-1", "run-0"]


def test_a_redriven_execution_is_the_newest_again(simulator: Control, five: str) -> None:
    task = simulator.tokens()[0]
    simulator.call("SendTaskFailure", taskToken=task["token"])
    simulator.call("RedriveExecution", executionArn=task["execution_arn"])
    assert _names(simulator, five, statusFilter="RUNNING")[0] == "run-0"
    assert sorted(_names(simulator, five)) == [f"run-{number}" for number in range(5)]


def test_what_has_ended_stands_by_its_end(simulator: Control, five: str) -> None:
    simulator.call("SendTaskFailure", taskToken=simulator.tokens()[1]["token"])
    assert _names(simulator, five) == ["run-1", "run-4", "run-3", "run-2", "run-0"]


def test_a_page_token_belongs_to_its_own_listing(simulator: Control, five: str) -> None:
    first = simulator.call("ListExecutions", stateMachineArn=five, maxResults=2)
    other = {"stateMachineArn": five, "statusFilter": "RUNNING", "nextToken": first["nextToken"]}
    assert refusal(simulator.call, "ListExecutions", **other).code == "InvalidToken"


def test_a_page_token_dies_after_a_day(simulator: Control, five: str) -> None:
    first = simulator.call("ListExecutions", stateMachineArn=five, maxResults=2)
    simulator.advance(86_401)
    given = {"stateMachineArn": five, "nextToken": first["nextToken"]}
    assert refusal(simulator.call, "ListExecutions", **given).code == "InvalidToken"


def test_page_tokens_so_far_can_be_made_invalid(simulator: Control, five: str) -> None:
    given = {"stateMachineArn": five, "maxResults": 2}
    first = simulator.call("ListExecutions", **given)
    simulator.expire_pages()
    gone = refusal(simulator.call, "ListExecutions", **given, nextToken=first["nextToken"])
    assert gone.code == "InvalidToken"
    again = simulator.call("ListExecutions", **given)
    second = simulator.call("ListExecutions", **given, nextToken=again["nextToken"])
    assert [row["name"] for row in second["executions"]] == ["run-2", "run-1"]


@pytest.mark.parametrize(("lifetime", "passed"), [(0, 0), (60, 60)])
def test_page_tokens_can_be_made_short_lived(
    simulator: Control, five: str, lifetime: float, passed: float
) -> None:
    simulator.expire_pages(lifetime=lifetime)
    given = {"stateMachineArn": five, "maxResults": 2}
    first = simulator.call("ListExecutions", **given)
    simulator.advance(passed)
    gone = refusal(simulator.call, "ListExecutions", **given, nextToken=first["nextToken"])
    assert gone.code == "InvalidToken"


def test_a_short_lifetime_has_its_length(simulator: Control, five: str) -> None:
    simulator.expire_pages(lifetime=60)
    given = {"stateMachineArn": five, "maxResults": 2}
    first = simulator.call("ListExecutions", **given)
    simulator.advance(59)
    simulator.call("ListExecutions", **given, nextToken=first["nextToken"])


def test_pending_redrive_is_for_map_runs_only(simulator: Control, five: str) -> None:
    given = {"stateMachineArn": five, "statusFilter": "PENDING_REDRIVE"}
    assert refusal(simulator.call, "ListExecutions", **given).code == "ValidationException"


@pytest.mark.parametrize("size", [-1, 1001])
def test_a_page_size_out_of_bounds_is_refused(simulator: Control, five: str, size: int) -> None:
    given = {"stateMachineArn": five, "maxResults": size}
    assert refusal(simulator.call, "ListExecutions", **given).code == "ValidationException"


def test_a_history_pages_forward(simulator: Control, run: Run) -> None:
    execution = run(machine(Ask=waiting()))
    pages = _pages(simulator, "GetExecutionHistory", "events", executionArn=execution, maxResults=2)
    assert [[event["id"] for event in page] for page in pages] == [[1, 2], [3, 4], [5]]


def test_a_history_pages_backward(simulator: Control, run: Run) -> None:
    execution = run(machine(Ask=waiting()))
    given = {"executionArn": execution, "maxResults": 2, "reverseOrder": True}
    pages = _pages(simulator, "GetExecutionHistory", "events", **given)
    assert [[event["id"] for event in page] for page in pages] == [[5, 4], [3, 2], [1]]


def test_a_full_last_page_has_no_next(simulator: Control, run: Run) -> None:
    execution = run(machine(Ask=waiting()))
    answer = simulator.call("GetExecutionHistory", executionArn=execution, maxResults=5)
    assert "nextToken" not in answer


def test_a_history_without_data_has_no_token_in_it(simulator: Control, run: Run) -> None:
    execution = run(machine(Ask=waiting()), {"secret": 1})
    token = simulator.tokens(execution)[0]["token"]
    answer = simulator.call(
        "GetExecutionHistory", executionArn=execution, includeExecutionData=False
    )
    assert token not in str(answer)
    assert "secret" not in str(answer)


def test_an_unknown_execution_is_named(simulator: Control) -> None:
    arn = "arn:aws:states:eu-west-1:123456789012:execution:workflow:none"
    error = refusal(simulator.call, "GetExecutionHistory", executionArn=arn)
    assert str(error) == f"ExecutionDoesNotExist: Execution Does Not Exist: '{arn}'"

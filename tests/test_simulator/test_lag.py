"""Lists that lag behind: what they still say, and what is never late."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.simulator.control import Control, SimulatorProcess
from tests.test_simulator.conftest import refusal
from tests.test_simulator.definitions import machine, waiting


@pytest.fixture
def workflow(simulator: Control) -> str:
    return simulator.create("workflow", machine(Ask=waiting()))


def _rows(simulator: Control, arn: str, **fields: Any) -> list[tuple[str, str]]:
    answer = simulator.call("ListExecutions", stateMachineArn=arn, **fields)
    return [(row["name"], row["status"]) for row in answer["executions"]]


def _fail(simulator: Control, execution: str) -> None:
    simulator.call("SendTaskFailure", taskToken=simulator.tokens(execution)[0]["token"])


def test_a_new_execution_is_listed_only_after_the_lag(simulator: Control, workflow: str) -> None:
    simulator.start(workflow, name="old")
    simulator.lag(10)
    simulator.start(workflow, name="new")
    simulator.advance(9)
    assert _rows(simulator, workflow) == [("old", "RUNNING")]
    simulator.advance(1)
    assert _rows(simulator, workflow) == [("new", "RUNNING"), ("old", "RUNNING")]


def test_an_ended_execution_still_stands_as_running(simulator: Control, workflow: str) -> None:
    first, _ = (simulator.start(workflow, name=name) for name in ("first", "second"))
    simulator.lag(10)
    _fail(simulator, first)
    assert _rows(simulator, workflow) == [("second", "RUNNING"), ("first", "RUNNING")]
    assert _rows(simulator, workflow, statusFilter="RUNNING")[1] == ("first", "RUNNING")
    assert _rows(simulator, workflow, statusFilter="FAILED") == []
    simulator.advance(10)
    assert _rows(simulator, workflow) == [("first", "FAILED"), ("second", "RUNNING")]
    assert _rows(simulator, workflow, statusFilter="RUNNING") == [("second", "RUNNING")]


def test_a_late_row_says_nothing_of_the_end(simulator: Control, workflow: str) -> None:
    execution = simulator.start(workflow)
    simulator.lag(10)
    _fail(simulator, execution)
    row = simulator.call("ListExecutions", stateMachineArn=workflow)["executions"][0]
    assert "stopDate" not in row


def test_each_change_shows_at_its_own_time(simulator: Control, workflow: str) -> None:
    simulator.lag(10)
    execution = simulator.start(workflow, name="one")
    simulator.advance(6)
    _fail(simulator, execution)
    simulator.advance(4)
    assert _rows(simulator, workflow) == [("one", "RUNNING")]
    simulator.advance(6)
    assert _rows(simulator, workflow) == [("one", "FAILED")]


def test_a_redrive_is_late_too(simulator: Control, workflow: str) -> None:
    execution = simulator.start(workflow, name="one")
    _fail(simulator, execution)
    simulator.lag(10)
    simulator.call("RedriveExecution", executionArn=execution)
    assert _rows(simulator, workflow) == [("one", "FAILED")]
    simulator.advance(10)
    assert _rows(simulator, workflow) == [("one", "RUNNING")]


def test_late_rows_page_without_gap_or_repeat(simulator: Control, workflow: str) -> None:
    arns = [simulator.start(workflow, name=f"run-{number}") for number in range(5)]
    simulator.lag(10)
    for arn in (arns[1], arns[3]):
        _fail(simulator, arn)
    given: dict[str, Any] = {"stateMachineArn": workflow, "maxResults": 2}
    names: list[str] = []
    while True:
        answer = simulator.call("ListExecutions", **given)
        names += [row["name"] for row in answer["executions"]]
        if "nextToken" not in answer:
            break
        given["nextToken"] = answer["nextToken"]
    assert names == ["run-4", "run-3", "run-2", "run-1", "run-0"]


def test_history_and_description_are_never_late(simulator: Control, workflow: str) -> None:
    execution = simulator.start(workflow)
    simulator.lag(10)
    _fail(simulator, execution)
    events = simulator.call("GetExecutionHistory", executionArn=execution)["events"]
    assert events[-1]["type"] == "ExecutionFailed"
    described = simulator.call("DescribeExecution", executionArn=execution)
    assert described["status"] == "FAILED"


def test_a_new_machine_is_shown_late(simulator: Control) -> None:
    simulator.lag(10)
    arn = simulator.create("workflow", machine(Ask=waiting()))
    assert simulator.call("ListStateMachines")["stateMachines"] == []
    described = refusal(simulator.call, "DescribeStateMachine", stateMachineArn=arn)
    assert described.code == "StateMachineDoesNotExist"
    simulator.start(arn)
    simulator.advance(10)
    assert len(simulator.call("ListStateMachines")["stateMachines"]) == 1


def test_a_changed_definition_is_shown_late(simulator: Control, workflow: str) -> None:
    simulator.lag(10)
    simulator.update(workflow, machine(New=waiting()))

    def start_at() -> Any:
        answer = simulator.call("DescribeStateMachine", stateMachineArn=workflow)
        return json.loads(answer["definition"])["StartAt"]

    assert start_at() == "Ask"
    simulator.advance(10)
    assert start_at() == "New"


def test_a_deleted_machine_is_still_shown(simulator: Control, workflow: str) -> None:
    simulator.lag(10)
    simulator.call("DeleteStateMachine", stateMachineArn=workflow)
    assert len(simulator.call("ListStateMachines")["stateMachines"]) == 1
    simulator.advance(10)
    assert simulator.call("ListStateMachines")["stateMachines"] == []


def test_without_a_lag_all_shows_at_once_again(simulator: Control, workflow: str) -> None:
    simulator.lag(10)
    simulator.start(workflow, name="one")
    simulator.lag(0)
    assert _rows(simulator, workflow) == [("one", "RUNNING")]


def test_a_restart_lags_as_before(tmp_path: Path) -> None:
    process = SimulatorProcess(journal=tmp_path / "journal")
    with process as first:
        arn = first.create("workflow", machine(Ask=waiting()))
        first.lag(3600)
        first.start(arn)
    with process as second:
        assert _rows(second, arn) == []
        second.advance(3600)
        assert len(_rows(second, arn)) == 1

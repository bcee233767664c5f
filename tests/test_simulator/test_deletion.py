"""DeleteStateMachine as AWS does it: first DELETING, and gone with the last of its executions."""

from __future__ import annotations

import pytest

from tests.simulator.control import Control
from tests.test_simulator.conftest import refusal, types
from tests.test_simulator.definitions import machine, passing, waiting


@pytest.fixture
def workflow(simulator: Control) -> str:
    simulator.slow_deletion()
    return simulator.create("workflow", machine(Ask=waiting(Next="Then"), Then=passing()))


def status(simulator: Control, arn: str) -> str:
    return str(simulator.call("DescribeStateMachine", stateMachineArn=arn)["status"])


def test_it_is_deleting_while_something_runs(simulator: Control, workflow: str) -> None:
    execution = simulator.start(workflow)
    simulator.call("DeleteStateMachine", stateMachineArn=workflow)
    assert status(simulator, workflow) == "DELETING"
    assert refusal(simulator.start, workflow).code == "StateMachineDeleting"
    assert simulator.execution(execution)["status"] == "RUNNING"


def test_an_execution_ends_at_its_next_state_and_the_machine_with_the_last(
    simulator: Control, workflow: str
) -> None:
    execution = simulator.start(workflow)
    simulator.call("DeleteStateMachine", stateMachineArn=workflow)
    token = simulator.tokens(execution)[0]["token"]
    simulator.call("SendTaskSuccess", taskToken=token, output="{}")
    assert types(simulator.history(execution))[-3:] == [
        "TaskSucceeded",
        "TaskStateExited",
        "ExecutionAborted",
    ]
    assert refusal(status, simulator, workflow).code == "StateMachineDoesNotExist"


def test_without_executions_it_is_gone_at_once(simulator: Control, workflow: str) -> None:
    simulator.call("DeleteStateMachine", stateMachineArn=workflow)
    assert refusal(status, simulator, workflow).code == "StateMachineDoesNotExist"

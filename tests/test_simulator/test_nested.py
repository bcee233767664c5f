"""Tasks that start an execution: what they start, and what they say of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.simulator.control import Control, SimulatorProcess
from tests.test_simulator.conftest import START, chain, types
from tests.test_simulator.definitions import machine, nesting, passing, waiting
from tests.test_simulator.nests import answer, children, last, started

NOBODY = "arn:aws:states:eu-west-1:123456789012:stateMachine:nobody"
HOWS = ("", ".sync", ".sync:2", ".waitForTaskToken")


@pytest.fixture
def child(simulator: Control) -> str:
    """A machine whose executions wait."""
    return simulator.create("child", machine(Ask=waiting()))


# --- starting ----------------------------------------------------------------------------------
def test_a_request_is_done_once_the_child_has_started(simulator: Control, child: str) -> None:
    parent = started(simulator, nesting(child, "", {"Name": "one"}))
    (arn,) = children(simulator, child)
    assert simulator.execution(arn)["status"] == "RUNNING"
    assert types(simulator.history(parent))[2:5] == [
        "TaskScheduled",
        "TaskStarted",
        "TaskSucceeded",
    ]
    output = json.loads(simulator.execution(parent)["output"])
    assert (output["ExecutionArn"], output["StartDate"]) == (arn, START * 1000)
    assert output["SdkHttpMetadata"]["HttpStatusCode"] == 200


@pytest.mark.parametrize("how", HOWS[1:])
def test_what_waits_says_what_it_started(simulator: Control, child: str, how: str) -> None:
    parent = started(simulator, nesting(child, how, {"Name": "one"}))
    assert chain(simulator.history(parent))[2:] == [
        (3, 2, "TaskScheduled"),
        (4, 3, "TaskStarted"),
        (5, 4, "TaskSubmitted"),
    ]
    submitted = last(simulator, parent, "TaskSubmitted")
    assert (submitted["resource"], submitted["resourceType"]) == (f"startExecution{how}", "states")
    assert json.loads(submitted["output"])["ExecutionArn"] == children(simulator, child)[0]


def test_the_child_gets_what_input_says(simulator: Control, child: str) -> None:
    parent = started(simulator, nesting(child))
    (arn,) = children(simulator, child)
    name = "AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID"
    assert json.loads(simulator.execution(arn)["input"]) == {name: parent}


@pytest.mark.parametrize(
    ("given", "text"),
    [({"a": "é"}, '{"a":"é"}'), ([1], "[1]"), ('{"a":  1}', '{"a":  1}'), (7, "7"), (None, "{}")],
)
def test_input_may_be_json_or_a_text_of_it(
    simulator: Control, child: str, given: Any, text: str
) -> None:
    started(simulator, nesting(child, "", {"Input": given}))
    assert simulator.execution(children(simulator, child)[0])["input"] == text


def test_jsonata_names_its_fields_alike(simulator: Control, child: str) -> None:
    state = nesting(child)
    arguments = {"StateMachineArn": child, "Input": "{% $states.input %}", "Name": "one"}
    del state["Parameters"]
    state |= {"QueryLanguage": "JSONata", "Arguments": arguments}
    started(simulator, state, {"order": 7})
    (arn,) = children(simulator, child)
    assert (simulator.execution(arn)["name"], simulator.execution(arn)["input"]) == (
        "one",
        '{"order":7}',
    )


def test_a_version_or_an_alias_can_be_started(simulator: Control, child: str) -> None:
    alias = simulator.alias("PROD", simulator.publish(child))
    parent = started(simulator, nesting(alias))
    (arn,) = children(simulator, child)
    answer(simulator, arn)
    shown = json.loads(simulator.execution(parent)["output"])
    assert (shown["StateMachineArn"], shown["StateMachineAliasArn"]) == (child, alias)
    assert shown["StateMachineVersionArn"] == f"{child}:1"


def test_the_name_and_input_of_one_that_runs_are_that_one(simulator: Control, child: str) -> None:
    """Whoever waits for it waits for one end."""
    fields = {"Name": "one", "Input": {}}
    arn = simulator.create("parent", machine(Nest=nesting(child, parameters=fields)))
    parents = [simulator.start(arn), simulator.start(arn)]
    (only,) = children(simulator, child)
    answer(simulator, only)
    assert {simulator.execution(one)["status"] for one in parents} == {"SUCCEEDED"}


# --- refusals ----------------------------------------------------------------------------------
REFUSALS: list[tuple[dict[str, Any], str]] = [
    ({"StateMachineArn": NOBODY}, "StateMachineDoesNotExistException"),
    ({"StateMachineArn": "nothing"}, "InvalidArnException"),
    ({"StateMachineArn": None}, "ValidationException"),
    ({"Name": "a b"}, "InvalidNameException"),
    ({"Name": "taken"}, "ExecutionAlreadyExistsException"),
    ({"Input": "no JSON"}, "InvalidExecutionInputException"),
]


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize(("fields", "error"), REFUSALS)
def test_what_cannot_be_started_fails_the_task(
    simulator: Control, child: str, how: str, fields: dict[str, Any], error: str
) -> None:
    simulator.start(child, name="taken")
    parent = started(simulator, nesting(child, how, fields))
    event = "TaskSubmitFailed" if how else "TaskFailed"
    details = last(simulator, parent, event)
    assert details["error"] == f"StepFunctions.{error}"
    assert "Service: AWSStepFunctions; Status Code: 400; Error Code: " in details["cause"]
    assert simulator.execution(parent)["error"] == details["error"]
    assert len(children(simulator, child)) == 1


def test_a_machine_that_is_being_deleted_starts_nothing(simulator: Control, child: str) -> None:
    simulator.slow_deletion()
    simulator.start(child)
    simulator.call("DeleteStateMachine", stateMachineArn=child)
    parent = started(simulator, nesting(child))
    error = simulator.execution(parent)["error"]
    assert error == "StepFunctions.StateMachineDeletingException"


def test_an_express_workflow_cannot_be_waited_for(simulator: Control) -> None:
    express = simulator.create("fast", machine(Done=passing()), type="EXPRESS")
    parent = started(simulator, nesting(express))
    error = simulator.execution(parent)["error"]
    assert error == "StepFunctions.StateMachineTypeNotSupportedException"


# --- around it ---------------------------------------------------------------------------------
def test_the_children_of_a_map_run_start_executions(simulator: Control, child: str) -> None:
    body = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        **machine(Nest=nesting(child)),
    }
    parent = started(simulator, {"Type": "Map", "ItemProcessor": body, "End": True}, [1, 2])
    first, second = children(simulator, child)
    answer(simulator, first)
    answer(simulator, second)
    outputs = json.loads(simulator.execution(parent)["output"])
    assert {one["ExecutionArn"] for one in outputs} == {first, second}


def test_a_configured_outcome_starts_nothing(simulator: Control, child: str) -> None:
    simulator.outcome("succeed", output='"told"', state="Nest")
    parent = started(simulator, nesting(child))
    assert simulator.execution(parent)["output"] == '"told"'
    assert children(simulator, child) == []


def test_boto3_reads_both_histories(simulator: Control, child: str, client: Any) -> None:
    parent = started(simulator, nesting(child))
    (arn,) = children(simulator, child)
    client.send_task_success(taskToken=simulator.tokens(arn)[0]["token"], output="{}")
    for execution in (parent, arn):
        events = client.get_execution_history(executionArn=execution)["events"]
        assert events[-1]["type"] == "ExecutionSucceeded"


def test_a_journal_knows_which_child_a_parent_waits_for(tmp_path: Path) -> None:
    process = SimulatorProcess(journal=tmp_path / "journal", frozen=True)
    simulator = process.start()
    child = simulator.create("child", machine(Ask=waiting()))
    parent = started(simulator, nesting(child))
    arns = children(simulator, child)
    process.kill()
    simulator = process.start()
    try:
        assert children(simulator, child) == arns
        answer(simulator, arns[0])
        assert simulator.execution(parent)["status"] == "SUCCEEDED"
    finally:
        process.stop()

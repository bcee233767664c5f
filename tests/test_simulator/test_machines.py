"""State machines: created, changed, described, refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.simulator.control import Control
from tests.test_simulator.conftest import refusal
from tests.test_simulator.definitions import CALLBACK, machine, passing, photos, spread, waiting

Run = Callable[..., str]


def test_an_execution_keeps_the_definition_it_started_with(simulator: Control) -> None:
    arn = simulator.create("workflow", machine(Old=waiting()))
    before = simulator.call("DescribeStateMachine", stateMachineArn=arn)
    execution = simulator.start(arn)
    revision = simulator.update(arn, machine(New=waiting()))
    kept = simulator.call("DescribeStateMachineForExecution", executionArn=execution)
    assert json.loads(kept["definition"])["StartAt"] == "Old"
    now = simulator.call("DescribeStateMachine", stateMachineArn=arn)
    assert ("revisionId" in kept, "revisionId" in before, now["revisionId"]) == (
        False,
        False,
        revision,
    )


def test_a_later_execution_runs_on_the_new_definition(simulator: Control) -> None:
    arn = simulator.create("workflow", machine(Old=waiting()))
    simulator.update(arn, machine(New=waiting()))
    assert simulator.tokens(simulator.start(arn))[0]["state"] == "New"


def test_creating_the_same_machine_again_gives_the_same(simulator: Control) -> None:
    first = simulator.create("workflow", machine(Ask=waiting()))
    assert simulator.create("workflow", machine(Ask=waiting())) == first


def test_creating_another_machine_of_the_name_is_refused(simulator: Control) -> None:
    simulator.create("workflow", machine(Ask=waiting()))
    error = refusal(simulator.create, "workflow", machine(Other=waiting()))
    assert error.code == "StateMachineAlreadyExists"


@pytest.mark.parametrize(
    ("resource", "what"),
    [
        (CALLBACK, "'.waitForTaskToken' service integration"),
        ("arn:aws:states:::states:startExecution.sync:2", "'.sync' service integration"),
        ("arn:aws:states:eu-west-1:123456789012:activity:paint", "Activity ARN"),
    ],
)
def test_an_express_machine_may_not_wait(simulator: Control, resource: str, what: str) -> None:
    definition = machine(Ask=waiting(Resource=resource))
    error = refusal(simulator.create, "fast", definition, type="EXPRESS")
    assert error.code == "InvalidDefinition"
    assert f"SCHEMA_VALIDATION_FAILED: Express state machine does not support {what}" in str(error)


@pytest.mark.parametrize(
    ("definition", "words"),
    [
        ("{", "INVALID_JSON_DESCRIPTION"),
        ({"StartAt": "A", "States": {}}, "SCHEMA_VALIDATION_FAILED"),
        (machine(A={"Type": "Pass", "Next": "B"}), "MISSING_TRANSITION_TARGET"),
        (machine(A={"Type": "Pass"}), "Expected one of 'End' or 'Next'"),
        (machine(A={"Type": "Guess", "End": True}), "'Type' is missing or unknown"),
        (
            photos(
                ItemProcessor={
                    "ProcessorConfig": {"Mode": "DISTRIBUTED"},
                    **machine(A=waiting()),
                }
            ),
            "The field 'ExecutionType' must be one of [STANDARD, EXPRESS]",
        ),
        (spread(child_type="EXPRESS"), "Express state machine does not support"),
        (
            spread(ItemReader={"Resource": "arn:aws:states:::s3:listObjectsV2"}),
            "reads items from JSON and CSV objects in S3 only at /States/Each/ItemReader",
        ),
    ],
)
def test_a_definition_that_cannot_run_is_refused(
    simulator: Control, definition: Any, words: str
) -> None:
    error = refusal(simulator.create, "workflow", definition)
    assert error.code == "InvalidDefinition"
    assert words in str(error)


def test_tags_are_given_back(simulator: Control) -> None:
    arn = simulator.create("workflow", machine(A=passing()), tags=[{"key": "team", "value": "ops"}])
    simulator.call("TagResource", resourceArn=arn, tags=[{"key": "tier", "value": "1"}])
    simulator.call("UntagResource", resourceArn=arn, tagKeys=["team"])
    answer = simulator.call("ListTagsForResource", resourceArn=arn)
    assert answer["tags"] == [{"key": "tier", "value": "1"}]


def test_machines_are_listed_by_pages(simulator: Control) -> None:
    for number in range(3):
        simulator.create(f"workflow-{number}", machine(A=passing()))
    first = simulator.call("ListStateMachines", maxResults=2)
    second = simulator.call("ListStateMachines", nextToken=first["nextToken"])
    names = [row["name"] for page in (first, second) for row in page["stateMachines"]]
    assert names == ["workflow-0", "workflow-1", "workflow-2"]
    assert "nextToken" not in second


def test_a_deleted_machine_is_gone(simulator: Control) -> None:
    arn = simulator.create("workflow", machine(A=passing()))
    simulator.call("DeleteStateMachine", stateMachineArn=arn)
    error = refusal(simulator.start, arn)
    assert str(error) == f"StateMachineDoesNotExist: State Machine Does Not Exist: '{arn}'"


def test_the_same_name_and_input_start_one_execution(simulator: Control) -> None:
    arn = simulator.create("workflow", machine(Ask=waiting()))
    first = simulator.start(arn, {"a": 1}, name="once")
    assert simulator.start(arn, {"a": 1}, name="once") == first
    error = refusal(simulator.start, arn, {"a": 2}, name="once")
    assert str(error) == f"ExecutionAlreadyExists: Execution Already Exists: '{first}'"


def test_an_input_that_is_no_json_is_refused(simulator: Control) -> None:
    arn = simulator.create("workflow", machine(A=passing()))
    assert refusal(simulator.start, arn, "{").code == "InvalidExecutionInput"


@pytest.mark.parametrize("name", ["a b", "a/b", "a:b", "a*"])
def test_a_name_with_a_forbidden_sign_is_refused(simulator: Control, name: str) -> None:
    arn = simulator.create("workflow", machine(A=passing()))
    assert refusal(simulator.start, arn, name=name).code == "InvalidName"


def test_a_loop_without_end_dies_of_its_history(simulator: Control, run: Run) -> None:
    loop = machine(A={"Type": "Pass", "Next": "B"}, B={"Type": "Pass", "Next": "A"})
    execution = run(loop)
    ended = simulator.execution(execution)
    assert ended["error"] == "States.Runtime"
    assert "25000" in ended["cause"]
    assert len(simulator.history(execution)) == 25_000


def test_a_missing_member_is_named(simulator: Control) -> None:
    error = refusal(simulator.call, "SendTaskSuccess", taskToken="x")
    assert str(error) == (
        "ValidationException: 1 validation error detected: Value at 'output' failed to satisfy"
        " constraint: Member must not be null"
    )


def test_an_unknown_operation_is_refused(simulator: Control) -> None:
    assert refusal(simulator.call, "Guess").code == "UnknownOperationException"


def test_a_configured_result_is_what_the_task_gives(simulator: Control, run: Run) -> None:
    simulator.outcome("succeed", state="Look", output='{"found": true}', times=1)
    resource = "arn:aws:states:::dynamodb:getItem"
    execution = run(machine(Look=waiting(Resource=resource, Parameters={})))
    assert json.loads(simulator.execution(execution)["output"]) == {"found": True}


def test_a_configured_failure_meets_the_retrier(simulator: Control, run: Run) -> None:
    simulator.outcome("fail", state="Look", error="Lambda.TooManyRequestsException", times=1)
    look = waiting(
        Resource="arn:aws:states:::lambda:invoke",
        Parameters={"FunctionName": "f", "Payload": {"n": 1}},
        Retry=[{"ErrorEquals": ["Lambda.TooManyRequestsException"]}],
        OutputPath="$.Payload",
    )
    execution = run(machine(Look=look))
    simulator.advance(1)
    assert json.loads(simulator.execution(execution)["output"]) == {"n": 1}


def test_a_callback_whose_target_cannot_be_called_never_waits(simulator: Control, run: Run) -> None:
    simulator.outcome("fail", state="Ask", error="Lambda.ResourceNotFoundException")
    execution = run(machine(Ask=waiting()))
    types = [event["type"] for event in simulator.history(execution)]
    assert types[2:] == ["TaskScheduled", "TaskStarted", "TaskFailed", "ExecutionFailed"]


def test_any_event_can_be_written_into_a_history(simulator: Control, run: Run) -> None:
    execution = run(machine(Ask=waiting()))
    event_id = simulator.add_event(execution, "TaskDreamt", 5, dream="sheep")
    event = simulator.history(execution)[-1]
    assert (event["id"], event["taskDreamtEventDetails"]) == (event_id, {"dream": "sheep"})

"""The case that the product was founded on, from start to success, over the wire."""

from __future__ import annotations

import json
from typing import Any

from tests.test_simulator.conftest import chain
from tests.test_simulator.definitions import FOUNDING_CASE, FUNCTION


def _wait(client: Any) -> tuple[str, list[Any]]:
    arn = client.create_state_machine(
        name="spark",
        definition=json.dumps(FOUNDING_CASE),
        roleArn="arn:aws:iam::123456789012:role/r",
    )["stateMachineArn"]
    execution = client.start_execution(stateMachineArn=arn, input='{"job": 7}')["executionArn"]
    return execution, client.get_execution_history(executionArn=execution)["events"]


def test_it_waits_with_the_events_that_aws_writes(client: Any) -> None:
    _, events = _wait(client)
    assert chain(events) == [
        (1, 0, "ExecutionStarted"),
        (2, 0, "TaskStateEntered"),
        (3, 2, "TaskScheduled"),
        (4, 3, "TaskStarted"),
        (5, 4, "TaskSubmitted"),
    ]


def test_the_scheduled_event_carries_the_token_within_the_whole_context(client: Any) -> None:
    execution, events = _wait(client)
    details = events[2]["taskScheduledEventDetails"]
    given = json.loads(details["parameters"])
    assert details["resource"] == "invoke.waitForTaskToken"
    assert details["resourceType"] == "lambda"
    assert given["FunctionName"] == FUNCTION
    assert given["Payload"]["input"] == {"job": 7}
    assert given["Payload"]["context"]["Execution"]["Id"] == execution
    assert len(given["Payload"]["context"]["Task"]["Token"]) == 684


def test_an_answer_goes_through_the_output_path(client: Any) -> None:
    execution, events = _wait(client)
    given = json.loads(events[2]["taskScheduledEventDetails"]["parameters"])
    token = given["Payload"]["context"]["Task"]["Token"]
    answer = client.send_task_success(
        taskToken=token, output='{"Payload": {"message": "succeeded"}}'
    )
    assert answer["ResponseMetadata"]["RequestId"]
    ended = client.describe_execution(executionArn=execution)
    assert ended["status"] == "SUCCEEDED"
    assert json.loads(ended["output"]) == {"message": "succeeded"}


def test_an_output_without_payload_kills_the_execution_after_the_task_succeeded(
    client: Any,
) -> None:
    execution, events = _wait(client)
    given = json.loads(events[2]["taskScheduledEventDetails"]["parameters"])
    token = given["Payload"]["context"]["Task"]["Token"]
    client.send_task_success(taskToken=token, output='{"message": "no payload"}')
    events = client.get_execution_history(executionArn=execution)["events"]
    assert chain(events)[5:] == [(6, 5, "TaskSucceeded"), (7, 6, "ExecutionFailed")]
    died = events[-1]["executionFailedEventDetails"]
    assert died["error"] == "States.Runtime"
    assert "Invalid path '$.Payload'" in died["cause"]

"""The boundary against moto, an implementation that knows nothing of ours."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import boto3
import pytest

from callbacks.stepfunctions import (
    Access,
    Events,
    IncompleteAnswer,
    NotFound,
    Reader,
    Sender,
    TaskGone,
    forget_clients,
    who_we_are,
)
from tests.moto_server import running_moto

ANSWER = '{"Payload": {"message": "succeeded"}}'
# The founding case. moto needs no function behind it, but ends a wait without TimeoutSeconds
# after 60 seconds.
DEFINITION = {
    "StartAt": "Wait",
    "States": {
        "Wait": {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
            "OutputPath": "$.Payload",
            "TimeoutSeconds": 600,
            "Parameters": {
                "FunctionName": "arn:aws:lambda:us-east-1:123456789012:function:spark:$LATEST",
                "Payload": {"input.$": "$", "context.$": "$$"},
            },
            "End": True,
        }
    },
}


@dataclass(frozen=True)
class Moto:
    access: Access
    plain: Any
    machine: str

    def start(self, name: str) -> str:
        started = self.plain.start_execution(
            stateMachineArn=self.machine, name=name, input='{"n": 1}'
        )
        arn: str = started["executionArn"]
        return arn


@pytest.fixture(scope="module")
def moto() -> Iterator[Moto]:
    with running_moto() as url:
        session = boto3.Session(aws_access_key_id="local", aws_secret_access_key="local")
        plain = session.client("stepfunctions", region_name="us-east-1", endpoint_url=url)
        machine = plain.create_state_machine(
            name="Order",
            definition=json.dumps(DEFINITION),
            roleArn="arn:aws:iam::123456789012:role/r",
            tags=[{"key": "team", "value": "risk"}],
        )["stateMachineArn"]
        yield Moto(Access(region="us-east-1", endpoint_url=url), plain, machine)
        forget_clients()


def events_until(reader: Reader, arn: str, kind: str) -> Events:
    """Read the history until an event of this type is there."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with suppress(IncompleteAnswer):  # moto's histories begin without an event
            events = reader.history(execution_arn=arn)
            if any(event["type"] == kind for event in events):
                return events
        time.sleep(0.05)
    raise AssertionError(f"no {kind} in the history")


def token_in(events: Events) -> str:
    scheduled = next(event for event in events if event["type"] == "TaskScheduled")
    parameters = json.loads(scheduled["taskScheduledEventDetails"]["parameters"])
    token: str = parameters["Payload"]["context"]["Task"]["Token"]
    return token


def test_a_task_is_found_and_answered(moto: Moto) -> None:
    arn, reader = moto.start("answered"), Reader(access=moto.access)
    waiting = events_until(reader, arn, "TaskSubmitted")
    Sender(access=moto.access).send_task_success(token=token_in(waiting), output=ANSWER)
    ended = events_until(reader, arn, "ExecutionSucceeded")
    new = reader.history_since(execution_arn=arn, last_event_id=len(waiting))
    assert [one["id"] for one in new] == list(range(len(waiting) + 1, len(ended) + 1))
    detail = reader.describe_execution(arn=arn)
    assert detail.status == "SUCCEEDED"
    assert json.loads(detail.output or "") == {"message": "succeeded"}


def test_a_task_is_failed_with_its_error(moto: Moto) -> None:
    arn, reader = moto.start("failed"), Reader(access=moto.access)
    waiting = events_until(reader, arn, "TaskSubmitted")
    Sender(access=moto.access).send_task_failure(token=token_in(waiting), error="Rejected")
    events = events_until(reader, arn, "TaskFailed")
    failed = next(event for event in events if event["type"] == "TaskFailed")
    assert failed["taskFailedEventDetails"]["error"] == "Rejected"


def test_a_running_execution_is_listed_with_its_machine(moto: Moto) -> None:
    arn, reader = moto.start("listed"), Reader(access=moto.access)
    machines = reader.list_state_machines()
    assert [machine.arn for machine in machines] == [moto.machine]
    listed = reader.list_executions(state_machine_arn=machines[0].arn)
    assert arn in [execution.arn for execution in listed]
    detail = reader.describe_state_machine_for_execution(execution_arn=arn)
    assert json.loads(detail.definition)["StartAt"] == "Wait"
    assert reader.tags(arn=moto.machine) == {"team": "risk"}


def test_what_moto_does_not_know_is_told_in_our_words(moto: Moto) -> None:
    with pytest.raises(NotFound):
        Reader(access=moto.access).describe_execution(
            arn=moto.machine.replace("stateMachine", "execution") + ":none"
        )
    with pytest.raises(TaskGone) as raised:
        Sender(access=moto.access).send_task_heartbeat(token="no such token")
    assert raised.value.code == "InvalidToken"


def test_the_account_is_known_from_sts(moto: Moto) -> None:
    assert who_we_are(access=moto.access).account == "123456789012"


def test_a_role_session_has_the_name_that_was_asked_for(moto: Moto) -> None:
    role = "arn:aws:iam::123456789012:role/Holdpoint"
    access = replace(moto.access, role_arn=role, external_id="e-7", session_name="holdpoint-1-ana")
    assert who_we_are(access=access).arn.endswith(":assumed-role/Holdpoint/holdpoint-1-ana")

"""The main path against moto, an independent implementation."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from django.utils import timezone

from callbacks.models import CallbackTask, Connection, Execution
from callbacks.models.secret import decrypt_token
from callbacks.sync import PassFigures, run_pass
from tests import making
from tests.moto_server import running_moto
from tests.sync.world import FOUNDING_CASE

ROLE = "arn:aws:iam::123456789012:role/workflow"


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    with running_moto() as url:
        yield url


@pytest.fixture
def states(moto: str) -> Any:
    return boto3.client(
        "stepfunctions",
        endpoint_url=moto,
        region_name="us-east-1",
        aws_access_key_id="local",
        aws_secret_access_key="local",
    )


@pytest.fixture
def connection(db: None, moto: str) -> Connection:
    return making.make_connection(endpoint_url=moto, region="us-east-1")


def until(condition: Any, look: Any) -> Any:
    """moto moves in threads of its own: look until it is so, twenty seconds at most."""
    deadline = timezone.now().timestamp() + 20
    while True:
        found = look()
        if condition(found):
            return found
        assert timezone.now().timestamp() < deadline


def test_the_founding_case_opens_and_closes_on_moto(states: Any, connection: Connection) -> None:
    definition = json.loads(json.dumps(FOUNDING_CASE))
    definition["States"]["Approve"]["TimeoutSeconds"] = 600
    machine = states.create_state_machine(
        name="spark", definition=json.dumps(definition), roleArn=ROLE
    )["stateMachineArn"]
    arn = states.start_execution(stateMachineArn=machine, name="job-1", input='{"job": 7}')

    def sync() -> PassFigures:
        return run_pass(connection=connection, now=timezone.now())

    until(lambda _: CallbackTask.objects.waiting().exists(), sync)
    task = CallbackTask.objects.get()
    token = decrypt_token(ciphertext=bytes(task.token_ciphertext), task_id=task.pk)
    assert token not in task.input + task.context + task.parameters
    states.send_task_success(taskToken=token, output='{"Payload": {"message": "succeeded"}}')
    until(lambda _: not Execution.objects.filter(status="RUNNING").exists(), sync)

    task.refresh_from_db()
    task.execution.refresh_from_db()
    assert (task.status, task.closed_kind) == ("answered", "succeeded")
    assert task.execution.arn == arn["executionArn"]
    assert json.loads(task.execution.output) == {"message": "succeeded"}

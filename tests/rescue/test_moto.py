"""What moto, an independent implementation, can show: it knows no redrive and stops late."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from django.utils import timezone

from callbacks.models import CallbackTask, RescueStatus, Role
from callbacks.models.secret import decrypt_token
from callbacks.rescue.ask import heartbeat, stop
from callbacks.rescue.carry_out import carry_out
from callbacks.rescue.settle import settle
from callbacks.sync import run_pass
from tests import making
from tests.moto_server import running_moto
from tests.sync.world import LAMBDA, machine, task

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    with running_moto() as url:
        yield url


@pytest.fixture
def waiting(moto: str, monkeypatch: Any) -> CallbackTask:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "local")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "local")
    states = boto3.client("stepfunctions", endpoint_url=moto, region_name="us-east-1")
    definition = machine(Review=task(resource=LAMBDA, TimeoutSeconds=900, HeartbeatSeconds=600))
    arn = states.create_state_machine(
        name=f"m-{uuid.uuid4().hex[:8]}",
        definition=json.dumps(definition),
        roleArn="arn:aws:iam::123456789012:role/workflow",
    )["stateMachineArn"]
    run = states.start_execution(stateMachineArn=arn, name=uuid.uuid4().hex, input="{}")
    making.default_policy()
    connection = making.make_connection(endpoint_url=moto, region="us-east-1")
    # moto moves in threads of its own: look for twenty seconds at most.
    deadline = timezone.now().timestamp() + 20
    while timezone.now().timestamp() < deadline:
        run_pass(connection=connection, now=timezone.now(), full=True)
        found = CallbackTask.objects.filter(execution__arn=run["executionArn"]).first()
        if found is not None and listens(states, found):
            return found
    pytest.fail("moto never let the task wait")


def listens(states: Any, waiting: CallbackTask) -> bool:
    """Moto tells of a task a moment before it takes a heartbeat for it."""
    if waiting.token_ciphertext is None:
        return False
    token = decrypt_token(ciphertext=bytes(waiting.token_ciphertext), task_id=waiting.pk)
    try:
        states.send_task_heartbeat(taskToken=token)
    except states.exceptions.ClientError:
        return False
    return True


def asked(**fields: Any) -> dict[str, Any]:
    operator = making.make_person("olga", Role.OPERATOR)
    actor = making.make_actor(operator)
    return {"action_id": uuid.uuid4(), "actor": actor, "now": timezone.now(), **fields}


def test_moto_takes_a_heartbeat(waiting: CallbackTask) -> None:
    action = heartbeat(task_id=waiting.pk, **asked())
    carry_out(action_id=action.pk, now=timezone.now())
    action.refresh_from_db()
    assert (action.status, bool(action.aws_request_id)) == (RescueStatus.DONE, True)


def test_a_stop_that_moto_took_is_not_called_done_while_the_run_goes_on(
    waiting: CallbackTask,
) -> None:
    action = stop(execution_id=waiting.execution_id, **asked(reason="It hangs."))
    carry_out(action_id=action.pk, now=timezone.now())
    settle(action_id=action.pk, now=timezone.now())
    action.refresh_from_db()
    assert action.status == RescueStatus.SENT

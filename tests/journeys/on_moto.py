"""The founding case waiting in moto's server, which is not ours, with a real worker and beat."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from django.utils import timezone

from callbacks.models import CallbackTask, Connection, Execution, Role, User
from callbacks.models.secret import decrypt_token
from callbacks.sync import run_pass
from tests import making
from tests.faults.processes import Processes, processes, wait_until
from tests.journeys.founding import DEFINITION, INPUT
from tests.moto_server import running_moto

ROLE_ARN = "arn:aws:iam::123456789012:role/workflow"
REGION = "us-east-1"
_numbers = itertools.count(1)


@dataclass
class OnMoto:
    """The run that waits in moto, a client of our own beside the product, and who may answer."""

    states: Any
    connection: Connection
    execution_arn: str
    approver: User

    @property
    def machine_name(self) -> str:
        return self.execution_arn.split(":")[6]

    @property
    def execution(self) -> Execution:
        return Execution.objects.get(arn=self.execution_arn)

    @property
    def task(self) -> CallbackTask:
        return CallbackTask.objects.get(execution__arn=self.execution_arn)

    def token(self) -> str:
        task = self.task
        return decrypt_token(ciphertext=bytes(task.token_ciphertext), task_id=task.pk)

    def one_pass(self) -> None:
        run_pass(connection=self.connection, now=timezone.now())

    def described(self) -> Any:
        return self.states.describe_execution(executionArn=self.execution_arn)

    def until_moto_says(self, status: str) -> Any:
        """moto moves in threads of its own."""
        return wait_until(lambda: (seen := self.described())["status"] == status and seen)

    def event_kinds(self) -> list[str]:
        history = self.states.get_execution_history(executionArn=self.execution_arn)
        return [event["type"] for event in history["events"]]


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    with running_moto() as url:
        yield url


@pytest.fixture
def on_moto(moto: str, transactional_db: None) -> OnMoto:
    making.default_policy()
    states = boto3.client(
        "stepfunctions",
        endpoint_url=moto,
        region_name=REGION,
        aws_access_key_id="local",
        aws_secret_access_key="local",
    )
    world = OnMoto(
        states=states,
        connection=making.make_connection("moto", endpoint_url=moto, region=REGION),
        execution_arn=_start(states),
        approver=making.make_person("ana", Role.APPROVER, first_name="Ana"),
    )
    wait_until(lambda: "TaskSubmitted" in world.event_kinds())
    world.one_pass()
    return world


@pytest.fixture
def moto_workers(on_moto: OnMoto, tmp_path: Path) -> Iterator[Processes]:
    """A worker and a beat as real processes on the test's database."""
    with processes(tmp_path) as running:
        running.start("beat")
        running.start("worker")
        yield running


def _start(states: Any) -> str:
    name = f"spark-settlement-{next(_numbers)}"
    machine = states.create_state_machine(
        name=name, definition=json.dumps(DEFINITION), roleArn=ROLE_ARN
    )
    # Named: moto calls every run without a name the same.
    started: str = states.start_execution(
        stateMachineArn=machine["stateMachineArn"], name=f"{name}-run", input=json.dumps(INPUT)
    )["executionArn"]
    return started

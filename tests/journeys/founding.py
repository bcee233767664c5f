"""The founding case, waiting in a simulated Step Functions, with a real worker and beat."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from callbacks.models import CallbackTask, Connection, Role, User
from callbacks.sync import run_pass
from tests import making
from tests.faults.processes import Processes, processes
from tests.simulator.control import Control, running_simulator

DEFINITION = {
    "StartAt": "RunSparkJob",
    "States": {
        "RunSparkJob": {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
            "OutputPath": "$.Payload",
            "Parameters": {
                "FunctionName": "spark:$LATEST",
                "Payload": {"input.$": "$", "context.$": "$$"},
            },
            "Retry": [
                {
                    "ErrorEquals": [
                        "Lambda.ServiceException",
                        "Lambda.AWSLambdaException",
                        "Lambda.SdkClientException",
                        "Lambda.TooManyRequestsException",
                    ],
                    "IntervalSeconds": 2,
                    "MaxAttempts": 6,
                    "BackoffRate": 2,
                }
            ],
            "End": True,
        }
    },
}
INPUT = {"job": "settlement-2026-11-23", "cluster": "dc2"}
OUTPUT = '{"Payload": {"message": "succeeded"}}'
# A worker may have to start on a machine that is busy with other tests.
SETTLES_MS = 40_000


@dataclass
class Founding:
    """The run that waits, and who may answer it."""

    simulator: Control
    connection: Connection
    machine_arn: str
    execution_arn: str
    approver: User
    second: User

    @property
    def task(self) -> CallbackTask:
        return CallbackTask.objects.get(execution__arn=self.execution_arn)

    def another(self) -> CallbackTask:
        """One more run of the same kind, mirrored."""
        arn = self.simulator.start(self.machine_arn, INPUT)
        run_pass(connection=self.connection, now=timezone.now())
        return CallbackTask.objects.get(execution__arn=arn)

    def ended(self) -> Any:
        return self.simulator.execution(self.execution_arn)

    def applied(self) -> list[dict[str, Any]]:
        calls = self.simulator.calls("SendTaskSuccess") + self.simulator.calls("SendTaskFailure")
        return [call for call in calls if call["applied"]]


@pytest.fixture
def founding(transactional_db: None) -> Iterator[Founding]:
    making.default_policy()
    with running_simulator() as simulator:
        connection = making.make_connection("samples", endpoint_url=simulator.url)
        machine_arn = simulator.create("spark-settlement", DEFINITION)
        execution_arn = simulator.start(machine_arn, INPUT)
        run_pass(connection=connection, now=timezone.now())
        yield Founding(
            simulator=simulator,
            connection=connection,
            machine_arn=machine_arn,
            execution_arn=execution_arn,
            approver=making.make_person("ana", Role.APPROVER, first_name="Ana"),
            second=making.make_person("mateo", Role.APPROVER, first_name="Mateo"),
        )


@pytest.fixture
def workers(founding: Founding, tmp_path: Path) -> Iterator[Processes]:
    """A worker and a beat as real processes on the test's database."""
    with processes(tmp_path) as running:
        running.start("beat")
        running.start("worker")
        yield running

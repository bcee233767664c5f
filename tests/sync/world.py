"""One connection, the simulator behind it, and the moment that both agree on."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from callbacks.models import CallbackTask, Connection, ConnectionHealth, Execution
from callbacks.sync import PassFigures, run_pass
from tests.simulator.control import Control

LAMBDA = "arn:aws:states:::lambda:invoke.waitForTaskToken"
SQS = "arn:aws:states:::sqs:sendMessage.waitForTaskToken"


def task(*, resource: str = SQS, **fields: Any) -> dict[str, Any]:
    """A state that waits and hands its token over."""
    parameters = {"QueueUrl": "q", "MessageBody": {"in.$": "$", "token.$": "$$.Task.Token"}}
    if resource == LAMBDA:
        parameters = {"FunctionName": "f", "Payload": {"input.$": "$", "context.$": "$$"}}
    after = {} if "Next" in fields else {"End": True}
    return {"Type": "Task", "Resource": resource, "Parameters": parameters, **after, **fields}


def machine(**states: dict[str, Any]) -> dict[str, Any]:
    return {"StartAt": next(iter(states)), "States": states}


FOUNDING_CASE = machine(
    Approve=task(
        resource=LAMBDA,
        OutputPath="$.Payload",
        Retry=[
            {
                "ErrorEquals": ["Lambda.ServiceException", "Lambda.SdkClientException"],
                "IntervalSeconds": 2,
                "MaxAttempts": 6,
                "BackoffRate": 2,
            }
        ],
    )
)


@dataclass
class World:
    connection: Connection
    simulator: Control
    # How far our clock has been moved along with the simulator's.
    later: timedelta = field(default_factory=timedelta)

    @property
    def now(self) -> datetime:
        return datetime.fromtimestamp(self.simulator.now(), UTC)

    def start(self, definition: Any = None, input: Any = None, *, name: str = "orders") -> str:  # noqa: A002 - AWS's word
        """Create the machine and start one execution of it; its ARN."""
        arn = self.simulator.create(name, definition or FOUNDING_CASE)
        return self.simulator.start(arn, input if input is not None else {"order": "A-1"})

    def sync(self, **options: Any) -> PassFigures:
        return run_pass(connection=self.connection, now=self.now, **options)

    def token(self, execution_arn: str, state: str | None = None) -> str:
        """The token of the execution's open task (in this state)."""
        found = [
            one["token"]
            for one in self.simulator.tokens(execution_arn)
            if state in (None, one["state"])
        ]
        return str(found[0])

    def succeed(self, execution_arn: str, output: str = '{"Payload": {}}', **which: Any) -> None:
        token = self.token(execution_arn, **which)
        self.simulator.call("SendTaskSuccess", taskToken=token, output=output)

    def fail(self, execution_arn: str, error: str = "No", cause: str = "Not good") -> None:
        token = self.token(execution_arn)
        self.simulator.call("SendTaskFailure", taskToken=token, error=error, cause=cause)

    def execution(self, arn: str) -> Execution:
        return Execution.objects.get(arn=arn)

    def tasks(self, arn: str) -> list[CallbackTask]:
        return list(CallbackTask.objects.filter(execution__arn=arn).order_by("scheduled_event_id"))

    def task(self, arn: str) -> CallbackTask:
        """The only task of the execution."""
        (found,) = self.tasks(arn)
        return found

    @property
    def health(self) -> ConnectionHealth:
        return ConnectionHealth.objects.get(connection=self.connection)

"""Hand-written histories in the form that boto3 gives, for tests of reading them."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from callbacks.asl.definition import Definition, parse_definition
from callbacks.asl.history import CallbackTask, History, read_history

BEGAN = datetime(2026, 3, 1, 12, tzinfo=UTC)
SQS = "arn:aws:states:::sqs:sendMessage.waitForTaskToken"
LAMBDA = "arn:aws:states:::lambda:invoke.waitForTaskToken"


def aws_token(name: str) -> str:
    """A text of a real token's length and alphabet: two base64 texts joined."""
    parts = b"".join(hashlib.sha512(f"{name}{n}".encode()).digest() for n in range(8))
    first = base64.b64encode(b"\x01\x00\x84\x00\x00\x00\x2a\x00\x00\x00\x03" + parts[:230]).decode()
    return first + base64.b64encode(parts[:250]).decode()


def machine(states: dict[str, Any], **fields: Any) -> Definition:
    return parse_definition(json.dumps({"StartAt": next(iter(states)), "States": states, **fields}))


def callback(parameters: Any = None, resource: str = SQS, **fields: Any) -> dict[str, Any]:
    given = {"MessageBody": {"token.$": "$$.Task.Token"}} if parameters is None else parameters
    return {"Type": "Task", "Resource": resource, "Parameters": given, "End": True, **fields}


@dataclass
class Script:
    """Events one after the other; each call returns its event's id."""

    input: str = "{}"
    events: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.add("ExecutionStarted", 0, input=self.input)

    def add(self, kind: str, previous: int, key: str = "", **details: Any) -> int:
        number = len(self.events) + 1
        name = key or f"{kind[0].lower()}{kind[1:]}EventDetails"
        self.events.append(
            {
                "id": number,
                "previousEventId": previous,
                "type": kind,
                "timestamp": BEGAN + timedelta(seconds=number),
                name: details,
            }
        )
        return number

    def enter(self, state: str, previous: int, kind: str = "Task", given: str = "{}") -> int:
        return self.add(
            f"{kind}StateEntered", previous, "stateEnteredEventDetails", name=state, input=given
        )

    def exit(self, state: str, previous: int, kind: str = "Task", **more: Any) -> int:
        return self.add(
            f"{kind}StateExited", previous, "stateExitedEventDetails", name=state, **more
        )

    def schedule(self, previous: int, parameters: Any = None, **details: Any) -> int:
        text = parameters if isinstance(parameters, str) else json.dumps(parameters or {})
        given = {"resourceType": "sqs", "resource": "sendMessage.waitForTaskToken", **details}
        return self.add("TaskScheduled", previous, parameters=text, **given)

    def attempt(self, previous: int, token: str = "") -> int:
        """One attempt up to its waiting."""
        scheduled = self.schedule(previous, {"MessageBody": {"token": token or aws_token("t")}})
        started = self.add("TaskStarted", scheduled)
        return self.add("TaskSubmitted", started, output="{}")

    def wait(self, state: str, previous: int, token: str = "", given: str = "{}") -> int:
        return self.attempt(self.enter(state, previous, given=given), token)

    def map_start(self, state: str, previous: int, length: int) -> int:
        entered = self.enter(state, previous, "Map")
        return self.add("MapStateStarted", entered, length=length)

    def iteration(self, end: str, previous: int, state: str, index: int) -> int:
        name = "mapIterationStartedEventDetails" if end == "Started" else ""
        return self.add(f"MapIteration{end}", previous, name, name=state, index=index)

    def parallel_start(self, state: str, previous: int) -> int:
        return self.add("ParallelStateStarted", self.enter(state, previous, "Parallel"))

    def read(self, definition: Definition | None = None) -> History:
        return read_history(events=self.events, definition=definition)

    def only(self, definition: Definition | None = None) -> CallbackTask:
        (task,) = self.read(definition).tasks
        return task


def closings(history: History) -> dict[str, str | None]:
    """How each task stands, by state and iteration."""
    return {
        f"{task.state} {task.iteration}".strip(): task.closed.kind if task.closed else None
        for task in history.tasks
    }

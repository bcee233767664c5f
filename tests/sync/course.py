"""What happens in AWS, drawn at random: executions start, are answered, stopped and redriven."""

from __future__ import annotations

import random
from typing import Any

from tests.simulator.control import Control, ControlError
from tests.sync.world import machine, task

RETRY = [{"ErrorEquals": ["Again"], "IntervalSeconds": 2, "MaxAttempts": 3}]
# What somebody else says, so that it is told from what is answered here.
ELSEWHERE = {"output": '{"by": "somebody else"}', "cause": "Somebody else says no."}


def workflows(*, timeout: int = 90, heartbeat: int = 60) -> dict[str, dict[str, Any]]:
    """State machines of each shape in which tasks wait; times in seconds."""
    return {
        "one": machine(Wait=task(Retry=RETRY)),
        "two": machine(First=task(Next="Second"), Second=task(TimeoutSeconds=timeout)),
        "both": machine(
            Both={
                "Type": "Parallel",
                "Branches": [
                    machine(Left=task()),
                    machine(Right=task(HeartbeatSeconds=heartbeat)),
                ],
                "End": True,
            }
        ),
        "many": machine(
            Each={
                "Type": "Map",
                "ItemsPath": "$.items",
                "MaxConcurrency": 2,
                "Iterator": machine(Item=task()),
                "End": True,
            }
        ),
        "spread": machine(
            Each={
                "Type": "Map",
                "ItemsPath": "$.items",
                "MaxConcurrency": 2,
                "ToleratedFailureCount": 1,
                "ItemProcessor": {
                    "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
                    **machine(Child=task()),
                },
                "End": True,
            }
        ),
    }


class Course:
    """One seeded course of events."""

    def __init__(self, simulator: Control, seed: int, *, crowd: int = 30, **times: int) -> None:
        """`crowd`: how many start at once, now and then; `times`: those of `workflows`."""
        self.simulator = simulator
        self.random = random.Random(seed)
        self.machines = [simulator.create(name, text) for name, text in workflows(**times).items()]
        self.started: list[str] = []
        self._sizes = [1, 1, 1, crowd]

    def start(self) -> None:
        arn = self.random.choice(self.machines)
        for _ in range(self.random.choice(self._sizes)):
            self.started.append(self.simulator.start(arn, {"items": [1, 2, 3]}))

    def answer(self) -> None:
        for token in self._some_tokens():
            self._call("SendTaskSuccess", taskToken=token, output=ELSEWHERE["output"])

    def fail(self) -> None:
        error = self.random.choice(["Again", "Never"])
        for token in self._some_tokens():
            self._call("SendTaskFailure", taskToken=token, error=error, cause=ELSEWHERE["cause"])

    def stop(self) -> None:
        self._call("StopExecution", executionArn=self._any_started())

    def redrive(self) -> None:
        self._call("RedriveExecution", executionArn=self._any_started())

    def _some_tokens(self) -> list[str]:
        tokens = sorted(one["token"] for one in self.simulator.tokens())
        return self.random.sample(tokens, min(len(tokens), self.random.choice([1, 1, 8])))

    def _any_started(self) -> str:
        return self.random.choice(self.started) if self.started else "none"

    def _call(self, operation: str, **given: Any) -> None:
        try:
            self.simulator.call(operation, **given)
        except ControlError:
            # Over already, or not redrivable: AWS said no, and nothing happened.
            return

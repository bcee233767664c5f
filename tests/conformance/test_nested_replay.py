"""The simulator against real AWS where a Task starts an execution: here one is really started."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from tests.simulator.engine import Engine
from tests.simulator.history import wire_history
from tests.simulator.replay import differences
from tests.simulator.service import Service
from tests.test_simulator.definitions import machine, passing, waiting

FOLDER = os.environ.get("HOLDPOINT_RECORDINGS")
pytestmark = pytest.mark.skipif(
    not FOLDER, reason="HOLDPOINT_RECORDINGS does not name the folder of AWS recordings"
)
CAUSE = "This state machines raises a 'SomeFailure' failure."
GOOD = machine(Done=passing(Result={"Arg1": "argument1"}))
BAD = machine(Stop={"Type": "Fail", "Error": "SomeFailure", "Cause": CAUSE})
# What the recorded executions started, as far as it shows in theirs.
CHILDREN = {
    "sfn-task-service.start-execution": GOOD,
    "callback.start-execution-sync": GOOD,
    "base-callbacks.sfn-start-execution-sync-sfn-sync": GOOD,
    "credentials-base.cross-account-states-start-sync-execution"
    "-sfn-start-execution-sync-role-arn-jsonata": GOOD,
    "callback.start-execution-sync-delegate-failure": BAD,
    "callback.sync-with-task-token": machine(Ask=waiting()),
}
NO_SUCH = "task-service-sfn.start-execution-no-such-arn"
ROLE = "arn:aws:iam::111111111111:role/r"


def recording(name: str, arn: str) -> Any:
    """With an ARN of ours instead of its stand-in, and its lengths, which follow from it, open."""
    text = Path(FOLDER or ".", "executions", f"{name}.json").read_text(encoding="utf-8")
    text = text.replace(json.loads(text)["input"]["StateMachineArn"], arn)
    text = re.sub(r'("Content-Length": \[?)"\d+"', r'\1"<length>"', text)
    return json.loads(text, object_hook=as_since_redrives)


def as_since_redrives(found: dict[str, Any]) -> dict[str, Any]:
    """The recordings of 2023 are older than redrives, and say nothing of them."""
    if "StopDate" not in found or "RedriveCount" in found:
        return found
    standing: dict[str, Any] = {"RedriveCount": 0, "RedriveStatus": "REDRIVABLE"}
    if found["Status"] == "SUCCEEDED":
        words = "Execution is SUCCEEDED and cannot be redriven"
        standing |= {"RedriveStatus": "NOT_REDRIVABLE", "RedriveStatusReason": words}
    return {**found, **standing}


class Replay:
    """One engine with a machine to start, and the recorded one that starts it."""

    def __init__(self, child: Any) -> None:
        self.engine = Engine(seed="replay", region="us-east-1", account="111111111111")
        self.service = Service(self.engine, "replay")
        self.engine.run_until(1_700_000_000.0)
        self.child = self._create("child", child)

    def _create(self, name: str, definition: Any) -> str:
        given = {"name": name, "definition": json.dumps(definition), "roleArn": ROLE}
        return str(self.service.call("CreateStateMachine", given)["stateMachineArn"])

    def run(self, recorded: Any) -> list[dict[str, Any]]:
        """The events of the recorded machine, whose open task is answered as it was."""
        parent = self._create("parent", recorded["definition"])
        given = json.dumps(recorded.get("input_as_sent", recorded["input"]))
        arn = self.service.call("StartExecution", {"stateMachineArn": parent, "input": given})
        execution = self.engine.executions[arn["executionArn"]]
        for visit in self.engine.open_tasks_of(execution.arn):
            answer = recorded["events"][5]["taskSucceededEventDetails"]["output"]
            self.engine.succeed_task(visit.number, answer)
        return wire_history(execution, range(1, len(execution.events) + 1), self.engine.mint)


@pytest.mark.parametrize("name", CHILDREN)
def test_what_really_starts_an_execution_records_what_aws_recorded(name: str) -> None:
    replay = Replay(CHILDREN[name])
    recorded = recording(name, replay.child)
    assert differences(recorded, replay.run(recorded)) == []


def test_what_finds_no_machine_fails_as_recorded() -> None:
    replay = Replay(GOOD)
    recorded = recording(NO_SUCH, f"{replay.child}-not")
    assert differences(recorded, replay.run(recorded)) == []

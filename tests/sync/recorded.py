"""An account in which recorded executions happen again, as far as they are shown: a real wire."""

from __future__ import annotations

import json
import random
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.conformance.recordings import Recording

ACCOUNT, REGION = "111111111111", "eu-west-1"
WAIT = ".waitForTaskToken"
STATUSES = {
    "ExecutionSucceeded": "SUCCEEDED",
    "ExecutionFailed": "FAILED",
    "ExecutionAborted": "ABORTED",
    "ExecutionTimedOut": "TIMED_OUT",
}
# For recordings without one: somebody may wait in it.
UNKNOWN = json.dumps(
    {
        "StartAt": "Unknown",
        "States": {
            "Unknown": {
                "Type": "Task", "Resource": f"arn:aws:states:::sqs:sendMessage{WAIT}", "End": True,
            }
        },
    }
)  # fmt: skip


@dataclass
class Shown:
    """One recorded execution, with the events that have happened so far."""

    recording: Recording
    number: int
    # Each task is made one that waits for a callback, whatever it was.
    waits: bool
    events: list[dict[str, Any]] = field(default_factory=list)

    @property
    def machine_arn(self) -> str:
        return f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:recorded-{self.number}"

    @property
    def arn(self) -> str:
        return f"arn:aws:states:{REGION}:{ACCOUNT}:execution:recorded-{self.number}:run"

    @property
    def status(self) -> str:
        last = self.events[-1]["type"] if self.events else ""
        return STATUSES.get(last, "RUNNING")

    @property
    def is_whole(self) -> bool:
        return len(self.events) == len(self.recording.events)

    def go_on(self, to: int, now: datetime) -> None:
        """Let events happen up to this one."""
        for event in self.recording.events[len(self.events) : to]:
            self.events.append(self._event(event, now))

    def _event(self, event: dict[str, Any], now: datetime) -> dict[str, Any]:
        made = {**event, "timestamp": now.timestamp() + event["id"] / 1000}
        if event["type"] == "MapRunStarted":
            # The recordings' ARNs are stand-ins, the same in many of them.
            name = f"recorded-{self.number}/Map:{event['id']}"
            arn = f"arn:aws:states:{REGION}:{ACCOUNT}:mapRun:{name}"
            made["mapRunStartedEventDetails"] = {"mapRunArn": arn}
        if event["type"] == "TaskScheduled" and self.waits:
            details = event["taskScheduledEventDetails"]
            resource = details["resource"].removesuffix(WAIT) + WAIT
            made["taskScheduledEventDetails"] = {**details, "resource": resource}
        return made

    def line(self) -> dict[str, Any]:
        """As ListExecutions and DescribeExecution have it."""
        ended = {} if self.status == "RUNNING" else {"stopDate": self.events[-1]["timestamp"]}
        return {
            "executionArn": self.arn,
            "stateMachineArn": self.machine_arn,
            "name": "run",
            "status": self.status,
            "startDate": self.events[0]["timestamp"],
            **ended,
        }

    def machine(self) -> dict[str, Any]:
        return {
            "stateMachineArn": self.machine_arn,
            "name": f"recorded-{self.number}",
            "type": "STANDARD",
            "creationDate": 1_700_000_000,
            "updateDate": 1_700_000_000,
            "roleArn": f"arn:aws:iam::{ACCOUNT}:role/any",
            "definition": self.recording.definition or UNKNOWN,
        }


class RecordedAccount:
    """Answers as Step Functions would if these executions were running in it."""

    def __init__(self, recordings: list[Recording], *, waits: bool) -> None:
        self.executions = [Shown(one, number, waits) for number, one in enumerate(recordings)]
        self.url = ""
        self._by_arn = {one.arn: one for one in self.executions}
        self._by_machine = {one.machine_arn: one for one in self.executions}

    def grow(self, dice: random.Random, now: datetime, *, to_the_end: bool = False) -> None:
        """Let each go on by a random number of events, of which some are none."""
        for one in self.executions:
            length = len(one.recording.events)
            least = max(1, len(one.events))
            one.go_on(length if to_the_end else dice.randint(least, length), now)

    def answer(self, operation: str, given: dict[str, Any]) -> dict[str, Any]:
        return _ANSWERS[operation](self, given)

    def _machines(self, _: dict[str, Any]) -> dict[str, Any]:
        return {"stateMachines": [one.machine() for one in self.executions]}

    def _machine(self, given: dict[str, Any]) -> dict[str, Any]:
        return self._by_machine[given["stateMachineArn"]].machine()

    def _machine_of(self, given: dict[str, Any]) -> dict[str, Any]:
        return self._by_arn[given["executionArn"]].machine()

    def _executions(self, given: dict[str, Any]) -> dict[str, Any]:
        one = self._by_machine.get(given.get("stateMachineArn", ""))
        # Of Map Runs nothing is recorded but the parent.
        is_listed = one is not None and one.events
        if not one or not is_listed or given.get("statusFilter", one.status) != one.status:
            return {"executions": []}
        return {"executions": [one.line()]}

    def _execution(self, given: dict[str, Any]) -> dict[str, Any]:
        return self._by_arn[given["executionArn"]].line()

    def _history(self, given: dict[str, Any]) -> dict[str, Any]:
        events = self._by_arn[given["executionArn"]].events
        return {"events": events[::-1] if given.get("reverseOrder") else events}


_ANSWERS: dict[str, Callable[[RecordedAccount, dict[str, Any]], dict[str, Any]]] = {
    "ListStateMachines": RecordedAccount._machines,
    "DescribeStateMachine": RecordedAccount._machine,
    "DescribeStateMachineForExecution": RecordedAccount._machine_of,
    "ListExecutions": RecordedAccount._executions,
    "DescribeExecution": RecordedAccount._execution,
    "GetExecutionHistory": RecordedAccount._history,
}


@contextmanager
def recorded_account(recordings: list[Recording], *, waits: bool) -> Iterator[RecordedAccount]:
    account = RecordedAccount(recordings, waits=waits)

    class Handler(BaseHTTPRequestHandler):
        # Head and body are two writes; the second would wait for the other side, 40 ms each time.
        disable_nagle_algorithm = True
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            given = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            operation = self.headers["X-Amz-Target"].rpartition(".")[2]
            body = json.dumps(account.answer(operation, given)).encode()
            self.send_response(200)
            self.send_header("x-amzn-RequestId", str(uuid.uuid4()))
            self.send_header("Content-Type", "application/x-amz-json-1.0")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Nothing is printed for each request."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        account.url = f"http://127.0.0.1:{server.server_address[1]}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield account
        finally:
            server.shutdown()

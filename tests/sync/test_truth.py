"""Whatever happens in AWS and wherever a pass is killed: in the end the mirror equals the truth."""

from __future__ import annotations

import os
import pkgutil
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import pytest

from callbacks.models import CallbackTask, Execution, HistorySkeleton, Lease
from callbacks.stepfunctions import Reader
from callbacks.sync import reading
from callbacks.sync.apply import apply_reading
from callbacks.sync.lines import LAG
from callbacks.sync.plan import Target
from callbacks.sync.schedule import LONGEST_UNSEEN
from tests.simulator.control import ControlError
from tests.sync.world import World, machine, task

COURSES = int(os.environ.get("HOLDPOINT_SYNC_COURSES", "6"))
STEPS = 40
RETRY = [{"ErrorEquals": ["Again"], "IntervalSeconds": 2, "MaxAttempts": 3}]
WORKFLOWS = {
    "one": machine(Wait=task(Retry=RETRY)),
    "two": machine(First=task(Next="Second"), Second=task(TimeoutSeconds=90)),
    "both": machine(
        Both={
            "Type": "Parallel",
            "Branches": [machine(Left=task()), machine(Right=task(HeartbeatSeconds=60))],
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
# Where a process may end: before a call to AWS, and before each kind of thing that is written.
DEATHS = (
    "callbacks.sync.asking.Asking.admit",
    "callbacks.sync.looks.write_news",
    "callbacks.sync.sweeps.write_missing",
    "callbacks.sync.sweeps._keep",
    "callbacks.sync.looks._keep",
    "callbacks.sync.apply._open",
    "callbacks.sync.apply._close",
    "callbacks.sync.apply.mirror_map_runs",
    "callbacks.sync.apply._write_execution",
    "callbacks.sync.passes.count_calls",
)


# What is written once, when a task is opened or closed.
PAYLOADS = (
    "input",
    "context",
    "parameters",
    "token_sha256",
    "closed_kind",
    "closed_output",
    "closed_error",
    "closed_cause",
)


class Killed(BaseException):
    """As SIGKILL ends a process: no handler of the product's may stop it."""


@contextmanager
def killed_at(where: str, after: int) -> Iterator[None]:
    """The call of this function after so many others ends the process."""
    module, _, name = where.rpartition(".")
    left = [after]

    def dying(original: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            left[0] -= 1
            if left[0] < 0:
                raise Killed
            return original(*args, **kwargs)

        return call

    owner = _resolve(module)
    with mock.patch.object(owner, name, dying(getattr(owner, name))):
        yield


def _resolve(path: str) -> Any:
    return pkgutil.resolve_name(path)


class Course:
    """One seeded course of events."""

    def __init__(self, world: World, seed: int, settings: Any) -> None:
        self.world = world
        self.settings = settings
        self.random = random.Random(seed)
        self.machines = [world.simulator.create(name, text) for name, text in WORKFLOWS.items()]
        self.started: list[str] = []
        # What ended before the first pass is not dug up.
        world.sync()

    def step(self) -> None:
        moves = [self.start, self.start, self.answer, self.answer, self.fail, self.stop]
        self.random.choice([*moves, self.redrive, self.pass_by, self.sync, self.die])()

    def start(self) -> None:
        arn = self.random.choice(self.machines)
        for _ in range(self.random.choice([1, 1, 1, 30])):
            self.started.append(self.world.simulator.start(arn, {"items": [1, 2, 3]}))

    def answer(self) -> None:
        for token in self._some_tokens():
            self._call("SendTaskSuccess", taskToken=token, output="{}")

    def fail(self) -> None:
        error = self.random.choice(["Again", "Never"])
        for token in self._some_tokens():
            self._call("SendTaskFailure", taskToken=token, error=error, cause="No")

    def stop(self) -> None:
        self._call("StopExecution", executionArn=self._any_started())

    def redrive(self) -> None:
        self._call("RedriveExecution", executionArn=self._any_started())

    def pass_by(self) -> None:
        self.world.simulator.advance(self.random.choice([1, 5, 40, 200]))

    def sync(self) -> None:
        # Now and then a budget that ends in the middle.
        self.settings.SYNC_QUOTA_SHARE = self.random.choice([0.005, 0.02, 0.5])
        self.world.sync()

    def die(self) -> None:
        self.settings.SYNC_QUOTA_SHARE = 0.5
        try:
            with killed_at(self.random.choice(DEATHS), self.random.randrange(6)):
                self.world.sync()
        except Killed:
            Lease.objects.all().delete()

    def _some_tokens(self) -> list[str]:
        tokens = sorted(one["token"] for one in self.world.simulator.tokens())
        return self.random.sample(tokens, min(len(tokens), self.random.choice([1, 1, 8])))

    def _any_started(self) -> str:
        return self.random.choice(self.started) if self.started else "none"

    def _call(self, operation: str, **given: Any) -> None:
        try:
            self.world.simulator.call(operation, **given)
        except ControlError:
            # Over already, or not redrivable: AWS said no, and nothing happened.
            return

    def everything(self) -> set[str]:
        """What was started, and the children of distributed Maps."""
        return {*self.started, *(arn for parent in self.started for arn in self._children(parent))}

    def _children(self, parent: str) -> Iterator[str]:
        call = self.world.simulator.call
        for run in call("ListMapRuns", executionArn=parent)["mapRuns"]:
            for line in call("ListExecutions", mapRunArn=run["mapRunArn"])["executions"]:
                yield line["executionArn"]

    def come_to_rest(self) -> None:
        """Nothing happens any more; a few passes with the usual budget."""
        self.settings.SYNC_QUOTA_SHARE = 0.5
        for _ in range(4):
            self.world.simulator.advance(LAG.total_seconds() + LONGEST_UNSEEN.total_seconds())
            self.world.sync()


@pytest.mark.parametrize("seed", range(COURSES))
def test_in_the_end_the_mirror_equals_the_truth(
    world: World,
    settings: Any,
    instant: None,
    monkeypatch: pytest.MonkeyPatch,
    seed: int,
) -> None:
    # Where few events are a page, histories are read on, and not whole.
    monkeypatch.setattr(reading, "LARGEST_PAGE", (4, 1_000)[seed % 2])
    course = Course(world, seed, settings)
    for _ in range(STEPS):
        course.step()

    course.come_to_rest()

    truth = {arn: world.simulator.execution(arn)["status"] for arn in course.everything()}
    mirrored = dict(Execution.objects.values_list("arn", "status"))
    # Until its turn comes, the mirror says of a child how it ended before the redrive.
    pending = {arn for arn, status in truth.items() if status == "PENDING_REDRIVE"}
    assert {mirrored.pop(arn) for arn in pending} <= {"FAILED", "ABORTED", "TIMED_OUT"}
    assert mirrored == {arn: status for arn, status in truth.items() if arn not in pending}
    open_tasks = {
        (one["execution_arn"], one["redrive_count"], one["event_id"])
        for one in world.simulator.tokens()
    }
    waiting = CallbackTask.objects.waiting().values_list(
        "execution__arn", "redrive_count", "scheduled_event_id"
    )
    assert set(waiting) == open_tasks
    assert not CallbackTask.objects.filter(closed_kind="not_read").exists()
    assert payloads() == read_anew(world)


def payloads() -> list[Any]:
    rows = CallbackTask.objects.order_by("pk")
    return list(rows.values_list("pk", *PAYLOADS))


def read_anew(world: World) -> list[Any]:
    """The payloads of the same tasks from each whole history at its end."""
    executions = list(Execution.objects.select_related("state_machine", "definition"))
    CallbackTask.objects.all().delete()
    HistorySkeleton.objects.all().delete()
    for one in executions:
        found = reading.read(
            reader=Reader(access=world.connection.access),
            target=Target(arn=one.arn, name=one.name, started_at=one.started_at),
            definition=one.definition or one.state_machine.definition,
            is_certain=one.definition is not None,
            now=world.now,
        )
        apply_reading(machine=one.state_machine, reading=found, now=world.now)
    return payloads()

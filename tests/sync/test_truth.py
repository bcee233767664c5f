"""Whatever happens in AWS and wherever a pass is killed: in the end the mirror equals the truth."""

from __future__ import annotations

import os
from typing import Any

import pytest

from callbacks.models import CallbackTask, Execution, HistorySkeleton, Lease
from callbacks.stepfunctions import Reader
from callbacks.sync import reading
from callbacks.sync.apply import apply_reading
from callbacks.sync.lines import LAG
from callbacks.sync.plan import Target
from callbacks.sync.schedule import LONGEST_UNSEEN
from tests.sync.course import Course
from tests.sync.killing import DEATHS, Killed, killed_at
from tests.sync.truth import differences
from tests.sync.world import World

COURSES = int(os.environ.get("HOLDPOINT_SYNC_COURSES", "6"))
STEPS = 40


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


class PassedOver(Course):
    """A course over which passes go, of which some are killed."""

    def __init__(self, world: World, seed: int, settings: Any) -> None:
        super().__init__(world.simulator, seed)
        self.world = world
        self.settings = settings
        # What ended before the first pass is not dug up.
        world.sync()

    def step(self) -> None:
        moves = [self.start, self.start, self.answer, self.answer, self.fail, self.stop]
        self.random.choice([*moves, self.redrive, self.pass_by, self.sync, self.die])()

    def pass_by(self) -> None:
        self.simulator.advance(self.random.choice([1, 5, 40, 200]))

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

    def come_to_rest(self) -> None:
        """Nothing happens any more; a few passes with the usual budget."""
        self.settings.SYNC_QUOTA_SHARE = 0.5
        for _ in range(4):
            self.simulator.advance(LAG.total_seconds() + LONGEST_UNSEEN.total_seconds())
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
    course = PassedOver(world, seed, settings)
    for _ in range(STEPS):
        course.step()

    course.come_to_rest()

    assert differences(course.simulator, course.started) == []
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

"""One mirrored task that waits in a simulated Step Functions, and a person who may answer it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from callbacks.decisions.answer import Answer
from callbacks.decisions.decide import decide
from callbacks.decisions.deliver import deliver
from callbacks.decisions.settle import settle
from callbacks.models import CallbackTask, Connection, Decision, Direction, Role, User
from tests import making
from tests.simulator.control import Control, running_simulator
from tests.sync.world import World, machine, task

OUTPUT = '{"Payload": {"message": "succeeded"}}'
APPROVAL = Answer(direction=Direction.APPROVE, output_text=OUTPUT, reason="Looks right.")
REJECTION = Answer(direction=Direction.REJECT, error="Wrong", cause="Not this one.", reason="No.")


@dataclass
class Desk:
    """A task and its answers. `later` moves our clock alone; the simulator's goes by itself."""

    world: World
    arn: str
    approver: User
    later: timedelta = field(default_factory=timedelta)
    stands_at: datetime | None = None

    @property
    def now(self) -> datetime:
        return (self.stands_at or self.world.now) + self.later

    def stop_clock(self) -> None:
        """From here on only `later` moves it, however busy the machine is."""
        self.stands_at = self.world.now

    @property
    def simulator(self) -> Control:
        return self.world.simulator

    @property
    def task(self) -> CallbackTask:
        return self.world.task(self.arn)

    def decide(self, answer: Answer = APPROVAL, **fields: Any) -> Decision:
        values: dict[str, Any] = {
            "task_id": self.task.pk,
            "decision_id": uuid.uuid4(),
            "actor": making.make_actor(self.approver),
            "now": self.now,
            "undo_seconds": 0,
            **fields,
        }
        return decide(answer=answer, **values)

    def deliver(self, decision: Decision) -> Decision:
        deliver(decision_id=decision.pk, now=self.now)
        decision.refresh_from_db()
        return decision

    def settle(self, decision: Decision) -> Decision:
        settle(decision_id=decision.pk, now=self.now)
        decision.refresh_from_db()
        return decision

    def sends(self) -> list[dict[str, Any]]:
        simulator = self.simulator
        return simulator.calls("SendTaskSuccess") + simulator.calls("SendTaskFailure")


@pytest.fixture(scope="session")
def one_simulator() -> Iterator[Control]:
    with running_simulator() as control:
        yield control


@pytest.fixture
def connection(db: None, one_simulator: Control) -> Connection:
    one_simulator.reset()
    return making.make_connection(endpoint_url=one_simulator.url, region="eu-west-1")


@pytest.fixture
def desk(connection: Connection, one_simulator: Control) -> Desk:
    making.default_policy()
    world = World(connection=connection, simulator=one_simulator)
    arn = world.start(machine(Review=task(TimeoutSeconds=86_400)))
    world.sync()
    return Desk(world=world, arn=arn, approver=making.make_person("ana", Role.APPROVER))

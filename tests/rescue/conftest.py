"""A run that waits in a simulated Step Functions, and an operator who gets it out."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from callbacks.models import CallbackTask, Connection, Execution, RescueAction, Role, User
from callbacks.rescue.ask import heartbeat, redrive, stop
from callbacks.rescue.carry_out import carry_out
from callbacks.rescue.settle import settle
from tests import making
from tests.simulator.control import Control, running_simulator
from tests.sync.world import World, machine, task


@dataclass
class Post:
    """`later` moves our clock alone; the simulator's goes by itself."""

    world: World
    arn: str
    operator: User
    later: timedelta = field(default_factory=timedelta)

    @property
    def now(self) -> datetime:
        return self.world.now + self.later

    @property
    def simulator(self) -> Control:
        return self.world.simulator

    @property
    def task(self) -> CallbackTask:
        return self.world.task(self.arn)

    @property
    def execution(self) -> Execution:
        return self.world.execution(self.arn)

    def heartbeat(self, **fields: Any) -> RescueAction:
        return heartbeat(task_id=self.task.pk, **self._asked(reason="", **fields))

    def heartbeat_of(self, one: CallbackTask) -> RescueAction:
        return heartbeat(task_id=one.pk, **self._asked(reason=""))

    def stop(self, **fields: Any) -> RescueAction:
        return stop(execution_id=self.execution.pk, **self._asked(**fields))

    def redrive(self, **fields: Any) -> RescueAction:
        return redrive(execution_id=self.execution.pk, **self._asked(**fields))

    def failed(self) -> None:
        """Let the run fail, and the mirror know."""
        self.world.fail(self.arn)
        self.world.sync(full=True)

    def carry_out(self, action: RescueAction) -> RescueAction:
        carry_out(action_id=action.pk, now=self.now)
        action.refresh_from_db()
        return action

    def settle(self, action: RescueAction) -> RescueAction:
        settle(action_id=action.pk, now=self.now)
        action.refresh_from_db()
        return action

    def calls(self, operation: str) -> list[dict[str, Any]]:
        return self.simulator.calls(operation)

    def _asked(self, **fields: Any) -> dict[str, Any]:
        values = {
            "action_id": uuid.uuid4(),
            "reason": "It hangs.",
            "actor": making.make_actor(self.operator),
            "now": self.now,
        }
        return values | fields


@pytest.fixture(scope="session")
def one_simulator() -> Iterator[Control]:
    with running_simulator() as control:
        yield control


@pytest.fixture
def connection(db: None, one_simulator: Control) -> Connection:
    one_simulator.reset()
    return making.make_connection(endpoint_url=one_simulator.url, region="eu-west-1")


@pytest.fixture
def post(connection: Connection, one_simulator: Control) -> Post:
    making.default_policy()
    world = World(connection=connection, simulator=one_simulator)
    arn = world.start(machine(Review=task(TimeoutSeconds=86_400, HeartbeatSeconds=600)))
    world.sync()
    return Post(world=world, arn=arn, operator=making.make_person("olga", Role.OPERATOR))

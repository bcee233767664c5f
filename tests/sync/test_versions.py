"""Executions of versions and aliases: which definition they run on, and at how many calls."""

from __future__ import annotations

from typing import Any

import pytest

from callbacks.sync import read_execution
from tests.sync.world import World, machine, task

pytestmark = pytest.mark.django_db

OWN = "DescribeStateMachineForExecution"
FIRST = machine(Ask=task(TimeoutSeconds=111))
SECOND = machine(Ask=task(TimeoutSeconds=222))
PATIENT = machine(Ask=task(TimeoutSeconds=3_600))
QUIET = machine(Done={"Type": "Wait", "Seconds": 3_600, "End": True})


class Versioned:
    """A machine with a published version, which was updated since and described again."""

    def __init__(self, world: World, today: Any = SECOND, first: Any = FIRST) -> None:
        self.world = world
        self.arn = world.simulator.create("orders", first)
        self.version = world.simulator.publish(self.arn)
        self.alias = world.simulator.alias("PROD", self.version)
        world.simulator.update(self.arn, today)

    def timeout_of(self, arn: str) -> int:
        """As the definition has it that the execution is read with."""
        text = self.world.execution(arn).definition
        assert text is not None
        return 111 if "111" in text.text else 222


@pytest.fixture
def orders(world: World) -> Versioned:
    found = Versioned(world)
    world.sync()
    world.simulator.advance(60)
    return found


def undescribed(world: World, orders: Versioned) -> str:
    """An execution of the old version, listed and read while AWS describes nothing."""
    world.sync()
    arn = world.simulator.start(orders.version)
    for operation in ("DescribeStateMachine", OWN):
        world.simulator.fault(operation, "deny", times=None)
    world.sync()
    return arn


def described(world: World) -> list[str]:
    return [
        call["params"]["stateMachineArn"] for call in world.simulator.calls("DescribeStateMachine")
    ]


def test_an_execution_of_an_old_version_runs_on_that(world: World, orders: Versioned) -> None:
    """Also where today's revision was seen before its start and after."""
    old, new = world.simulator.start(orders.version), world.simulator.start(orders.arn)
    world.simulator.advance(1)
    world.sync()
    assert (orders.timeout_of(old), orders.timeout_of(new)) == (111, 222)
    assert world.task(old).timeout_seconds == 111


def test_an_execution_by_an_alias_runs_on_the_version_that_it_led_to(
    world: World, orders: Versioned
) -> None:
    arn = world.simulator.start(orders.alias)
    world.simulator.alias("PROD", world.simulator.publish(orders.arn))
    later = world.simulator.start(orders.alias)
    world.sync()
    assert (orders.timeout_of(arn), orders.timeout_of(later)) == (111, 222)
    execution = world.execution(arn)
    assert (execution.version, execution.alias) == ("1", "PROD")


def test_a_version_costs_one_call_however_many_run_on_it(world: World, orders: Versioned) -> None:
    for _ in range(20):
        world.simulator.start(orders.alias)
    figures = world.sync()
    world.simulator.advance(61)
    world.simulator.start(orders.version)
    world.sync()
    assert described(world).count(orders.version) == 1
    assert OWN not in figures.api_calls
    assert world.simulator.calls(OWN) == []


def test_what_came_and_went_between_two_passes_was_of_its_version(
    world: World, orders: Versioned
) -> None:
    arn = world.simulator.start(orders.version)
    world.succeed(arn)
    world.sync()
    assert world.execution(arn).status == "SUCCEEDED"
    assert orders.timeout_of(arn) == 111


def test_a_version_that_was_deleted_is_asked_through_one_of_its_executions(
    world: World, orders: Versioned
) -> None:
    arns = [world.simulator.start(orders.version) for _ in range(3)]
    other = world.simulator.publish(orders.arn)
    world.simulator.alias("PROD", other)
    world.simulator.call("DeleteStateMachineVersion", stateMachineVersionArn=orders.version)
    world.sync()
    assert {orders.timeout_of(arn) for arn in arns} == {111}
    assert len(world.simulator.calls(OWN)) == 1


def test_where_a_version_may_not_be_described_nothing_is_guessed(
    world: World, orders: Versioned
) -> None:
    arn = undescribed(world, orders)
    assert world.execution(arn).definition is None
    world.simulator.clear_faults()
    world.simulator.advance(180)
    world.sync()
    assert orders.timeout_of(arn) == 111


def test_a_version_of_a_machine_made_anew_is_another_one(world: World, orders: Versioned) -> None:
    old = world.simulator.start(orders.version)
    world.sync()
    world.simulator.call("DeleteStateMachine", stateMachineArn=orders.arn)
    world.simulator.advance(1)
    world.simulator.create("orders", SECOND)
    version = world.simulator.publish(orders.arn)
    assert version == orders.version
    new = world.simulator.start(version)
    world.simulator.advance(61)
    world.sync()
    assert (orders.timeout_of(old), orders.timeout_of(new)) == (111, 222)


def test_an_execution_that_was_taken_for_todays_is_put_right_by_a_list(
    world: World, orders: Versioned
) -> None:
    """As a mirror may hold it from before versions were known."""
    arn = world.simulator.start(orders.alias)
    world.sync()
    execution = world.execution(arn)
    execution.version, execution.alias = "", ""
    execution.definition = execution.state_machine.definition
    execution.save()
    assert orders.timeout_of(arn) == 222
    world.simulator.advance(61)
    world.sync(full=True)
    assert orders.timeout_of(arn) == 111
    assert world.execution(arn).alias == "PROD"


def test_an_opened_execution_is_read_with_its_version(world: World, orders: Versioned) -> None:
    arn = undescribed(world, orders)
    world.simulator.clear_faults()
    read_execution(execution=world.execution(arn), now=world.now)
    assert orders.timeout_of(arn) == 111

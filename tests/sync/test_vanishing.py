"""What is deleted, made anew, or moves on while it is looked at."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connections

from callbacks.models import StateMachine
from tests.sync.world import FOUNDING_CASE, World, machine, task

pytestmark = pytest.mark.django_db

TWO_STEPS = machine(First=task(Next="Second"), Second=task())


def delete(world: World, execution_arn: str) -> str:
    arn = world.execution(execution_arn).state_machine.arn
    world.simulator.call("DeleteStateMachine", stateMachineArn=arn)
    return arn


def later(world: World, seconds: float = 61) -> Any:
    world.simulator.advance(seconds)
    return world.sync()


# --- a machine that is being deleted -----------------------------------------------------------
def test_who_waits_in_a_machine_that_is_being_deleted_goes_on_waiting(world: World) -> None:
    world.simulator.slow_deletion()
    arn = world.start(TWO_STEPS)
    world.sync()
    delete(world, arn)
    figures = later(world)
    assert world.task(arn).is_waiting
    assert StateMachine.objects.get().is_deleting
    assert figures.error == ""


def test_after_an_answer_such_a_run_ends_at_its_next_step(world: World) -> None:
    world.simulator.slow_deletion()
    arn = world.start(TWO_STEPS)
    world.sync()
    delete(world, arn)
    later(world)
    world.succeed(arn, "{}")
    later(world)
    assert world.task(arn).status == "answered"
    assert world.execution(arn).status == "ABORTED"
    # And with its last run the machine is gone.
    assert StateMachine.objects.get().gone_at is not None


# --- a machine that is gone --------------------------------------------------------------------
def test_runs_of_a_machine_that_is_gone_are_followed_to_their_end(world: World) -> None:
    arn = world.start(TWO_STEPS)
    world.sync()
    delete(world, arn)
    later(world)
    world.succeed(arn, "{}")
    later(world)
    first, second = world.tasks(arn)
    assert (first.status, second.status) == ("answered", "waiting")
    world.succeed(arn, "{}")
    later(world)
    assert world.tasks(arn)[1].status == "answered"
    assert world.execution(arn).status == "SUCCEEDED"


def test_a_machine_that_a_lagging_list_still_shows_is_no_trouble(world: World) -> None:
    """It was deleted between the list and what is asked next."""
    arn = world.start()
    world.sync()
    world.simulator.lag(300)
    delete(world, arn)
    other = world.start(name="other")
    figures = later(world)
    assert figures.error == ""
    assert world.health.failing_since is None
    assert world.health.read_ok_at == world.health.pass_started_at
    world.simulator.lag(0)
    later(world)
    assert world.task(other).is_waiting
    assert world.task(arn).is_waiting
    assert StateMachine.objects.get(name="orders").gone_at is not None


@pytest.mark.parametrize("kind", ["EXPRESS", "STANDARD"])
def test_a_machine_that_is_made_anew_under_its_name_hides_no_run_of_the_old_one(
    world: World, kind: str
) -> None:
    arn = world.start()
    world.sync()
    machine_arn = delete(world, arn)
    quick = machine(Done={"Type": "Pass", "End": True})
    world.simulator.create("orders", quick, type=kind)
    later(world)
    assert world.task(arn).is_waiting
    assert (StateMachine.objects.get(arn=machine_arn).gone_at is None) == (kind == "STANDARD")
    world.succeed(arn)
    later(world)
    assert world.task(arn).status == "answered"


def test_a_run_that_aws_has_forgotten_with_its_machine_waits_for_nobody(world: World) -> None:
    arn = world.start()
    world.sync()
    world.simulator.reset()
    later(world)
    assert (world.task(arn).status, world.task(arn).closed_kind) == ("closed", "forgotten")


def test_express_machines_leave_no_trace(world: World) -> None:
    quick = machine(Done={"Type": "Pass", "End": True})
    arn = world.simulator.create("quick", quick, type="EXPRESS")
    world.simulator.start(arn, {})
    world.sync(full=True)
    assert not StateMachine.objects.exists()
    assert world.health.error_code == ""


# --- what moves on between two calls -----------------------------------------------------------
@pytest.fixture
def meanwhile(world: World) -> Callable[..., Any]:
    """`meanwhile(operation, act)`: a pass in which this happens right before that call is done."""

    def run(operation: str, act: Callable[[], None], *, seconds: float = 61) -> Any:
        world.simulator.advance(seconds)
        world.simulator.fault(operation, "hold", times=1)
        done = threading.Thread(target=lambda: _act_and_release(world, act))
        done.start()
        figures = world.sync()
        done.join()
        return figures

    return run


def _act_and_release(world: World, act: Callable[[], None]) -> None:
    try:
        world.simulator.wait_held()
        act()
        world.simulator.release()
    finally:
        connections.close_all()


def test_one_that_ends_between_the_list_and_its_history_is_read_as_ended(
    world: World, meanwhile: Callable[..., Any]
) -> None:
    arn = world.start()
    figures = meanwhile("GetExecutionHistory", lambda: world.succeed(arn), seconds=0)
    assert world.task(arn).status == "answered"
    assert world.execution(arn).status == "SUCCEEDED"
    assert (figures.error, figures.problems) == ("", 0)


def test_one_that_ends_between_its_history_and_its_description_is_closed_by_its_own_end(
    world: World, meanwhile: Callable[..., Any]
) -> None:
    """Of a machine that is gone, so that each reading describes it too."""
    arn = world.start()
    world.sync()
    delete(world, arn)
    meanwhile("DescribeExecution", lambda: world.succeed(arn))
    assert (world.task(arn).status, world.task(arn).closed_kind) == ("closed", "not_read")
    later(world)
    assert (world.task(arn).status, world.task(arn).closed_kind) == ("answered", "succeeded")
    assert world.execution(arn).read_next_at is None


def test_one_that_is_forgotten_between_the_list_and_its_history_is_no_trouble(
    world: World, meanwhile: Callable[..., Any]
) -> None:
    arn = world.start()
    world.sync()
    world.simulator.call("StopExecution", executionArn=arn)
    figures = meanwhile("GetExecutionHistory", world.simulator.reset)
    assert world.execution(arn).status in ("ABORTED", "FORGOTTEN")
    assert not world.task(arn).is_waiting
    assert figures.problems == 0


def test_a_history_that_grows_between_its_pages_is_whole(
    world: World, meanwhile: Callable[..., Any]
) -> None:
    """More than a page of events: what is answered meanwhile stands on the last one."""
    body = machine(Review=task())
    each = {"Type": "Map", "ItemsPath": "$", "ItemProcessor": body, "End": True}
    arn = world.start(machine(Each=each), list(range(210)))

    def answer_ten() -> None:
        for found in world.simulator.tokens(arn)[:10]:
            world.simulator.call("SendTaskSuccess", taskToken=found["token"], output="{}")

    world.simulator.fault("GetExecutionHistory", "delay", times=1, seconds=0)
    figures = meanwhile("GetExecutionHistory", answer_ten, seconds=0)
    statuses = [row.status for row in world.tasks(arn)]
    assert (statuses.count("answered"), statuses.count("waiting")) == (10, 200)
    assert figures.problems == 0


def test_one_that_is_redriven_while_its_end_is_read_waits_again(
    world: World, meanwhile: Callable[..., Any]
) -> None:
    arn = world.start(FOUNDING_CASE)
    world.sync()
    world.simulator.call("StopExecution", executionArn=arn)

    def redrive() -> None:
        world.simulator.call("RedriveExecution", executionArn=arn)

    meanwhile("GetExecutionHistory", redrive)
    later(world)
    stopped, again = world.tasks(arn)
    assert (stopped.status, again.status) == ("stopped", "waiting")
    assert world.execution(arn).status == "RUNNING"

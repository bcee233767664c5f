"""Answer what waits in a run that another one started and waits for."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from callbacks.models import Connection, DecisionStatus, Role, TaskStatus
from tests import making
from tests.decisions.conftest import APPROVAL, REJECTION, Desk
from tests.simulator.control import Control
from tests.sync.test_nested_runs import HANDED_ON, look_again, nest, standings
from tests.sync.world import World
from tests.views.conftest import text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(connection: Connection, one_simulator: Control) -> World:
    return World(connection=connection, simulator=one_simulator)


def desk_of(world: World, arn: str) -> Desk:
    return Desk(world=world, arn=arn, approver=making.make_person("ana", Role.APPROVER))


def test_the_request_is_shown_as_a_part_of_the_parent(world: World, browser_of) -> None:
    runs = nest(world)
    desk = desk_of(world, runs.child)
    parent = world.execution(runs.parent)
    # Who may see nothing of the parent is told its name.
    page = browser_of(desk.approver).get(f"/tasks/{desk.task.pk}/")
    assert f"Part of {parent.name}" in text_of(page)
    operator = making.make_person("olga", Role.OPERATOR)
    page = browser_of(operator).get(f"/tasks/{desk.task.pk}/")
    assert f'href="/executions/{parent.pk}/"' in page.content.decode()


def test_a_yes_to_the_child_is_confirmed_and_the_parent_goes_on(world: World) -> None:
    runs = nest(world)
    desk = desk_of(world, runs.child)
    decision = desk.settle(desk.deliver(desk.decide()))
    assert decision.status == DecisionStatus.CONFIRMED
    look_again(world)
    assert (desk.task.status, desk.task.answered_here) == (TaskStatus.ANSWERED, True)
    assert world.execution(runs.child).status == "SUCCEEDED"
    review = world.task(runs.parent)
    assert (review.state, review.status) == ("Review", TaskStatus.WAITING)
    assert json.loads(review.input)["Output"] == json.loads(APPROVAL.output_text)


def test_a_no_to_the_child_ends_both(world: World) -> None:
    runs = nest(world)
    desk = desk_of(world, runs.child)
    assert desk.settle(desk.deliver(desk.decide(REJECTION))).status == DecisionStatus.CONFIRMED
    look_again(world)
    ended = world.execution(runs.parent)
    assert (ended.status, ended.error) == ("FAILED", "States.TaskFailed")
    assert json.loads(ended.cause)["Error"] == REJECTION.error


def test_an_answer_that_comes_after_the_parent_s_stop_is_lost(world: World) -> None:
    runs = nest(world)
    desk = desk_of(world, runs.child)
    decision = desk.decide()
    world.simulator.call("StopExecution", executionArn=runs.parent)
    decision = desk.settle(desk.deliver(decision))
    assert (decision.status, decision.outcome) == (DecisionStatus.LOST, "stopped")


def test_ending_the_parent_s_job_early_leaves_the_request_in_the_child(world: World) -> None:
    runs = nest(world, with_token=True)
    desk = desk_of(world, runs.parent)
    decision = desk.decide(replace(APPROVAL, end_early=True))
    assert desk.settle(desk.deliver(decision)).status == DecisionStatus.CONFIRMED
    look_again(world)
    job, review = world.tasks(runs.parent)
    assert (job.status, job.answered_here) == (TaskStatus.ANSWERED, True)
    assert (review.state, review.status) == ("Review", TaskStatus.WAITING)
    assert standings(world, runs.child) == [("Pay", TaskStatus.WAITING)]


def test_an_answer_to_the_parent_is_sent_with_its_own_token_and_not_the_child_s(
    world: World,
) -> None:
    runs = nest(world, HANDED_ON, with_token=True)
    desk = desk_of(world, runs.parent)
    assert desk.settle(desk.deliver(desk.decide())).status == DecisionStatus.CONFIRMED
    look_again(world)
    assert standings(world, runs.child) == [("Pay", TaskStatus.WAITING)]
    assert world.tasks(runs.parent)[0].answered_here

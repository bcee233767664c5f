"""Runs that really start another one: both are mirrored, and end as AWS ends them."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

import pytest

from callbacks.asl.nesting import STARTED_BY
from callbacks.models import CallbackTask, TaskStatus
from callbacks.models.secret import decrypt_token
from tests import making
from tests.sync.world import LAMBDA, World, machine, task

pytestmark = pytest.mark.django_db
START = "arn:aws:states:::states:startExecution"
JOB, HANDED_ON = f"{START}.sync:2", f"{START}.waitForTaskToken"


class Nest(NamedTuple):
    """Two executions, by their ARNs: the child's one step waits; the parent's first is the child,
    and its second waits."""

    parent: str
    child: str


def nest(world: World, resource: str = JOB, *, with_token: bool = False, **fields: Any) -> Nest:
    """Begun, and mirrored by one pass; `with_token`: the child's input has the parent's token."""
    making.default_policy()
    payments = world.simulator.create("payments", machine(Pay=task(resource=LAMBDA)))
    given = {"order.$": "$.order", f"{STARTED_BY}.$": "$$.Execution.Id"}
    if with_token:
        given["token.$"] = "$$.Task.Token"
    pay = {
        "Type": "Task",
        "Resource": resource,
        "Parameters": {"StateMachineArn": payments, "Input": given},
        "Next": "Review",
        **fields,
    }
    parent = world.start(machine(Charge=pay, Review=task()))
    (child,) = world.simulator.call("ListExecutions", stateMachineArn=payments)["executions"]
    world.sync()
    return Nest(parent, child["executionArn"])


def look_again(world: World) -> None:
    world.simulator.advance(61)
    world.sync()


def standings(world: World, arn: str) -> list[tuple[str, str]]:
    return [(one.state, one.status) for one in world.tasks(arn)]


def held_token(found: CallbackTask) -> str:
    return decrypt_token(ciphertext=bytes(found.token_ciphertext or b""), task_id=found.pk)


def test_what_waits_in_the_child_is_a_part_of_the_parent(world: World) -> None:
    runs = nest(world)
    assert world.execution(runs.child).started_by == runs.parent
    assert standings(world, runs.child) == [("Pay", TaskStatus.WAITING)]
    assert standings(world, runs.parent) == []
    assert world.simulator.calls("DescribeExecution") == []


def test_an_answer_to_the_child_lets_the_parent_go_on_to_its_own_request(world: World) -> None:
    runs = nest(world)
    world.succeed(runs.child, '{"Payload": {"paid": true}}')
    look_again(world)
    assert standings(world, runs.child) == [("Pay", TaskStatus.ANSWERED)]
    assert world.execution(runs.child).status == "SUCCEEDED"
    (review,) = world.tasks(runs.parent)
    assert (review.state, review.status) == ("Review", TaskStatus.WAITING)
    assert json.loads(review.input)["Output"] == {"Payload": {"paid": True}}
    world.succeed(runs.parent)
    look_again(world)
    assert world.execution(runs.parent).status == "SUCCEEDED"


def test_a_no_to_the_child_fails_the_parent_and_is_in_its_cause(world: World) -> None:
    runs = nest(world)
    world.fail(runs.child, "NotPaid", "The card was refused")
    look_again(world)
    ended = world.execution(runs.parent)
    assert (world.execution(runs.child).status, ended.status) == ("FAILED", "FAILED")
    assert ended.error == "States.TaskFailed"
    assert json.loads(ended.cause)["Cause"] == "The card was refused"


def test_a_stop_of_the_parent_stops_what_waits_in_the_child(world: World) -> None:
    runs = nest(world)
    world.simulator.call("StopExecution", executionArn=runs.parent)
    look_again(world)
    assert world.execution(runs.child).status == "ABORTED"
    assert standings(world, runs.child) == [("Pay", TaskStatus.STOPPED)]


def test_a_parent_that_gives_up_stops_what_waits_in_the_child(world: World) -> None:
    caught = [{"ErrorEquals": ["States.Timeout"], "Next": "Review"}]
    runs = nest(world, TimeoutSeconds=60, Catch=caught)
    look_again(world)
    assert standings(world, runs.child) == [("Pay", TaskStatus.STOPPED)]
    assert standings(world, runs.parent) == [("Review", TaskStatus.WAITING)]


def test_a_parent_that_hands_its_token_on_is_a_job_and_waits_for_nobody(world: World) -> None:
    runs = nest(world, with_token=True)
    job, waiting = world.task(runs.parent), world.task(runs.child)
    assert (job.status, job.early_completion) == (TaskStatus.RUNNING, True)
    assert list(CallbackTask.objects.waiting()) == [waiting]
    assert held_token(job) == world.token(runs.parent)
    assert held_token(waiting) == world.token(runs.child)
    for text in (waiting.input, waiting.parameters, world.execution(runs.child).input):
        assert held_token(job) not in text


def test_a_job_whose_child_was_answered_was_answered_by_nobody(world: World) -> None:
    runs = nest(world, with_token=True)
    world.succeed(runs.child)
    look_again(world)
    job, review = world.tasks(runs.parent)
    assert (job.status, job.job_ended) == (TaskStatus.CLOSED, True)
    assert (review.state, review.status) == ("Review", TaskStatus.WAITING)


def test_a_job_that_is_ended_early_leaves_what_waits_in_the_child(world: World) -> None:
    runs = nest(world, with_token=True)
    world.succeed(runs.parent)
    look_again(world)
    assert standings(world, runs.child) == [("Pay", TaskStatus.WAITING)]
    assert [one.status for one in world.tasks(runs.parent)] == [
        TaskStatus.CLOSED,
        TaskStatus.WAITING,
    ]


def test_a_parent_that_waits_for_its_token_is_a_request_beside_the_child_s(world: World) -> None:
    runs = nest(world, HANDED_ON, with_token=True)
    mine, childs = world.task(runs.parent), world.task(runs.child)
    assert {mine.status, childs.status} == {TaskStatus.WAITING}
    assert held_token(mine) == world.token(runs.parent)
    assert held_token(childs) == world.token(runs.child)
    world.succeed(runs.child)
    look_again(world)
    assert standings(world, runs.child) == [("Pay", TaskStatus.ANSWERED)]
    assert standings(world, runs.parent) == [("Charge", TaskStatus.WAITING)]


def test_a_call_that_was_refused_has_no_request(world: World) -> None:
    pay = {
        "Type": "Task",
        "Resource": HANDED_ON,
        "Parameters": {"StateMachineArn": "nothing", "Input": {"token.$": "$$.Task.Token"}},
        "End": True,
    }
    arn = world.start(machine(Charge=pay))
    world.sync(full=True)
    assert not CallbackTask.objects.waiting().filter(execution__arn=arn).exists()

"""End a job's step early: through the one door, knowingly, and confirmed from the history."""

from __future__ import annotations

from dataclasses import replace

import pytest

from callbacks.decisions.answer import NOT_MEANT, Answer
from callbacks.decisions.errors import InvalidAnswer, TaskOver
from callbacks.models import AuditEntry, Connection, Decision, DecisionStatus, Role, TaskStatus
from tests import making
from tests.decisions.conftest import APPROVAL, REJECTION, Desk
from tests.simulator.control import Control
from tests.sync.test_jobs import JOB, job
from tests.sync.world import World, machine, task

pytestmark = pytest.mark.django_db

EARLY_APPROVAL = replace(APPROVAL, end_early=True)
EARLY_REJECTION = replace(REJECTION, end_early=True)


@pytest.fixture
def desk(connection: Connection, one_simulator: Control) -> Desk:
    """A job that runs, and after it a step that waits."""
    making.default_policy()
    world = World(connection=connection, simulator=one_simulator)
    one_simulator.outcome("wait", resource=JOB)
    caught = [{"ErrorEquals": ["States.ALL"], "Next": "Review"}]
    load = job(Next="Review", Catch=caught, TimeoutSeconds=86_400)
    arn = world.start(machine(Load=load, Review=task()))
    world.sync()
    return Desk(world=world, arn=arn, approver=making.make_person("ana", Role.APPROVER))


@pytest.mark.parametrize("answer", [EARLY_APPROVAL, EARLY_REJECTION], ids=["approve", "reject"])
def test_an_answer_ends_the_step_and_is_confirmed(desk: Desk, answer: Answer) -> None:
    job_task = desk.task
    decision = desk.settle(desk.deliver(desk.decide(answer)))
    assert decision.status == DecisionStatus.CONFIRMED
    ended, waiting = desk.world.tasks(desk.arn)
    assert (ended.pk, ended.status, ended.answered_here) == (
        job_task.pk,
        TaskStatus.ANSWERED,
        True,
    )
    assert (waiting.state, waiting.status) == ("Review", TaskStatus.WAITING)
    assert len(desk.sends()) == 1


@pytest.mark.parametrize("answer", [APPROVAL, REJECTION], ids=["approve", "reject"])
def test_nothing_ends_a_job_that_nobody_said_they_mean(desk: Desk, answer: Answer) -> None:
    with pytest.raises(InvalidAnswer) as caught:
        desk.decide(answer)
    assert caught.value.errors == {"end_early": [NOT_MEANT]}
    assert not Decision.objects.exists()
    assert not AuditEntry.objects.filter(kind="answer_decided").exists()


def test_a_job_that_ends_first_makes_the_answer_lost(desk: Desk) -> None:
    decision = desk.decide(EARLY_APPROVAL)
    desk.world.succeed(desk.arn, '{"from": "the job"}')
    decision = desk.settle(desk.deliver(decision))
    assert (decision.status, decision.outcome) == (DecisionStatus.LOST, "job_ended")
    assert desk.world.tasks(desk.arn)[0].status == TaskStatus.CLOSED


def test_a_job_that_has_ended_takes_no_answer(desk: Desk) -> None:
    desk.arn = desk.world.start(machine(Load=job()), name="alone")
    desk.world.sync()
    desk.world.succeed(desk.arn)
    desk.simulator.advance(61)
    desk.world.sync()
    with pytest.raises(TaskOver):
        desk.decide(EARLY_APPROVAL)


def test_an_answer_whose_reply_was_lost_is_recognised(desk: Desk) -> None:
    desk.simulator.fault("SendTaskSuccess", kind="cut", after_apply=True)
    decision = desk.deliver(desk.decide(EARLY_APPROVAL))
    assert decision.status == DecisionStatus.UNKNOWN
    assert desk.settle(decision).status == DecisionStatus.CONFIRMED
    assert len(desk.sends()) == 1


def test_a_mirror_that_is_rebuilt_knows_that_it_was_our_answer(desk: Desk) -> None:
    decision = desk.settle(desk.deliver(desk.decide(EARLY_APPROVAL)))
    desk.world.execution(desk.arn).delete()
    desk.world.sync(full=True)
    ended = desk.world.tasks(desk.arn)[0]
    assert (ended.pk, ended.status) == (decision.task_id, TaskStatus.ANSWERED)

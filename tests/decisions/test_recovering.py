"""An answer under way whose task the mirror has lost is settled all the same."""

from datetime import timedelta
from typing import Any

import pytest

from callbacks.models import CallbackTask, DecisionStatus, Execution, Request, StateMachine
from callbacks.sync import recovering
from callbacks.sync.asking import Asking
from tests.decisions.conftest import Desk
from tests.sync.test_distributed_map import children, spread
from tests.sync.world import machine, task

pytestmark = pytest.mark.django_db


def forget_the_mirror() -> None:
    CallbackTask.objects.all().delete()
    Request.objects.all().delete()
    Execution.objects.all().delete()


def recovered(desk: Desk) -> list[str]:
    """The ARNs that a pass would read because an answer is open."""
    connection = desk.world.connection
    asking = Asking(connection=connection, now=desk.now)
    found = recovering.recover(asking=asking, connection=connection, now=desk.now)
    return [one.target.arn for one in found]


def test_a_run_that_ended_while_the_mirror_was_away_comes_back(desk: Desk) -> None:
    decision = desk.decide()
    desk.deliver(decision)
    forget_the_mirror()
    assert desk.settle(decision).status == DecisionStatus.SENT
    desk.world.sync()
    assert desk.settle(decision).status == DecisionStatus.CONFIRMED


def test_what_was_answered_here_comes_back_as_such(desk: Desk) -> None:
    two = desk.world.start(machine(One=task(Next="Two"), Two=task()), name="two")
    desk.world.sync()
    desk.settle(desk.deliver(desk.decide(task_id=desk.world.task(two).pk)))
    forget_the_mirror()
    desk.world.sync()
    assert [row.answered_here for row in desk.world.tasks(two)] == [True, False]


def test_it_is_asked_for_only_while_an_answer_is_open(desk: Desk) -> None:
    desk.settle(desk.deliver(desk.decide()))
    forget_the_mirror()
    before = len(desk.simulator.calls("DescribeExecution"))
    desk.world.sync()
    assert len(desk.simulator.calls("DescribeExecution")) == before


def test_what_aws_has_forgotten_stops_nothing(desk: Desk) -> None:
    desk.decide()
    forget_the_mirror()
    desk.simulator.reset()
    figures = desk.world.sync()
    assert figures.error == ""


def test_what_aws_has_forgotten_is_asked_for_once_and_given_up(desk: Desk) -> None:
    decision = desk.deliver(desk.decide())
    forget_the_mirror()
    StateMachine.objects.all().delete()
    desk.simulator.reset()
    desk.world.sync()
    settled = desk.settle(decision)
    assert (settled.status, settled.outcome) == (DecisionStatus.SENT, "forgotten")
    assert settled.look_after is None
    assert desk.world.execution(desk.arn).status == "FORGOTTEN"
    assert "DescribeExecution" not in desk.world.sync().api_calls


def test_a_run_whose_state_machine_is_gone_comes_back_all_the_same(desk: Desk) -> None:
    decision = desk.deliver(desk.decide())
    deleted = desk.world.execution(desk.arn).state_machine
    forget_the_mirror()
    desk.simulator.call("DeleteStateMachine", stateMachineArn=deleted.arn)
    deleted.delete()
    desk.world.sync()
    assert desk.settle(decision).status == DecisionStatus.CONFIRMED
    assert desk.world.execution(desk.arn).state_machine.gone_at is not None
    assert "DescribeExecution" not in desk.world.sync().api_calls


def test_the_child_of_a_map_run_comes_back_with_its_run(desk: Desk) -> None:
    parent = desk.world.start(spread(), {"photos": ["a", "b"]}, name="spread")
    desk.world.sync()
    child = children(desk.world, parent)[0]
    decision = desk.deliver(desk.decide(task_id=desk.world.task(child).pk))
    forget_the_mirror()
    assert recovered(desk) == [child]
    desk.world.sync()
    assert desk.settle(decision).status == DecisionStatus.CONFIRMED
    run = desk.world.execution(child).state_machine
    assert (run.parent, run.gone_at, run.name) == (desk.world.execution(parent), None, "spread")


def test_of_too_many_each_has_its_turn_the_oldest_answers_together(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    arns = [desk.arn, *(desk.world.start(name=name) for name in ("b", "c"))]
    desk.world.sync()
    for hours, arn in zip((1, 3, 2), arns, strict=True):
        moment = desk.now - timedelta(hours=hours)
        desk.deliver(desk.decide(task_id=desk.world.task(arn).pk, now=moment))
    forget_the_mirror()
    monkeypatch.setattr(recovering, "MOST", 2)
    turns = [
        tuple(recovering.lost_executions(desk.world.connection, desk.now + timedelta(minutes=n)))
        for n in range(4)
    ]
    assert set(turns) == {(arns[1], arns[2]), (arns[0],)}
    assert turns[:2] == turns[2:]


def test_one_that_may_not_be_described_keeps_no_other_waiting(desk: Desk) -> None:
    other = desk.world.start(name="other")
    desk.world.sync()
    first, second = (desk.world.task(arn).pk for arn in (desk.arn, other))
    desk.deliver(desk.decide(task_id=first, now=desk.now - timedelta(hours=1)))
    desk.deliver(desk.decide(task_id=second))
    forget_the_mirror()
    desk.simulator.fault("DescribeExecution", "deny", execution=desk.arn, times=None)
    assert recovered(desk) == [other]


def test_however_many_are_lost_the_mirror_is_asked_as_often(
    desk: Desk, django_assert_num_queries: Any
) -> None:
    arns = [desk.arn, *(desk.world.start(name="more") for _ in range(4))]
    desk.world.sync()
    for arn in arns:
        desk.deliver(desk.decide(task_id=desk.world.task(arn).pk))
    forget_the_mirror()
    # Two for the mirror and seven to take calls from the shared budget.
    with django_assert_num_queries(10):
        assert sorted(recovered(desk)) == sorted(arns)

"""An answer under way whose task the mirror has lost is settled all the same."""

import pytest

from callbacks.models import CallbackTask, DecisionStatus, Execution, Request
from tests.decisions.conftest import Desk

pytestmark = pytest.mark.django_db


def forget_the_mirror() -> None:
    CallbackTask.objects.all().delete()
    Request.objects.all().delete()
    Execution.objects.all().delete()


def test_a_run_that_ended_while_the_mirror_was_away_comes_back(desk: Desk) -> None:
    decision = desk.decide()
    desk.deliver(decision)
    forget_the_mirror()
    assert desk.settle(decision).status == DecisionStatus.SENT
    desk.world.sync()
    assert desk.settle(decision).status == DecisionStatus.CONFIRMED


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

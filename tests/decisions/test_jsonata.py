"""A callback task of a JSONata state machine: shown, approved and rejected like any other."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from callbacks.decisions.answer import Answer
from callbacks.models import CallbackTask, Connection, Decision, DecisionStatus, Direction, Role
from tests import making
from tests.decisions.conftest import REJECTION, Desk
from tests.simulator.control import Control
from tests.sync.world import SQS, World, machine

pytestmark = pytest.mark.django_db

APPROVAL = Answer(direction=Direction.APPROVE, output_text='{"price": 120}', reason="Fair.")
ASK: dict[str, Any] = {
    "Type": "Task",
    "Resource": SQS,
    "Arguments": {
        "QueueUrl": "q",
        "MessageBody": "{% $string({'token': $states.context.Task.Token, 'of': $customer}) %}",
    },
    "TimeoutSeconds": "{% $states.input.days * 86400 %}",
    "Output": {"order": "{% $states.input.order %}", "price": "{% $states.result.price %}"},
    "Catch": [
        {
            "ErrorEquals": ["States.ALL"],
            "Output": {"refused": "{% $states.errorOutput.Error & ' by ' & $customer %}"},
            "Next": "Tell",
        }
    ],
    "Next": "Tell",
}
REMEMBER = {"Type": "Pass", "Assign": {"customer": "{% $states.input.name %}"}, "Next": "Ask"}
DEFINITION = {
    "QueryLanguage": "JSONata",
    **machine(Remember=REMEMBER, Ask=ASK, Tell={"Type": "Pass", "End": True}),
}


@pytest.fixture
def asked(connection: Connection, one_simulator: Control) -> Desk:
    making.default_policy()
    world = World(connection=connection, simulator=one_simulator)
    arn = world.start(DEFINITION, {"order": "A-1", "name": "Ann", "days": 2})
    world.sync()
    return Desk(world=world, arn=arn, approver=making.make_person("ana", Role.APPROVER))


def _answered(desk: Desk, answer: Answer) -> tuple[Decision, CallbackTask, Any]:
    """The decision, the task as the mirror then has it, and the execution's output."""
    decision = desk.settle(desk.deliver(desk.decide(answer)))
    desk.world.sync()
    described = desk.simulator.execution(desk.arn)
    assert described["status"] == "SUCCEEDED"
    return decision, desk.task, json.loads(described["output"])


def test_the_request_shows_its_input_and_when_it_ends(
    asked: Desk, browser_of: Callable[..., Client]
) -> None:
    task = asked.task
    assert (task.state, task.timeout_seconds) == ("Ask", 2 * 86_400)
    assert task.dies_latest - task.waiting_since == timedelta(days=2)
    page = browser_of(asked.approver).get(f"/tasks/{task.pk}/").content.decode()
    assert "orders: Ask" in page
    assert "A-1" in page
    assert asked.world.token(asked.arn) not in page


def test_an_approval_is_the_result_that_the_workflow_goes_on_with(asked: Desk) -> None:
    decision, task, output = _answered(asked, APPROVAL)
    assert decision.status == DecisionStatus.CONFIRMED
    assert (task.status, task.answered_here) == ("answered", True)
    assert output == {"order": "A-1", "price": 120}


def test_a_rejection_goes_where_the_workflow_catches_it(asked: Desk) -> None:
    decision, task, output = _answered(asked, REJECTION)
    assert decision.status == DecisionStatus.CONFIRMED
    assert (task.status, task.closed_error) == ("answered", "Wrong")
    assert output == {"refused": "Wrong by Ann"}


def test_an_answer_that_the_workflow_cannot_use_was_given_all_the_same(asked: Desk) -> None:
    answer = Answer(direction=Direction.APPROVE, output_text="{}", reason="Fair.")
    decision, task, output = _answered(asked, answer)
    assert decision.status == DecisionStatus.CONFIRMED
    assert (task.status, task.answered_here) == ("answered", True)
    assert output == {"refused": "States.QueryEvaluationError by Ann"}

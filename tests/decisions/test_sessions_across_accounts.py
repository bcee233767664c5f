"""An account that is entered by a role and an external id: who called is told apart there."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest

from callbacks.decisions.decide import decide
from callbacks.decisions.deliver import deliver
from callbacks.models import Connection, Decision, DecisionStatus, Role, User
from callbacks.stepfunctions import forget_clients
from tests import making
from tests.decisions.conftest import APPROVAL
from tests.simulator.control import Control, running_simulator
from tests.sync.world import World, machine, task

pytestmark = pytest.mark.django_db
ACCOUNT = "210987654321"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/Holdpoint"


@dataclass
class Branch:
    """An account of its own, and three tasks that wait there."""

    home: Control
    world: World
    arns: list[str]

    def answer(self, number: int, user: User) -> Decision:
        return decide(
            task_id=self.world.task(self.arns[number]).pk,
            decision_id=uuid.uuid4(),
            answer=APPROVAL,
            actor=making.make_actor(user),
            now=self.world.now,
            undo_seconds=0,
        )

    def send(self, decision: Decision, *, later: float = 0) -> Decision:
        deliver(decision_id=decision.pk, now=self.world.now + timedelta(seconds=later))
        decision.refresh_from_db()
        return decision

    def sessions(self, operation: str) -> list[str]:
        return [str(call["session"]) for call in self.world.simulator.calls(operation)]


@pytest.fixture
def branch(db: None) -> Iterator[Branch]:
    forget_clients()
    making.default_policy()
    with running_simulator() as home:
        there = home.at(account=ACCOUNT, region="eu-west-1")
        home.require_external_id(ROLE, "e-7")
        world = World(connection=_connection(home.url), simulator=there)
        orders = there.create("orders", machine(Review=task(TimeoutSeconds=86_400)))
        arns = [there.start(orders, {"order": number}) for number in range(3)]
        world.sync()
        yield Branch(home, world, arns)
    forget_clients()


def _connection(url: str) -> Connection:
    return making.make_connection(
        account=ACCOUNT, endpoint_url=url, region="eu-west-1", role_arn=ROLE, external_id="e-7"
    )


def test_reading_is_nobodys_and_each_answer_its_givers(branch: Branch) -> None:
    ana, ben = (making.make_person(name, Role.APPROVER) for name in ("ana", "ben"))

    for number, user in enumerate((ana, ben, ana)):
        assert branch.send(branch.answer(number, user)).status == DecisionStatus.SENT

    assert set(branch.sessions("GetExecutionHistory")) == {"holdpoint"}
    names = [f"holdpoint-{user.pk}-{user.username}" for user in (ana, ben, ana)]
    assert branch.sessions("SendTaskSuccess") == names


def test_sessions_that_aws_ends_in_the_middle_are_renewed(branch: Branch) -> None:
    ana = making.make_person("ana", Role.APPROVER)
    branch.send(branch.answer(0, ana))
    branch.home.expire_sessions()

    decision = branch.send(branch.answer(1, ana))
    assert (decision.status, decision.answer_code) == (
        DecisionStatus.SENDING,
        "ExpiredTokenException",
    )
    assert branch.send(decision, later=60).status == DecisionStatus.SENT


def test_another_external_id_is_an_error_before_anything_is_sent(branch: Branch) -> None:
    ana = making.make_person("ana", Role.APPROVER)
    decision = branch.answer(0, ana)
    branch.home.require_external_id(ROLE, "e-8")

    decision = branch.send(decision)

    assert (decision.status, decision.outcome) == (DecisionStatus.REFUSED, "role_denied")
    assert decision.outcome_facts == {"action": "sts:AssumeRole", "resource": ROLE}
    assert decision.first_sent_at is None
    assert branch.sessions("SendTaskSuccess") == []

"""Any order of answers, signatures, second thoughts and sends, against a model of the rules."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as examples
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from callbacks.audit.verify import verify_chain
from callbacks.decisions.errors import DecisionError
from callbacks.decisions.takeback import withdraw
from callbacks.models import AuditEntry, CallbackTask, Decision, Role, User
from tests import making
from tests.decisions.conftest import APPROVAL, REJECTION, Desk
from tests.sync.world import machine, task

pytestmark = pytest.mark.django_db

UNDO = timedelta(seconds=10)
PEOPLE = ("ana", "kofi", "priya")
PAYLOADS = ('{"a": 1}', '{"a": 1.0}')
people, payloads = st.sampled_from(PEOPLE), st.sampled_from(PAYLOADS)


@dataclass
class Model:
    """What the rules say: two sign to approve, one rejects, ten seconds to think again."""

    says: str = ""  # the bytes, or "no"
    signers: set[str] = field(default_factory=set)
    ready_at: datetime | None = None
    sent: str = ""

    def approve(self, person: str, payload: str, now: datetime) -> bool:
        if self.sent or self.ready_at or (self.says == payload and person in self.signers):
            return False
        if self.says != payload:
            self.says, self.signers = payload, set()
        self.signers.add(person)
        self.ready_at = now + UNDO if len(self.signers) == 2 else None
        return True

    def reject(self, person: str, now: datetime) -> bool:
        if self.sent or self.ready_at:
            return False
        self.says, self.signers, self.ready_at = "no", {person}, now + UNDO
        return True

    def withdraw(self, person: str) -> bool:
        if self.sent or person not in self.signers:
            return False
        self.signers.remove(person)
        self.ready_at = None
        if not self.signers:
            self.says = ""
        return True

    def deliver(self, now: datetime) -> None:
        if not self.sent and self.ready_at and self.ready_at <= now:
            self.sent = self.says


class Rules(RuleBasedStateMachine):
    """One task, three people. The test sets what all examples share."""

    whole: ClassVar[Desk]
    cast: ClassVar[dict[str, User]]
    waiting: ClassVar[list[str]]

    def __init__(self) -> None:
        super().__init__()
        self.desk = replace(self.whole, arn=self.waiting.pop())
        self.model = Model()
        self.calls_before = len(self.whole.sends())

    def give(self, person: str, answer: Any) -> bool:
        try:
            self.desk.decide(
                answer, actor=making.make_actor(self.cast[person]), undo_seconds=UNDO.seconds
            )
        except DecisionError:
            return False
        return True

    @property
    def now(self) -> datetime:
        return self.desk.now

    @property
    def decisions(self) -> list[Decision]:
        return list(Decision.objects.filter(task_id=self.desk.task.pk))

    @rule(person=people, payload=payloads)
    def approve(self, person: str, payload: str) -> None:
        given = self.give(person, replace(APPROVAL, output_text=payload))
        assert given == self.model.approve(person, payload, self.now)

    @rule(person=people)
    def reject(self, person: str) -> None:
        assert self.give(person, REJECTION) == self.model.reject(person, self.now)

    @rule(person=people)
    def take_back(self, person: str) -> None:
        done = False
        for decision in self.decisions:
            try:
                actor = making.make_actor(self.cast[person])
                withdraw(decision_id=decision.pk, actor=actor, now=self.now)
                done = True
            except DecisionError:
                continue
        assert done == self.model.withdraw(person)

    @rule()
    def deliver(self) -> None:
        self.model.deliver(self.now)
        for decision in self.decisions:
            self.desk.deliver(decision)

    @rule()
    def settle(self) -> None:
        for decision in self.decisions:
            self.desk.settle(decision)

    @rule()
    def wait(self) -> None:
        self.desk.later += UNDO

    @invariant()
    def one_answer_lives(self) -> None:
        assert sum(decision.is_live for decision in self.decisions) <= 1

    @invariant()
    def only_what_was_agreed_is_sent_and_once(self) -> None:
        calls = sorted(self.whole.sends(), key=lambda call: call["seq"])[self.calls_before :]
        assert len(calls) == (1 if self.model.sent else 0)
        for call in calls:
            said = call["params"].get("output", "no")
            assert said == self.model.sent

    def teardown(self) -> None:
        for decision in self.decisions:
            assert AuditEntry.objects.filter(decision_id=decision.pk).exists()
        verify_chain()  # raises where it does not hold


def test_no_order_of_events_breaks_the_rules(desk: Desk, settings: Any) -> None:
    making.make_policy("Two of us", approvals_needed=2)
    Rules.whole = desk
    Rules.cast = {name: making.make_person(name, Role.APPROVER) for name in PEOPLE[1:]}
    Rules.cast["ana"] = desk.approver
    arn = desk.simulator.create("rules", machine(Review=task()))
    for _ in range(400):
        desk.simulator.start(arn)
    settings.SYNC_QUOTA_SHARE = 1.0
    desk.world.sync()
    # One for each example, and for those that a failure would be made smaller with.
    mirrored = CallbackTask.objects.filter(execution__state_machine__name="rules")
    Rules.waiting = list(mirrored.values_list("execution__arn", flat=True))
    run_state_machine_as_test(
        Rules,
        settings=examples(
            max_examples=40,
            stateful_step_count=20,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )

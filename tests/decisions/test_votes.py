"""Answers that need several signatures: bound to the bytes, counted under the lock."""

import uuid
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from callbacks.decisions import deliver as deliver_module
from callbacks.decisions.errors import (
    AlreadySigned,
    InvalidAnswer,
    NotYours,
    SameIdOtherAnswer,
    TooLate,
)
from callbacks.decisions.policy import Refusal
from callbacks.decisions.sweep import sweep
from callbacks.decisions.takeback import send_now, withdraw
from callbacks.models import (
    AuditEntry,
    CallbackTask,
    Decision,
    DecisionStatus,
    Lease,
    Policy,
    RejectionMode,
    Role,
    User,
    Vote,
)
from tests import making
from tests.decisions.conftest import APPROVAL, REJECTION, Desk

pytestmark = pytest.mark.django_db

OTHER = replace(APPROVAL, output_text='{"other": true}')


@pytest.fixture
def two(desk: Desk) -> Policy:
    return making.make_policy("Two of us", approvals_needed=2, undo_seconds=0)


@pytest.fixture
def held(two: Policy) -> None:
    """An undo window, which is everybody's where several sign."""
    Policy.objects.filter(pk=two.pk).update(undo_seconds=60)


@pytest.fixture
def kofi(desk: Desk) -> User:
    return making.make_person("kofi", Role.APPROVER)


def again(decision: Decision) -> Decision:
    return Decision.objects.get(pk=decision.pk)


def take_back(desk: Desk, decision: Decision, user: User) -> Decision:
    return withdraw(decision_id=decision.pk, actor=making.make_actor(user), now=desk.now)


# --- collecting --------------------------------------------------------------------------------
def test_one_signature_of_two_is_not_sent(desk: Desk, two: Policy) -> None:
    decision = desk.decide()
    assert decision.status == DecisionStatus.COLLECTING
    assert desk.deliver(decision).status == DecisionStatus.COLLECTING
    assert desk.sends() == []


def test_the_same_bytes_of_another_person_complete_it(desk: Desk, two: Policy, kofi: User) -> None:
    first = desk.decide()
    second = desk.decide(replace(APPROVAL, reason="Me too."), actor=making.make_actor(kofi))
    assert second == first
    assert desk.settle(desk.deliver(second)).status == DecisionStatus.CONFIRMED
    assert len(desk.sends()) == 1


def test_nobody_signs_twice(desk: Desk, two: Policy) -> None:
    desk.decide()
    with pytest.raises(AlreadySigned):
        desk.decide()


def test_a_signature_sent_twice_is_one(desk: Desk, two: Policy, kofi: User) -> None:
    desk.decide()
    key = uuid.uuid4()
    signed = [desk.decide(decision_id=key, actor=making.make_actor(kofi)) for _ in range(2)]
    assert signed[0] == signed[1]
    assert Vote.objects.count() == 2


def test_an_id_of_somebody_elses_signature_is_refused(desk: Desk, two: Policy, kofi: User) -> None:
    key = uuid.uuid4()
    desk.decide(decision_id=key)
    with pytest.raises(SameIdOtherAnswer):
        desk.decide(decision_id=key, actor=making.make_actor(kofi))


def test_other_bytes_void_the_signatures_and_begin_anew(
    desk: Desk, two: Policy, kofi: User
) -> None:
    first = desk.decide()
    second = desk.decide(OTHER, actor=making.make_actor(kofi))
    assert (again(first).status, again(first).outcome) == ("withdrawn", "other_answer")
    assert (second.status, second.votes.count()) == ("collecting", 1)
    assert AuditEntry.objects.filter(kind="answer_voided", decision_id=first.pk).exists()


def test_one_rejection_ends_it(desk: Desk, two: Policy, kofi: User) -> None:
    first = desk.decide()
    no = desk.decide(REJECTION, actor=making.make_actor(kofi))
    assert again(first).outcome == "rejected"
    assert no.status == DecisionStatus.HELD


def test_a_policy_may_ask_for_several_rejections(desk: Desk, kofi: User) -> None:
    making.make_policy("Two to say no", rejections_needed=2)
    assert desk.decide(REJECTION).status == DecisionStatus.COLLECTING
    assert desk.decide(REJECTION, actor=making.make_actor(kofi)).status == DecisionStatus.HELD


# --- whose signatures count --------------------------------------------------------------------
def test_the_signature_of_a_deactivated_person_does_not_count(
    desk: Desk, two: Policy, kofi: User
) -> None:
    desk.decide()
    User.objects.filter(pk=desk.approver.pk).update(is_active=False)
    second = desk.decide(actor=making.make_actor(kofi))
    assert second.status == DecisionStatus.COLLECTING


def test_somebody_who_left_the_team_neither_signs_nor_counts(desk: Desk, kofi: User) -> None:
    making.make_policy("Finance", team="finance", approvals_needed=2)
    for user in (desk.approver, kofi):
        user.groups.add(making.make_team("finance"))
    desk.decide()
    desk.approver.groups.clear()
    assert desk.decide(actor=making.make_actor(kofi)).status == DecisionStatus.COLLECTING
    with pytest.raises(NotYours) as raised:
        desk.decide()
    assert raised.value.code == Refusal.NOT_NAMED


def test_a_team_minimum_holds_beside_the_count(desk: Desk, kofi: User) -> None:
    policy = making.make_policy("Both teams", team="finance", approvals_needed=2)
    policy.policy_teams.update(approvals=1)
    policy.policy_teams.create(team=making.make_team("security"))
    for user in (desk.approver, kofi):
        user.groups.add(making.make_team("security"))
    desk.decide()
    assert desk.decide(actor=making.make_actor(kofi)).status == DecisionStatus.COLLECTING
    priya = making.make_person("priya", Role.APPROVER, teams=["finance"])
    assert desk.decide(actor=making.make_actor(priya)).status == DecisionStatus.HELD


def test_who_asked_does_not_sign(desk: Desk, two: Policy) -> None:
    CallbackTask.objects.update(input='{"requestedBy": "ana"}')
    with pytest.raises(NotYours) as raised:
        desk.decide()
    assert raised.value.code == Refusal.OWN_REQUEST


def test_signatures_under_an_older_version_of_the_rule_do_not_count(
    desk: Desk, two: Policy, kofi: User
) -> None:
    first = desk.decide()
    Policy.objects.filter(pk=two.pk).update(retired_at=desk.now)
    making.make_policy(two.name, version=2, approvals_needed=2)
    second = desk.decide(actor=making.make_actor(kofi))
    assert again(first).outcome == "policy_changed"
    assert second.status == DecisionStatus.COLLECTING


# --- taking back -------------------------------------------------------------------------------
def test_the_last_signature_taken_back_ends_the_answer(desk: Desk, two: Policy) -> None:
    decision = desk.decide()
    assert take_back(desk, decision, desk.approver).status == DecisionStatus.WITHDRAWN


def test_a_signature_taken_back_in_the_undo_window_lets_it_collect_again(
    desk: Desk, two: Policy, held: None, kofi: User
) -> None:
    decision = desk.decide()
    desk.decide(actor=making.make_actor(kofi))
    assert take_back(desk, decision, kofi).status == DecisionStatus.COLLECTING
    assert desk.deliver(decision).status == DecisionStatus.COLLECTING


def test_who_took_a_signature_back_may_sign_again(
    desk: Desk, two: Policy, held: None, kofi: User
) -> None:
    decision = desk.decide()
    desk.decide(actor=making.make_actor(kofi))
    take_back(desk, decision, kofi)
    assert desk.decide(actor=making.make_actor(kofi)).status == DecisionStatus.HELD


def test_nobody_takes_back_twice(desk: Desk, two: Policy, held: None, kofi: User) -> None:
    decision = desk.decide()
    desk.decide(actor=making.make_actor(kofi))
    take_back(desk, decision, kofi)
    with pytest.raises(TooLate):
        take_back(desk, decision, kofi)


def test_nobody_shortens_the_window_that_belongs_to_several(
    desk: Desk, two: Policy, held: None, kofi: User
) -> None:
    decision = desk.decide()
    desk.decide(actor=making.make_actor(kofi))
    with pytest.raises(TooLate):
        send_now(decision_id=decision.pk, actor=making.make_actor(kofi), now=desk.now)


@pytest.mark.parametrize(("policys", "expected"), [(None, 10), (60, 60), (0, 0)])
def test_nobodys_own_setting_changes_the_window_that_belongs_to_several(
    desk: Desk, two: Policy, kofi: User, policys: int | None, expected: int
) -> None:
    Policy.objects.filter(pk=two.pk).update(undo_seconds=policys)
    User.objects.filter(pk=kofi.pk).update(undo_seconds=1)
    desk.decide()
    now = desk.now
    decision = desk.decide(actor=making.make_actor(kofi), undo_seconds=0, now=now)
    assert decision.send_after == now + timedelta(seconds=expected)


def test_a_signature_too_many_taken_back_leaves_the_answer_held(
    desk: Desk, held: None, kofi: User
) -> None:
    Policy.objects.filter(name="Two of us").update(approvals_needed=3)
    decision = desk.decide()
    desk.decide(actor=making.make_actor(kofi))
    third = making.make_person("priya", Role.APPROVER)
    desk.decide(actor=making.make_actor(third))
    Policy.objects.filter(name="Two of us").update(approvals_needed=2)
    assert take_back(desk, decision, kofi).status == DecisionStatus.HELD


# --- between the last signature and the send ---------------------------------------------------
def test_an_answer_whose_signer_is_deactivated_in_the_undo_window_is_not_sent(
    desk: Desk, two: Policy, kofi: User
) -> None:
    decision = desk.decide()
    desk.decide(actor=making.make_actor(kofi))
    User.objects.filter(pk=desk.approver.pk).update(is_active=False)
    assert desk.deliver(decision).status == DecisionStatus.COLLECTING
    assert desk.sends() == []
    third = making.make_person("priya", Role.APPROVER)
    desk.decide(actor=making.make_actor(third))
    assert desk.settle(desk.deliver(decision)).status == DecisionStatus.CONFIRMED


def test_an_answer_whose_signer_comes_back_is_held_and_sent_by_itself(
    desk: Desk, two: Policy, kofi: User
) -> None:
    decision = desk.decide()
    desk.decide(actor=making.make_actor(kofi))
    User.objects.filter(pk=kofi.pk).update(is_active=False)
    desk.deliver(decision)
    sweep(now=desk.now)
    assert again(decision).status == DecisionStatus.COLLECTING
    User.objects.filter(pk=kofi.pk).update(is_active=True)
    sweep(now=desk.now)
    assert again(decision).status == DecisionStatus.HELD
    assert AuditEntry.objects.filter(kind="answer_complete", decision_id=decision.pk).count() == 2
    assert desk.settle(desk.deliver(again(decision))).status == DecisionStatus.CONFIRMED


def test_an_answer_is_complete_when_a_signer_comes_into_the_team_that_lacked_one(
    desk: Desk, kofi: User
) -> None:
    policy = making.make_policy("Security", team="security", approvals_needed=2, undo_seconds=0)
    policy.policy_teams.update(approvals=1)
    policy.users.set([desk.approver, kofi])
    decision = desk.decide()
    desk.decide(actor=making.make_actor(kofi))
    sweep(now=desk.now)
    assert again(decision).status == DecisionStatus.COLLECTING
    kofi.groups.add(making.make_team("security"))
    sweep(now=desk.now)
    assert again(decision).status == DecisionStatus.HELD


def test_nothing_completes_under_an_earlier_version(desk: Desk, two: Policy, kofi: User) -> None:
    decision = desk.decide()
    making.make_vote(decision, kofi)
    # What waits is put under the new version only a little later.
    Policy.objects.filter(pk=two.pk).update(retired_at=desk.now)
    making.make_policy(two.name, version=2, approvals_needed=3)
    sweep(now=desk.now)
    assert again(decision).status == DecisionStatus.COLLECTING


def test_answers_that_lack_something_cost_the_sweep_the_same_however_many_they_are(
    desk: Desk, kofi: User
) -> None:
    policy = making.make_policy("Security", team="security", approvals_needed=2)
    policy.policy_teams.update(approvals=1)

    def queries_with(count: int) -> int:
        for _ in range(count):
            decision = making.make_decision(
                making.make_task(policy=policy), desk.approver, status=DecisionStatus.COLLECTING
            )
            for user in (desk.approver, kofi):
                making.make_vote(decision, user)
        with CaptureQueriesContext(connection) as queries:
            sweep(now=desk.now)
        return len(queries)

    assert queries_with(2) == queries_with(20)


@pytest.mark.parametrize("is_paused", [True, False])
def test_signatures_are_counted_again_also_where_the_connection_pauses(
    desk: Desk, two: Policy, kofi: User, is_paused: bool
) -> None:
    if is_paused:
        until = desk.now + timedelta(minutes=5)
        name = f"send:{desk.task.connection_id}"
        Lease.objects.create(name=name, holder="ThrottlingException", until=until)
    decision = desk.decide()
    desk.decide(actor=making.make_actor(kofi))
    desk.deliver(decision)
    User.objects.filter(pk=kofi.pk).update(is_active=False)
    Lease.objects.all().delete()
    desk.later += timedelta(minutes=10)
    expected = DecisionStatus.COLLECTING if is_paused else DecisionStatus.SENT
    assert desk.deliver(again(decision)).status == expected


def test_an_answer_with_all_signatures_goes_out_under_the_version_it_was_signed_under(
    desk: Desk, two: Policy, kofi: User
) -> None:
    decision = desk.decide()
    desk.decide(actor=making.make_actor(kofi))
    Policy.objects.filter(pk=two.pk).update(retired_at=desk.now)
    making.make_policy(two.name, version=2, approvals_needed=3)
    assert desk.settle(desk.deliver(decision)).status == DecisionStatus.CONFIRMED


# --- the end of the task -----------------------------------------------------------------------
def test_a_task_that_dies_while_signatures_are_collected_ends_the_answer(
    desk: Desk, two: Policy
) -> None:
    decision = desk.decide()
    desk.world.succeed(desk.arn)
    desk.world.sync()
    desk.later += timedelta(seconds=1)
    settled = desk.settle(decision)
    assert (settled.status, settled.outcome) == ("lost", "answered_elsewhere")


# --- what a policy makes of an answer ----------------------------------------------------------
def test_a_rejection_may_be_a_success_that_says_no(desk: Desk) -> None:
    making.make_policy(
        "Says no", rejection_mode=RejectionMode.SUCCESS, rejection_output='{"ok":false}'
    )
    no = desk.decide(replace(REJECTION, error="", cause=""))
    assert desk.settle(desk.deliver(no)).status == DecisionStatus.CONFIRMED
    [call] = desk.sends()
    assert (call["operation"], no.output_text) == ("SendTaskSuccess", '{"ok":false}')


@pytest.mark.parametrize(
    ("fields", "answer", "field"),
    [
        ({"output_schema": {"required": ["ok"]}}, APPROVAL, "output"),
        ({"output_schema": {"$ref": "https://example.org/x"}}, APPROVAL, "output"),
        ({"rejection_errors": ["Denied"]}, REJECTION, "error"),
        ({"rejection_mode": "success", "rejection_output": "{}"}, REJECTION, "error"),
    ],
)
def test_an_answer_that_the_policy_does_not_take_is_refused(
    desk: Desk, fields: dict[str, Any], answer: Any, field: str
) -> None:
    making.make_policy(**fields)
    with pytest.raises(InvalidAnswer) as raised:
        desk.decide(answer)
    assert list(raised.value.errors) == [field]


def test_a_worker_that_read_it_as_held_does_not_send_it_when_it_is_held_again(
    desk: Desk, two: Policy, held: None, kofi: User, monkeypatch: Any
) -> None:
    decision = desk.decide()
    desk.decide(actor=making.make_actor(kofi))
    read_before = again(decision)
    read_before.send_after = desk.now
    take_back(desk, decision, kofi)
    desk.decide(actor=making.make_actor(kofi))
    monkeypatch.setattr(deliver_module, "_read", lambda decision_id: read_before)
    assert desk.deliver(decision).status == DecisionStatus.HELD
    assert desk.sends() == []

"""The one door: who may answer what, once; taking an answer back, and sending it at once."""

import uuid
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from callbacks.audit import AuditUnavailable
from callbacks.decisions import decide as decide_module
from callbacks.decisions import recording, takeback
from callbacks.decisions.consent import shown_digest
from callbacks.decisions.errors import (
    AlreadyDecided,
    ConnectionOff,
    InvalidAnswer,
    NoToken,
    NotYours,
    SameIdOtherAnswer,
    ShownChanged,
    TaskOver,
    TaskUnknown,
    TooLate,
)
from callbacks.decisions.policy import Refusal
from callbacks.decisions.takeback import send_now, withdraw
from callbacks.decisions.window import undo_window
from callbacks.models import (
    AuditEntry,
    CallbackTask,
    Connection,
    Decision,
    DecisionStatus,
    Policy,
    ReasonRule,
    RejectionMode,
    Role,
)
from tests import making
from tests.decisions.conftest import APPROVAL, REJECTION, Desk

pytestmark = pytest.mark.django_db


# --- the record --------------------------------------------------------------------------------
def test_the_exact_bytes_are_kept(desk: Desk) -> None:
    text = ' {"a": 1.0,\n "ü": "\\u00fc"} '
    decision = desk.decide(replace(APPROVAL, output_text=text))
    decision.refresh_from_db()
    assert bytes(decision.output or b"") == text.encode()


def test_a_decision_has_its_audit_entry(desk: Desk) -> None:
    decision = desk.decide()
    entry = AuditEntry.objects.get(decision_id=decision.pk)
    assert entry.kind == "answer_decided"
    assert decision.payload_sha256 in entry.body


def test_nothing_is_recorded_where_the_audit_record_fails(desk: Desk, monkeypatch: Any) -> None:
    def fail(**_: Any) -> None:
        raise AuditUnavailable("no")

    monkeypatch.setattr(recording, "append", fail)
    with pytest.raises(AuditUnavailable):
        desk.decide()
    assert not Decision.objects.exists()


# --- the same id -------------------------------------------------------------------------------
def test_the_same_answer_under_the_same_id_is_one_decision(desk: Desk) -> None:
    key = uuid.uuid4()
    assert desk.decide(decision_id=key) == desk.decide(decision_id=key)
    assert Decision.objects.count() == 1


@pytest.mark.parametrize(
    "other", [REJECTION, replace(APPROVAL, output_text="{}"), replace(APPROVAL, reason="Other.")]
)
def test_another_answer_under_the_same_id_is_refused(desk: Desk, other: Any) -> None:
    key = uuid.uuid4()
    first = desk.decide(decision_id=key)
    with pytest.raises(SameIdOtherAnswer) as raised:
        desk.decide(other, decision_id=key)
    assert raised.value.decision == first


def test_somebody_elses_id_is_refused(desk: Desk) -> None:
    key = uuid.uuid4()
    desk.decide(decision_id=key)
    other = making.make_person("kofi", Role.APPROVER)
    with pytest.raises(SameIdOtherAnswer):
        desk.decide(decision_id=key, actor=making.make_actor(other))


def test_an_id_used_for_another_task_is_refused(desk: Desk) -> None:
    key = uuid.uuid4()
    desk.decide(decision_id=key)
    with pytest.raises(SameIdOtherAnswer):
        desk.decide(decision_id=key, task_id=making.make_task().pk)


def test_an_id_used_for_another_task_in_the_same_moment_is_refused(
    desk: Desk, monkeypatch: Any
) -> None:
    key = uuid.uuid4()
    desk.decide(decision_id=key)
    monkeypatch.setattr(decide_module, "_find_earlier", lambda decision_id: None)
    with pytest.raises(SameIdOtherAnswer):
        desk.decide(decision_id=key, task_id=making.make_task().pk)


# --- who ---------------------------------------------------------------------------------------
@pytest.mark.parametrize("role", [Role.OPERATOR, Role.AUDITOR, Role.ADMIN])
def test_other_roles_do_not_answer(desk: Desk, role: Role) -> None:
    person = making.make_person("somebody", role)
    with pytest.raises(NotYours) as raised:
        desk.decide(actor=making.make_actor(person))
    assert raised.value.code == Refusal.NOT_APPROVER


def test_an_approver_of_another_team_does_not_answer(desk: Desk) -> None:
    task = making.make_task(policy=making.make_policy(team="finance"))
    with pytest.raises(NotYours) as raised:
        desk.decide(task_id=task.pk)
    assert raised.value.code == Refusal.NOT_NAMED


def test_a_person_deactivated_since_the_form_was_opened_does_not_answer(desk: Desk) -> None:
    actor = making.make_actor(desk.approver)
    type(desk.approver).objects.filter(pk=desk.approver.pk).update(is_active=False)
    with pytest.raises(NotYours) as raised:
        desk.decide(actor=actor)
    assert raised.value.code == Refusal.NOT_ACTIVE


def new_version_of_the_default(desk: Desk) -> None:
    old = making.default_policy()
    type(old).objects.filter(pk=old.pk).update(retired_at=desk.now)
    making.make_policy(old.name, team="finance", version=2, is_default=True)


def test_a_rule_that_changed_since_the_form_was_opened_counts(desk: Desk) -> None:
    new_version_of_the_default(desk)
    with pytest.raises(NotYours) as raised:
        desk.decide()
    assert raised.value.code == Refusal.NOT_NAMED


def test_the_record_names_the_version_that_counted(desk: Desk) -> None:
    new_version_of_the_default(desk)
    desk.approver.groups.add(making.make_team("finance"))
    decision = desk.decide()
    assert decision.policy_version == 2


def test_an_unknown_task_is_unknown(desk: Desk) -> None:
    with pytest.raises(TaskUnknown):
        desk.decide(task_id=uuid.uuid4())


# --- the task ----------------------------------------------------------------------------------
def test_a_second_answer_is_told_of_the_first(desk: Desk) -> None:
    first = desk.decide()
    with pytest.raises(AlreadyDecided) as raised:
        desk.decide(REJECTION)
    assert raised.value.decision == first


def test_a_task_that_is_over_takes_no_answer(desk: Desk) -> None:
    desk.world.succeed(desk.arn)
    desk.world.sync()
    with pytest.raises(TaskOver):
        desk.decide()


def test_a_task_without_a_token_takes_no_answer(desk: Desk) -> None:
    with pytest.raises(NoToken):
        desk.decide(task_id=making.make_task(token="").pk)


def test_over_a_connection_that_is_switched_off_nothing_is_answered(desk: Desk) -> None:
    first = desk.decide(decision_id=uuid.uuid4())
    other = desk.world.start(name="other")
    desk.world.sync()
    Connection.objects.update(is_enabled=False)
    with pytest.raises(ConnectionOff):
        desk.decide(task_id=desk.world.task(other).pk)
    assert list(Decision.objects.all()) == [first]


def test_an_answer_to_what_has_changed_since_is_refused(desk: Desk) -> None:
    seen = shown_digest(desk.task, None)
    type(desk.task).objects.update(input='{"order": "another"}')
    with pytest.raises(ShownChanged):
        desk.decide(shown_sha256=seen)


def test_an_answer_to_what_was_shown_is_taken(desk: Desk) -> None:
    assert desk.decide(shown_sha256=shown_digest(desk.task, None)).status == DecisionStatus.HELD


# --- the answer --------------------------------------------------------------------------------
def test_an_output_that_is_not_json_is_refused(desk: Desk) -> None:
    with pytest.raises(InvalidAnswer) as raised:
        desk.decide(replace(APPROVAL, output_text="{"))
    assert list(raised.value.errors) == ["output"]


@pytest.mark.parametrize(
    ("rule", "answer", "is_taken"),
    [
        (ReasonRule.REJECT, APPROVAL, True),
        (ReasonRule.REJECT, REJECTION, False),
        (ReasonRule.APPROVE, APPROVAL, False),
        (ReasonRule.APPROVE, REJECTION, True),
        (ReasonRule.BOTH, APPROVAL, False),
        (ReasonRule.NEITHER, REJECTION, True),
    ],
)
def test_the_policy_says_which_answer_needs_a_reason(
    desk: Desk, rule: ReasonRule, answer: Any, is_taken: bool
) -> None:
    task = making.make_task(policy=making.make_policy(reason_rule=rule))
    silent = replace(answer, reason="  ")
    if is_taken:
        assert desk.decide(silent, task_id=task.pk).reason == "  "
        return
    with pytest.raises(InvalidAnswer) as raised:
        desk.decide(silent, task_id=task.pk)
    assert list(raised.value.errors) == ["reason"]


# --- the undo window ---------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("asked", "persons", "policys", "expected"),
    [(1, 2, 3, 1), (None, 2, 3, 2), (None, None, 3, 3), (None, None, None, 4), (0, 2, 3, 0)],
)
def test_the_window_is_the_asked_one_then_the_persons_the_policys_the_installations(
    db: None, settings: Any, asked: int | None, persons: int | None, policys: int | None,
    expected: int,
) -> None:  # fmt: skip
    settings.UNDO_SECONDS = 4
    user = making.make_person("ana", undo_seconds=persons)
    policy = making.make_policy(undo_seconds=policys)
    assert undo_window(user=user, policy=policy, asked=asked) == expected


def test_a_window_ends_five_seconds_before_the_task_may_die(desk: Desk) -> None:
    now = desk.now
    dies = now + timedelta(seconds=8)
    task = making.make_task(dies_earliest=dies, dies_latest=dies)
    decision = desk.decide(task_id=task.pk, undo_seconds=60, now=now)
    assert decision.send_after == now + timedelta(seconds=3)


def test_an_answer_is_sent_at_once_where_the_task_may_die_any_moment(desk: Desk) -> None:
    now = desk.now
    dies = now + timedelta(seconds=2)
    task = making.make_task(dies_earliest=dies, dies_latest=dies)
    assert desk.decide(task_id=task.pk, undo_seconds=60, now=now).send_after == now


# --- taking it back, sending it at once --------------------------------------------------------
def test_an_answer_taken_back_is_never_sent(desk: Desk) -> None:
    decision = desk.decide(undo_seconds=10)
    withdraw(decision_id=decision.pk, actor=making.make_actor(desk.approver), now=desk.now)
    desk.later = timedelta(minutes=1)
    assert desk.deliver(decision).status == DecisionStatus.WITHDRAWN
    assert desk.sends() == []


def test_a_task_whose_answer_was_taken_back_can_be_answered_again(desk: Desk) -> None:
    decision = desk.decide(undo_seconds=10)
    withdraw(decision_id=decision.pk, actor=making.make_actor(desk.approver), now=desk.now)
    assert desk.decide(REJECTION).status == DecisionStatus.HELD


def test_a_claimed_answer_is_not_taken_back(desk: Desk) -> None:
    decision = desk.decide()
    Decision.objects.filter(pk=decision.pk).update(status=DecisionStatus.SENDING)
    with pytest.raises(TooLate):
        withdraw(decision_id=decision.pk, actor=making.make_actor(desk.approver), now=desk.now)


@pytest.mark.parametrize("act", [withdraw, send_now])
def test_nobody_else_takes_it_back_or_hurries_it(desk: Desk, act: Any) -> None:
    decision = desk.decide(undo_seconds=10)
    other = making.make_person("kofi", Role.APPROVER)
    with pytest.raises(TaskUnknown):
        act(decision_id=decision.pk, actor=making.make_actor(other), now=desk.now)


def test_an_answer_is_sent_at_once_when_asked(desk: Desk, monkeypatch: Any) -> None:
    hints: list[uuid.UUID] = []
    monkeypatch.setattr(takeback, "hint", lambda task, key: hints.append(key))
    decision = desk.decide(undo_seconds=60)
    send_now(decision_id=decision.pk, actor=making.make_actor(desk.approver), now=desk.now)
    assert hints == [decision.pk]
    assert desk.deliver(decision).status == DecisionStatus.SENT


# --- the hint ----------------------------------------------------------------------------------
@pytest.mark.parametrize("trouble", [OSError, RuntimeError])
def test_a_broker_in_trouble_does_not_undo_a_decision(
    desk: Desk, monkeypatch: Any, django_capture_on_commit_callbacks: Any, trouble: type[Exception]
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise trouble

    monkeypatch.setattr("celery.app.base.Celery.send_task", fail)
    with django_capture_on_commit_callbacks(execute=True):
        decision = desk.decide()
    assert Decision.objects.get(pk=decision.pk).status == DecisionStatus.HELD


def test_the_same_rejection_again_is_the_same_though_it_would_be_other_bytes_today(
    desk: Desk,
) -> None:
    no = {"rejection_mode": RejectionMode.SUCCESS}
    policy = making.make_policy(**no, rejection_output='{"ok":false}')
    answer, number = replace(REJECTION, error="", cause=""), uuid.uuid4()
    first = desk.decide(answer, decision_id=number)
    Policy.objects.filter(pk=policy.pk).update(retired_at=desk.now)
    newer = making.make_policy(policy.name, version=2, **no, rejection_output='{"no":1}')
    CallbackTask.objects.update(policy=newer)
    assert desk.decide(answer, decision_id=number) == first

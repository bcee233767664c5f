"""Comments stay on the record; a claim is a hint that others see."""

import uuid
from typing import Any

import pytest
from django.utils import timezone

from callbacks.conversation.claims import hand_over, let_go, take
from callbacks.conversation.comments import LONGEST, add_comment
from callbacks.conversation.errors import Refused
from callbacks.models import AuditEntry, AuditPersonal, CallbackTask, Claim, Comment, Role, User
from callbacks.queries.conversation import conversation_of
from tests import making

pytestmark = pytest.mark.django_db


@pytest.fixture
def task() -> CallbackTask:
    return making.make_task()


@pytest.fixture
def ana() -> User:
    return making.make_person("ana", Role.APPROVER)


def say(task: CallbackTask, user: User, text: str = "Looks odd.", **fields: Any) -> Comment:
    values = {"comment_id": uuid.uuid4(), "now": timezone.now(), **fields}
    return add_comment(task=task, text=text, actor=making.make_actor(user), **values)


def give(task: CallbackTask, user: User, to: str, note: str = "") -> Claim:
    actor = making.make_actor(user)
    return hand_over(task=task, to=to, note=note, actor=actor, now=timezone.now())


# --- comments ----------------------------------------------------------------------------------
def test_a_comment_stays_with_the_request_over_its_attempts(task: CallbackTask, ana: User) -> None:
    said = say(task, ana)
    again = making.make_task(task.request, scheduled_event_id=9, attempt=2)
    assert list(conversation_of(task=again).comments) == [said]


def test_a_comment_is_in_the_audit_chain_by_its_hash(task: CallbackTask, ana: User) -> None:
    say(task, ana, "Secret words.")
    entry = AuditEntry.objects.get(kind="comment_added")
    assert "Secret words." not in entry.body
    assert not AuditPersonal.objects.filter(value__contains="Secret words.").exists()


def test_the_same_comment_sent_twice_is_one(task: CallbackTask, ana: User) -> None:
    key = uuid.uuid4()
    assert say(task, ana, comment_id=key) == say(task, ana, comment_id=key)
    assert Comment.objects.count() == 1


def test_a_number_used_for_another_comment_is_refused(task: CallbackTask, ana: User) -> None:
    key = uuid.uuid4()
    say(task, ana, comment_id=key)
    with pytest.raises(Refused):
        say(task, ana, "Other words.", comment_id=key)


@pytest.mark.parametrize("text", ["", "  \n", "x" * (LONGEST + 1), "a\0b", "\ud800"])
def test_what_cannot_be_kept_is_refused(task: CallbackTask, ana: User, text: str) -> None:
    with pytest.raises(Refused):
        say(task, ana, text)


def test_auditors_only_read(task: CallbackTask) -> None:
    with pytest.raises(Refused) as raised:
        say(task, making.make_person("eve", Role.AUDITOR))
    assert raised.value.is_forbidden


# --- claims ------------------------------------------------------------------------------------
def test_who_takes_a_request_is_on_it_until_somebody_else_is(task: CallbackTask, ana: User) -> None:
    kofi = making.make_person("kofi", Role.APPROVER)
    for user in (ana, kofi):
        take(task=task, actor=making.make_actor(user), now=timezone.now())
    assert Claim.objects.get().user == kofi
    let_go(task=task, actor=making.make_actor(ana), now=timezone.now())
    assert not Claim.objects.exists()


def test_it_is_handed_to_a_person_or_a_team_with_a_note(task: CallbackTask, ana: User) -> None:
    making.make_person("kofi", Role.APPROVER, teams=["finance"])
    assert give(task, ana, "kofi", "Your customer.").holder == "kofi"
    assert give(task, ana, "finance").holder == "finance"


@pytest.mark.parametrize("to", ["nobody", "eve", "legal", "gone"])
def test_it_is_not_handed_to_who_could_not_answer_it(
    task: CallbackTask, ana: User, to: str
) -> None:
    making.make_person("eve", Role.AUDITOR)
    making.make_person("gone", Role.APPROVER, is_active=False)
    making.make_team("legal")
    with pytest.raises(Refused):
        give(task, ana, to)


def test_what_no_longer_waits_is_not_taken(task: CallbackTask, ana: User) -> None:
    task.status = "answered"
    with pytest.raises(Refused):
        take(task=task, actor=making.make_actor(ana), now=timezone.now())


def test_every_change_is_in_the_audit_record(task: CallbackTask, ana: User) -> None:
    take(task=task, actor=making.make_actor(ana), now=timezone.now())
    give(task, ana, "ana")
    let_go(task=task, actor=making.make_actor(ana), now=timezone.now())
    kinds = [entry.kind for entry in AuditEntry.objects.order_by("chain_seq")]
    assert kinds == ["request_taken", "request_handed_over", "request_let_go"]

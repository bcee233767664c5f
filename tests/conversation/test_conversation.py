"""Comments stay on the record; a claim is a hint that others see."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from callbacks.conversation.claims import hand_over, let_go, take
from callbacks.conversation.comments import LONGEST, add_comment
from callbacks.conversation.errors import HeldByAnother, Refused
from callbacks.decisions.answer import Answer
from callbacks.decisions.decide import decide
from callbacks.models import (
    AuditEntry,
    AuditPersonal,
    CallbackTask,
    Claim,
    Comment,
    DecisionStatus,
    Direction,
    Role,
    User,
)
from callbacks.queries.conversation import claim_of, comments_of
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


def give(task: CallbackTask, user: User, to: str, note: str = "", **fields: bool) -> Claim:
    actor = making.make_actor(user)
    return hand_over(task=task, to=to, note=note, actor=actor, now=timezone.now(), **fields)


# --- comments ----------------------------------------------------------------------------------
def test_a_comment_stays_with_the_request_over_its_attempts(task: CallbackTask, ana: User) -> None:
    said = say(task, ana)
    again = making.make_task(task.request, scheduled_event_id=9, attempt=2)
    assert list(comments_of(task=again)) == [said]


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
        take(task=task, actor=making.make_actor(user), now=timezone.now(), take_over=True)
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


# --- how long a claim says something -----------------------------------------------------------
def test_a_claim_of_ones_own_lapses(task: CallbackTask, ana: User, settings: Any) -> None:
    settings.CLAIM_SECONDS = 60
    now = timezone.now()
    take(task=task, actor=making.make_actor(ana), now=now)
    assert claim_of(task=task, now=now + timedelta(seconds=59)) is not None
    assert claim_of(task=task, now=now + timedelta(seconds=61)) is None


def test_what_was_handed_over_stays_with_its_new_owner(
    task: CallbackTask, ana: User, settings: Any
) -> None:
    settings.CLAIM_SECONDS = 60
    making.make_person("ben", Role.APPROVER)
    give(task, ana, "ben")
    assert claim_of(task=task, now=timezone.now() + timedelta(days=3)) is not None


def test_an_answer_ends_a_claim_until_it_is_taken_back(task: CallbackTask, ana: User) -> None:
    take(task=task, actor=making.make_actor(ana), now=timezone.now())
    decision = making.make_decision(task, ana)
    assert claim_of(task=task, now=timezone.now()) is None
    type(decision).objects.update(status=DecisionStatus.WITHDRAWN)
    assert claim_of(task=task, now=timezone.now()) is not None


def test_taking_over_from_somebody_is_asked_first_and_on_record(
    task: CallbackTask, ana: User
) -> None:
    ben = making.make_actor(making.make_person("ben", Role.APPROVER))
    take(task=task, actor=making.make_actor(ana), now=timezone.now())
    with pytest.raises(HeldByAnother):
        take(task=task, actor=ben, now=timezone.now())
    claim = take(task=task, actor=ben, now=timezone.now(), take_over=True)
    assert claim.holder == "ben"
    assert AuditPersonal.objects.get(field="before").value == "ana"


def test_handing_over_what_somebody_else_is_on_is_asked_first_and_on_record(
    task: CallbackTask, ana: User
) -> None:
    ben, kofi = (making.make_person(name, Role.APPROVER) for name in ("ben", "kofi"))
    take(task=task, actor=making.make_actor(ana), now=timezone.now())
    with pytest.raises(HeldByAnother):
        give(task, ben, "kofi")
    assert give(task, ben, "kofi", take_over=True).user == kofi
    [before] = AuditPersonal.objects.filter(field="before", value="ana")
    assert before.entry.kind == "request_handed_over"


def test_letting_go_of_what_is_somebody_elses_is_on_record(task: CallbackTask, ana: User) -> None:
    take(task=task, actor=making.make_actor(ana), now=timezone.now())
    ben = making.make_actor(making.make_person("ben", Role.APPROVER))
    let_go(task=task, actor=ben, now=timezone.now())
    assert AuditPersonal.objects.filter(field="before", value="ana").exists()


def test_who_is_not_there_and_who_may_not_are_told_apart_by_nothing(
    task: CallbackTask, ana: User
) -> None:
    making.make_person("eve", Role.AUDITOR)
    said = []
    for to in ("eve", "nobody"):
        with pytest.raises(Refused) as raised:
            give(task, ana, to)
        said.append(str(raised.value).replace(to, "?"))
    assert said[0] == said[1]


def test_who_is_of_the_team_takes_what_was_given_to_it(task: CallbackTask, ana: User) -> None:
    ben = making.make_person("ben", Role.APPROVER, teams=["finance"])
    give(task, ana, "finance")
    assert take(task=task, actor=making.make_actor(ben), now=timezone.now()).holder == "ben"


def test_a_claim_blocks_no_answer(task: CallbackTask, ana: User) -> None:
    take(task=task, actor=making.make_actor(ana), now=timezone.now())
    ben = making.make_person("ben", Role.APPROVER)
    decision = decide(
        task_id=task.pk,
        decision_id=uuid.uuid4(),
        answer=Answer(direction=Direction.APPROVE, output_text="{}"),
        actor=making.make_actor(ben),
        now=timezone.now(),
    )
    assert decision.status == DecisionStatus.HELD

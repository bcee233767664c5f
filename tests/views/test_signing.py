"""A request that needs several signatures, on its pages."""

import html
import re
import uuid
from typing import Any

import pytest
from django.http import HttpResponse
from django.utils import timezone

from callbacks.decisions.answer import Answer
from callbacks.decisions.consent import shown_digest
from callbacks.decisions.decide import decide
from callbacks.decisions.takeback import withdraw
from callbacks.models import (
    CallbackTask,
    Decision,
    DecisionStatus,
    Direction,
    Policy,
    Role,
    User,
)
from tests import making
from tests.views.answering import INTO_ANSWER, hidden, post_answer, typed

pytestmark = pytest.mark.django_db
SIGNED = '{"ok": true}'


@pytest.fixture
def policy() -> Policy:
    making.default_policy()
    return making.make_policy("Two of us", approvals_needed=2)


@pytest.fixture
def task(policy: Policy) -> CallbackTask:
    return making.make_task(policy=policy)


@pytest.fixture
def ana(people: Any, browser_of: Any) -> Any:
    return browser_of(people.approver)


@pytest.fixture
def kofi(people: Any, browser_of: Any) -> Any:
    return browser_of(people.approver2)


def give(task: CallbackTask, user: User, output: str) -> Decision:
    """As a program gives it: to the byte."""
    return decide(
        task_id=task.pk,
        decision_id=uuid.uuid4(),
        answer=Answer(direction=Direction.APPROVE, output_text=output, reason="Fits."),
        actor=making.make_actor(user, channel="api"),
        now=timezone.now(),
    )


def hx_get_of(response: HttpResponse) -> str:
    """What the open record asks for every few seconds."""
    found = re.search(r'hx-get="(/decisions/[^"]*since=[^"]*)"', response.content.decode())
    assert found is not None
    return html.unescape(found[1])


def page(client: Any, task: CallbackTask) -> str:
    return client.get(f"/tasks/{task.pk}/").content.decode()


def test_the_button_says_that_it_signs(ana: Any, task: CallbackTask) -> None:
    text = page(ana, task)
    assert "Sign and approve" in text
    assert "1 of 2 signatures" in text


def test_who_has_signed_sees_that_others_are_missing(ana: Any, task: CallbackTask) -> None:
    post_answer(ana, task)
    text = page(ana, task)
    assert "Your signature is given" in text
    assert "1 more signature is needed." in text
    assert "Take my signature back" in text


def test_the_next_person_reads_exactly_what_was_signed(
    ana: Any, kofi: Any, task: CallbackTask
) -> None:
    post_answer(ana, task, output=SIGNED, reason="Fits.")
    response = kofi.get(f"/tasks/{task.pk}/")
    assert typed(response, "output") == SIGNED
    assert typed(response, "reason") == ""
    text = response.content.decode()
    assert "Fits." in text
    assert "one rejection is enough" in text
    assert "2 of 2 signatures" in text


def test_the_second_signature_completes_it(ana: Any, kofi: Any, task: CallbackTask) -> None:
    post_answer(ana, task)
    response = post_answer(kofi, task, reason="Me too.")
    decision = Decision.objects.get()
    assert decision.status == DecisionStatus.HELD
    record = kofi.get(response["Location"]).content.decode()
    assert "Undo" in record
    assert "Send now" not in record


def test_a_signature_is_taken_back(ana: Any, task: CallbackTask) -> None:
    post_answer(ana, task)
    decision = Decision.objects.get()
    ana.post(f"/decisions/{decision.pk}/withdraw/")
    assert "Sign and approve" in page(ana, task)


def test_signing_twice_is_told_and_changes_nothing(ana: Any, task: CallbackTask) -> None:
    post_answer(ana, task)
    response = post_answer(ana, task)
    assert response.status_code == 409
    assert "Your signature is given" in response.content.decode()


def test_another_answer_voids_the_signature_and_its_giver_is_told(
    ana: Any, kofi: Any, task: CallbackTask
) -> None:
    first = post_answer(ana, task)
    post_answer(kofi, task, output='{"other": 1}')
    assert "signatures are void" in ana.get(first["Location"]).content.decode()
    assert "The signatures are void" in page(ana, task)


def test_a_signer_sees_how_it_ended_even_when_the_policy_no_longer_names_them(
    people: Any, ana: Any, kofi: Any, task: CallbackTask, policy: Policy
) -> None:
    post_answer(ana, task)
    post_answer(kofi, task)
    decision = Decision.objects.get()
    policy.users.add(people.approver)
    assert kofi.get(f"/decisions/{decision.pk}/").status_code == 200


def test_who_may_not_sign_sees_who_did(
    ana: Any, people: Any, browser_of: Any, task: CallbackTask
) -> None:
    post_answer(ana, task)
    text = page(browser_of(people.auditor), task)
    assert "An approval collects signatures" in text
    assert "Only approvers may answer this" in text


def test_the_record_names_everybody_who_signed(ana: Any, kofi: Any, task: CallbackTask) -> None:
    post_answer(ana, task)
    response = post_answer(kofi, task)
    assert response["Location"]
    decision = Decision.objects.get()
    Decision.objects.update(status=DecisionStatus.CONFIRMED)
    record = ana.get(f"/decisions/{decision.pk}/").content.decode()
    # In the panel and beside who gave it first.
    assert record.count("Signed by") == 4


def test_everybody_who_signed_can_undo_from_any_page(
    ana: Any, kofi: Any, task: CallbackTask
) -> None:
    post_answer(ana, task)
    post_answer(kofi, task)
    decision = Decision.objects.get()
    for client in (ana, kofi):
        inbox = client.get("/").content.decode()
        assert f'id="toast-{decision.pk}"' in inbox
        assert f"/decisions/{decision.pk}/withdraw/" in inbox
        assert f"/decisions/{decision.pk}/send/" not in inbox


def test_an_open_page_sees_one_signature_take_the_place_of_another(
    people: Any, ana: Any, task: CallbackTask
) -> None:
    Policy.objects.filter(pk=task.policy_id).update(approvals_needed=3)
    decision = give(task, people.approver, SIGNED)
    give(task, people.approver2, SIGNED)
    poll = hx_get_of(ana.get(f"/decisions/{decision.pk}/"))
    assert ana.get(poll, headers=INTO_ANSWER).status_code == 204
    withdraw(decision_id=decision.pk, actor=making.make_actor(people.approver2), now=timezone.now())
    give(task, making.make_person("eve", Role.APPROVER), SIGNED)
    assert "eve" in ana.get(poll, headers=INTO_ANSWER).content.decode()


# --- what each person finds in the form --------------------------------------------------------
def test_the_answer_to_sign_stands_in_the_form_before_an_own_draft_that_is_one_click_off(
    ana: Any, kofi: Any, task: CallbackTask
) -> None:
    kofi.post(f"/tasks/{task.pk}/draft/", {"output": '{"mine": 1}', "reason": "As I see it."})
    post_answer(ana, task, output=SIGNED)
    response = kofi.get(f"/tasks/{task.pk}/")
    assert (typed(response, "output"), typed(response, "reason")) == (SIGNED, "As I see it.")
    assert "says something else" in response.content.decode()
    own = kofi.get(f"/tasks/{task.pk}/?again=draft")
    assert typed(own, "output") == '{"mine": 1}'


def test_line_ends_that_a_browser_cannot_show_do_not_void_signatures(
    people: Any, kofi: Any, task: CallbackTask
) -> None:
    signed = '{"ok":\r\n true}'
    decision = give(task, people.approver, signed)
    response = kofi.get(f"/tasks/{task.pk}/")
    post_answer(kofi, task, output=typed(response, "output"))
    decision.refresh_from_db()
    assert (decision.status, decision.output_text) == (DecisionStatus.HELD, signed)


def test_where_one_approval_is_enough_it_is_no_signature_though_a_rejection_collects_them(
    ana: Any, kofi: Any
) -> None:
    task = making.make_task(policy=making.make_policy("Two to say no", rejections_needed=2))
    post_answer(ana, task, direction="reject", error="No", reason="No.")
    text = page(kofi, task)
    assert "Sign and approve" not in text
    assert "Sent as it stands" in text
    assert "2 of 2 signatures" in text


def test_a_signature_that_counts_no_more_is_not_counted(
    people: Any, ana: Any, kofi: Any, task: CallbackTask
) -> None:
    post_answer(ana, task)
    people.approver.role_grants.all().delete()
    text = page(kofi, task)
    assert "0 of 2 signatures" in text
    assert "2 of 2 signatures" not in text


def test_signatures_under_an_earlier_version_are_said_to_count_for_nothing(
    ana: Any, kofi: Any, task: CallbackTask, policy: Policy
) -> None:
    post_answer(ana, task)
    Policy.objects.filter(pk=policy.pk).update(retired_at=timezone.now())
    CallbackTask.objects.update(
        policy=making.make_policy(policy.name, version=2, approvals_needed=2)
    )
    text = page(kofi, task)
    assert "The policy has changed since: the next answer begins anew." in text
    assert "2 of 2 signatures" not in text


def test_a_page_that_waits_for_signatures_shows_each_new_one(
    people: Any, ana: Any, kofi: Any
) -> None:
    task = making.make_task(policy=making.make_policy("Three of us", approvals_needed=3))
    post_answer(ana, task)
    decision = Decision.objects.get()
    poll = hx_get_of(ana.get(f"/decisions/{decision.pk}/"))
    assert ana.get(poll, headers=INTO_ANSWER).status_code == 204
    post_answer(kofi, task)
    assert "2 of 3 signatures" in ana.get(poll, headers=INTO_ANSWER).content.decode()


def test_after_a_change_of_the_policy_the_form_shows_what_holds_now(
    ana: Any, task: CallbackTask, policy: Policy
) -> None:
    shown = hidden(ana.get(f"/tasks/{task.pk}/"), "shown")
    Policy.objects.filter(pk=policy.pk).update(retired_at=timezone.now())
    making.make_policy(policy.name, version=2, approve_label="Release the parcel")
    response = post_answer(ana, task, shown=shown, output='{"kept": 1}')
    assert response.status_code == 409
    assert "Release the parcel" in response.content.decode()
    assert typed(response, "output") == '{"kept": 1}'
    again = post_answer(ana, task, shown=hidden(response, "shown"))
    assert again.status_code == 303


def test_a_number_of_somebody_elses_answer_tells_nothing_of_it(
    people: Any, ana: Any, task: CallbackTask
) -> None:
    policy = making.make_policy("Theirs", users=[people.approver2])
    secret = making.make_decision(
        making.make_task(policy=policy), people.approver2, reason="Only we may know."
    )
    number = str(secret.pk)
    response = post_answer(ana, task, decision_id=number, output='{"mine": 1}')
    text = response.content.decode()
    assert response.status_code == 409
    assert "This form has been used for another answer already." in text
    assert "Only we may know." not in text
    assert people.approver2.label not in text
    assert typed(response, "output") == '{"mine": 1}'
    assert hidden(response, "decision_id") != number


def test_a_form_opened_before_a_colleague_signed_voids_nothing_unasked(
    ana: Any, kofi: Any, task: CallbackTask
) -> None:
    opened_before = shown_digest(task, None)
    post_answer(ana, task, output=SIGNED)
    response = post_answer(kofi, task, output='{"ok":true}', shown=opened_before)
    assert response.status_code == 409
    text = response.content.decode()
    assert "an answer collects signatures, which yours would make void" in text
    assert "An approval collects signatures" in text
    assert typed(response, "output") == '{"ok":true}'
    assert Decision.objects.get().status == DecisionStatus.COLLECTING
    knowing = hidden(response, "shown")
    assert post_answer(kofi, task, output='{"ok":true}', shown=knowing).status_code == 303
    assert Decision.objects.filter(outcome="other_answer").exists()


def test_a_form_opened_before_a_colleague_signed_the_same_bytes_signs_them_too(
    ana: Any, kofi: Any, task: CallbackTask
) -> None:
    opened_before = shown_digest(task, None)
    post_answer(ana, task, output=SIGNED)
    assert post_answer(kofi, task, output=SIGNED, shown=opened_before).status_code == 303
    assert Decision.objects.get().status == DecisionStatus.HELD


def test_the_last_signature_posted_twice_is_one_whatever_the_line_ends(
    people: Any, kofi: Any, task: CallbackTask
) -> None:
    give(task, people.approver, '{"ok":\r\n true}')
    number = str(uuid.uuid4())
    posts = [post_answer(kofi, task, output='{"ok":\n true}', decision_id=number) for _ in range(2)]
    assert [response.status_code for response in posts] == [303, 303]


def test_the_count_says_how_many_are_missing_where_a_team_lacks_one(
    people: Any, ana: Any, kofi: Any
) -> None:
    policy = making.make_policy("Of security", team="security", approvals_needed=2)
    policy.policy_teams.update(approvals=1)
    policy.users.set([people.approver, people.approver2])
    task = making.make_task(policy=policy)
    post_answer(ana, task)
    post_answer(kofi, task)
    text = page(ana, task)
    assert "2 of 3 signatures" in text
    assert "1 more signature is needed: at least 1 of security." in text


def test_who_signed_under_an_earlier_version_can_sign_again(
    ana: Any, task: CallbackTask, policy: Policy
) -> None:
    post_answer(ana, task, output=SIGNED)
    Policy.objects.filter(pk=policy.pk).update(retired_at=timezone.now())
    CallbackTask.objects.update(
        policy=making.make_policy(policy.name, version=2, approvals_needed=2)
    )
    response = ana.get(f"/tasks/{task.pk}/")
    assert typed(response, "output") == SIGNED
    again = post_answer(
        ana, task, output=typed(response, "output"), shown=hidden(response, "shown")
    )
    assert again.status_code == 303
    assert Decision.objects.get(status=DecisionStatus.COLLECTING).policy_version == 2


def test_a_void_answer_is_not_said_to_be_taken_back(
    ana: Any, kofi: Any, task: CallbackTask
) -> None:
    first = post_answer(ana, task)
    post_answer(kofi, task, output='{"other": 1}')
    for address in (first["Location"], f"/tasks/{task.pk}/", "/history/"):
        text = ana.get(address).content.decode()
        assert "Signatures void" in text
        # The filter of the history offers the word.
        assert "Taken back" not in re.sub("<option.*?</option>", "", text)


def test_the_inbox_tells_what_wants_my_signature_from_what_has_it(
    ana: Any, kofi: Any, task: CallbackTask
) -> None:
    post_answer(ana, task)
    assert "you signed, others are missing" in ana.get("/").content.decode()
    text = kofi.get("/").content.decode()
    assert "approver proposes to approve" in text
    assert "before" in text


# --- what a policy says on the page ------------------------------------------------------------
def test_the_page_shows_the_policys_words(ana: Any) -> None:
    policy = making.make_policy(
        question="Does the address fit?",
        approve_label="Release",
        reject_label="Hold back",
        default_output='{"go": 1}',
        rejection_errors=["Denied", "Later"],
    )
    response = ana.get(f"/tasks/{making.make_task(policy=policy).pk}/")
    text = response.content.decode()
    assert typed(response, "output") == '{"go": 1}'
    for words in ("Does the address fit?", "Release", "Hold back", "Denied, Later"):
        assert words in text


def test_a_rejection_by_success_shows_what_is_sent(ana: Any) -> None:
    policy = making.make_policy(rejection_mode="success", rejection_output='{"no": 1}')
    task = making.make_task(policy=policy)
    text = page(ana, task)
    assert "Here a rejection is an answer that says no" in text
    post_answer(ana, task, direction="reject", reason="No.")
    assert Decision.objects.get().output_text == '{"no": 1}'


def test_what_changed_since_the_page_was_opened_is_named(ana: Any, task: CallbackTask) -> None:
    shown = hidden(ana.get(f"/tasks/{task.pk}/"), "shown")
    Policy.objects.filter(pk=task.policy_id).update(version=2)
    response = post_answer(ana, task, shown=shown)
    assert response.status_code == 409
    assert (
        "since you opened it (the policy that says who may answer and how)"
        in response.content.decode()
    )


def test_nobody_answers_what_they_asked_for(people: Any, ana: Any) -> None:
    task = making.make_task(policy=making.make_policy(), asked_by=people.approver.username)
    assert "You asked for this yourself" in page(ana, task)


def test_another_answer_is_not_counted_as_one_more_signature_while_it_is_typed(task, ana, kofi):
    post_answer(ana, task, output=SIGNED)
    names = ("decision_id", "shown")
    page = kofi.get(f"/tasks/{task.pk}/")
    shown = {name: hidden(page, name) for name in names}
    url = f"/tasks/{task.pk}/forecast/"
    same = kofi.post(url, {**shown, "output": SIGNED}).content.decode()
    other = kofi.post(url, {**shown, "output": '{"ok": false}'}).content.decode()
    assert "2 of 2 signatures" in same
    assert "1 of 2 signatures, approver void" in other
    assert "2 of 2" not in other

"""A request that needs several signatures, on its pages."""

from typing import Any

import pytest

from callbacks.models import CallbackTask, Decision, DecisionStatus, Policy
from tests import making
from tests.views.answering import hidden, post_answer, typed

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

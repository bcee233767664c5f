"""The decision panel state by state, the ways back, and the record."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from callbacks.models import AuditEntry, CallbackTask, Decision, DecisionStatus, TaskStatus
from tests import making
from tests.views.answering import INTO_ANSWER, form_fields, post_answer
from tests.views.conftest import text_of


@pytest.fixture
def task(people):
    return making.make_task()


def path_of(decision):
    return f"/decisions/{decision.pk}/"


def held(task, user, **fields):
    until = timezone.now() + timedelta(seconds=10)
    return making.make_decision(task, user, **{"send_after": until, **fields})


def ended(task, **fields):
    CallbackTask.objects.filter(pk=task.pk).update(
        **{
            "status": TaskStatus.ANSWERED,
            "closed_kind": "succeeded",
            "closed_at": timezone.now(),
            **fields,
        }
    )


def test_a_held_answer_has_undo_and_send_now_as_forms(people, page_of, task):
    decision = held(task, people.approver)
    page = page_of(people.approver, path_of(decision))
    assert f'action="/decisions/{decision.pk}/withdraw/"' in page.content.decode()
    assert f'action="/decisions/{decision.pk}/send/"' in page.content.decode()
    assert "Approving in 10 s" in text_of(page)
    assert '<noscript><meta http-equiv="refresh" content="3;' in page.content.decode()


def test_somebody_elses_held_answer_has_no_undo(people, page_of, task):
    decision = held(task, people.approver)
    page = page_of(people.approver2, path_of(decision))
    assert b"withdraw" not in page.content
    assert "approver" in text_of(page)


@pytest.mark.parametrize(
    ("status", "words", "refreshes"),
    [
        ("sending", "Sending your answer", True),
        ("sent", "AWS took the answer", True),
        ("unknown", "Your answer may have arrived", True),
        ("confirmed", "Approved and confirmed", False),
        ("withdrawn", "You took your answer back", False),
        ("refused", "AWS refused the answer", False),
        ("lost", "The wait ended before your answer", False),
    ],
)
def test_each_state_has_its_words_and_asks_again_only_while_open(
    people, page_of, task, status, words, refreshes
):
    decision = making.make_decision(
        task, people.approver, status=status, outcome="timed_out" if status == "lost" else ""
    )
    page = page_of(people.approver, path_of(decision))
    assert words in text_of(page)
    assert (b'http-equiv="refresh"' in page.content) is refreshes
    assert (b"hx-trigger" in page.content.split(b'id="record"', 1)[1]) is refreshes


def test_a_confirmed_answer_shows_event_bytes_and_what_the_run_became(people, page_of, task):
    execution = task.execution
    execution.status, execution.output = "SUCCEEDED", '{"message": "succeeded"}'
    execution.save()
    ended(task, closed_event_id=6)
    decision = making.make_decision(
        task,
        people.approver,
        status=DecisionStatus.CONFIRMED,
        closing_event_id=6,
        closing_event_type="TaskSucceeded",
        aws_request_id="req-1",
    )
    page = text_of(page_of(people.approver, path_of(decision)))
    assert 'SUCCEEDED with {"message": "succeeded"}' in page
    assert "6 TaskSucceeded" in page
    assert "12 bytes" in page
    assert decision.payload_sha256 in page
    assert "req-1" in page


def test_only_what_the_history_shows_is_called_approved(people, page_of, task):
    decision = making.make_decision(task, people.approver, status=DecisionStatus.SENT)
    assert "Approved" not in text_of(page_of(people.approver, path_of(decision)))


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        ("timed_out", "The step ran out of time."),
        ("execution_timed_out", "The whole run ran out of time."),
        ("stopped", "The run was stopped."),
        ("submit_failed", "nobody could have answered it"),
        ("state_exited", "left this step by itself"),
        ("container_retried", "A step around this one failed"),
        ("sibling_failed", "Another branch of the same run failed"),
        ("scope_ended", "The branch around this step ended"),
        ("retried", "tried the step again by itself"),
        ("redriven", "The run was restarted"),
        ("execution_succeeded", "ended well without this answer"),
        ("execution_failed", "The run failed."),
        ("forgotten", "AWS no longer knows this run"),
        ("not_read", "is not read yet"),
    ],
)
def test_every_way_to_lose_has_its_sentence(people, page_of, task, outcome, words):
    ended(task, status=TaskStatus.CLOSED, closed_kind=outcome)
    decision = making.make_decision(
        task, people.approver, status=DecisionStatus.LOST, outcome=outcome, output=b'{"mine": 1}'
    )
    page = text_of(page_of(people.approver, path_of(decision)))
    assert words in page
    assert "was not used" in page
    assert '{"mine": 1}' in page


def test_an_answer_from_elsewhere_is_shown_beside_ones_own(people, page_of, task):
    ended(task, closed_kind="failed", closed_error="AddressMismatch", closed_event_id=47)
    decision = making.make_decision(
        task,
        people.approver,
        status=DecisionStatus.LOST,
        outcome="answered_elsewhere",
        closing_event_id=47,
        closing_event_type="TaskFailed",
    )
    page = text_of(page_of(people.approver, path_of(decision)))
    assert "Something else answered first" in page
    assert "AddressMismatch" in page
    assert "47 TaskFailed" in page


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        ("access_denied", "may not answer tasks of"),
        ("expired_credentials", "have run out"),
        ("bad_credentials", "does not accept"),
        ("credentials", "no credentials"),
        ("role_denied", "role through which it answers"),
        ("configuration", "set up wrongly"),
        ("clock", "clock"),
        ("invalid_request", "form of the answer"),
        ("invalid_output", "as JSON"),
        ("kms", "encrypts"),
        ("token_unreadable", "token cannot be read"),
        ("other", "did not take the answer"),
    ],
)
def test_every_refusal_says_why_and_leads_back_to_the_form(people, page_of, task, outcome, words):
    decision = making.make_decision(
        task,
        people.approver,
        status=DecisionStatus.REFUSED,
        outcome=outcome,
        answer_code="SomeException",
        answer_message="No.",
    )
    page = page_of(people.approver, path_of(decision))
    assert words in text_of(page)
    assert "SomeException: No." in text_of(page)
    assert "Try again" in text_of(page)
    assert f'href="/tasks/{task.pk}/"' in page.content.decode()


def test_a_missing_right_is_named(people, page_of, task):
    decision = making.make_decision(
        task,
        people.approver,
        status=DecisionStatus.REFUSED,
        outcome="access_denied",
        outcome_facts={"action": "states:SendTaskSuccess"},
    )
    page = text_of(page_of(people.approver, path_of(decision)))
    assert "Missing right states:SendTaskSuccess" in page


def test_a_role_that_cannot_be_assumed_is_named(people, page_of, task):
    role = "arn:aws:iam::210987654321:role/answers"
    decision = making.make_decision(
        task,
        people.approver,
        status=DecisionStatus.REFUSED,
        outcome="role_denied",
        outcome_facts={"action": "sts:AssumeRole", "resource": role},
    )
    page = text_of(page_of(people.approver, path_of(decision)))
    assert "The answer could not be sent" in page
    assert f"Missing right sts:AssumeRole on {role}" in page


def test_undo_takes_the_answer_back_and_the_form_has_the_text(people, browser_of, task):
    browser = browser_of(people.approver)
    post_answer(browser, task, output='{"mine": 1}')
    decision = Decision.objects.get()
    answer = browser.post(f"/decisions/{decision.pk}/withdraw/")
    assert answer.status_code == 303
    decision.refresh_from_db()
    assert decision.status == DecisionStatus.WITHDRAWN
    assert b"{&quot;mine&quot;: 1}" in browser.get(f"/tasks/{task.pk}/").content


def test_send_now_ends_the_undo_time(people, browser_of, task):
    browser = browser_of(people.approver)
    post_answer(browser, task)
    decision = Decision.objects.get()
    assert browser.post(f"/decisions/{decision.pk}/send/").status_code == 303
    decision.refresh_from_db()
    assert decision.send_after <= timezone.now()
    assert "Sending your answer" in text_of(browser.get(path_of(decision)))


@pytest.mark.parametrize("door", ["withdraw", "send"])
def test_once_taken_for_sending_there_is_no_way_back(people, browser_of, task, door):
    decision = making.make_decision(task, people.approver, status=DecisionStatus.SENDING)
    answer = browser_of(people.approver).post(f"/decisions/{decision.pk}/{door}/")
    assert answer.status_code == 409
    assert "It is too late for that" in text_of(answer)
    decision.refresh_from_db()
    assert decision.status == DecisionStatus.SENDING


@pytest.mark.parametrize("door", ["withdraw", "send"])
def test_nobody_moves_somebody_elses_answer(people, browser_of, task, door):
    decision = held(task, people.approver)
    answer = browser_of(people.approver2).post(f"/decisions/{decision.pk}/{door}/")
    assert answer.status_code == 404
    decision.refresh_from_db()
    assert decision.status == DecisionStatus.HELD


def test_somebody_elses_decision_is_not_there(people, page_of):
    task = making.make_task(policy=making.make_policy(team="finance"))
    decision = held(task, people.approver2)
    assert page_of(people.approver, path_of(decision)).status_code == 404
    assert page_of(people.approver, f"/decisions/{uuid.uuid4()}/").status_code == 404


def test_a_poll_that_knows_the_state_gets_nothing(people, browser_of, task):
    browser = browser_of(people.approver)
    decision = making.make_decision(task, people.approver, status=DecisionStatus.SENT)
    page = browser.get(path_of(decision), headers=INTO_ANSWER)
    assert f"{path_of(decision)}?since=sent.0.0." in page.content.decode()
    poll = browser.get(path_of(decision), {"since": "sent.0.0."}, headers=INTO_ANSWER)
    assert poll.status_code == 204


def test_a_poll_learns_that_the_undo_time_is_over(people, browser_of, task):
    decision = held(task, people.approver, send_after=timezone.now())
    poll = browser_of(people.approver).get(
        path_of(decision), {"since": "hold.0.0."}, headers=INTO_ANSWER
    )
    assert "Sending your answer" in text_of(poll)


def test_the_last_fragment_asks_no_more_and_puts_the_page_right(people, browser_of, task):
    ended(task)
    decision = making.make_decision(task, people.approver, status=DecisionStatus.CONFIRMED)
    poll = browser_of(people.approver).get(path_of(decision), headers=INTO_ANSWER)
    page = poll.content.decode()
    assert "hx-trigger" not in page
    assert 'id="request-badges" hx-swap-oob="true"' in page
    assert "Approved and confirmed by AWS" in text_of(poll)


def test_the_record_has_every_audit_line(people, browser_of, task):
    browser = browser_of(people.approver)
    post_answer(browser, task)
    decision = Decision.objects.get()
    browser.post(f"/decisions/{decision.pk}/withdraw/")
    page = text_of(browser.get(path_of(decision)))
    for entry in AuditEntry.objects.filter(decision_id=decision.pk):
        assert f"entry {entry.chain_seq}" in page
    assert "Decided" in page
    assert "Taken back" in page


def test_the_record_stands_without_the_mirror(people, page_of, task):
    decision = making.make_decision(task, people.approver, status=DecisionStatus.CONFIRMED)
    CallbackTask.objects.all().delete()
    page = page_of(people.approver, path_of(decision))
    assert page.status_code == 200
    assert decision.headline in text_of(page)


def test_after_an_answer_the_next_request_is_offered(people, page_of, task):
    following = making.make_task(headline="Refund 120.00 €")
    decision = making.make_decision(task, people.approver, status=DecisionStatus.CONFIRMED)
    page = page_of(people.approver, path_of(decision))
    assert "Next: Refund 120.00 €" in text_of(page)
    assert f'href="/tasks/{following.pk}/"' in page.content.decode()


def test_the_record_asks_the_database_a_fixed_number_of_times(
    people, browser_of, task, django_assert_max_num_queries
):
    browser = browser_of(people.approver)
    browser.post(f"/tasks/{task.pk}/answer/", form_fields(task))
    with django_assert_max_num_queries(14):
        browser.get(path_of(Decision.objects.get()))

"""The request page: what it shows, to whom, at what cost."""

from __future__ import annotations

import json
import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from callbacks.models import DecisionStatus, Draft, Reading, TaskStatus
from tests import making
from tests.views.answering import INTO_ANSWER, badges, hidden, typed
from tests.views.conftest import text_of

PAGE_QUERIES = 30


def path_of(task):
    return f"/tasks/{task.pk}/"


def test_the_page_shows_headline_key_fields_and_time_left(people, page_of):
    until = timezone.now() + timedelta(minutes=38, seconds=30)
    task = making.make_task(
        headline="Charge 2,480.00 € for order 881",
        key_fields=[["Amount", "2,480.00 €"]],
        dies_earliest=until,
        dies_latest=until,
    )
    page = text_of(page_of(people.approver, path_of(task)))
    assert "Charge 2,480.00 € for order 881" in page
    assert "2,480.00 €" in page
    assert "38 min left" in page
    assert "Due soon" in page


def test_everything_the_workflow_sent_is_there_with_its_count(people, page_of):
    task = making.make_task(input='{"order": {"id": 7, "lines": [1, 2]}, "note": "urgent"}')
    page = text_of(page_of(people.approver, path_of(task)))
    assert "Everything the workflow sent (4 fields)" in page
    assert '"urgent"' in page


@pytest.mark.parametrize(
    ("kind", "reason", "words"),
    [
        ("exact", "timeout", "Then it ends in any case"),
        ("exact", "execution_timeout", "The whole run ends at"),
        ("exact", "parent_timeout", "The run that this is a part of ends at"),
        ("range", "heartbeat", "unless somebody keeps it alive"),
        ("range", "not_started", "has not been seen to start"),
        ("none", "one_year", "limit of one year"),
    ],
)
def test_the_clock_says_what_ends_the_wait(people, page_of, kind, reason, words):
    task = making.make_task(deadline_kind=kind, deadline_reason=reason)
    assert words in text_of(page_of(people.approver, path_of(task)))


def test_what_one_may_not_see_is_not_there(people, page_of):
    task = making.make_task(policy=making.make_policy(team="finance"))
    assert page_of(people.approver, path_of(task)).status_code == 404
    assert page_of(people.approver2, path_of(task)).status_code == 200


@pytest.mark.parametrize("name", ["operator", "auditor", "admin"])
def test_who_may_only_read_finds_the_buttons_off_with_the_cause(people, page_of, name):
    page = page_of(people[name], path_of(making.make_task()))
    assert page.status_code == 200
    assert "you are no approver" in text_of(page)
    assert b'aria-disabled="true"' in page.content
    assert b'value="approve"' not in page.content


def test_an_approver_who_reads_for_another_team_is_told_whose_it_is(people, page_of):
    making.RoleGrant.objects.create(user=people.approver, role="auditor", granted_at=timezone.now())
    task = making.make_task(policy=making.make_policy(team="finance"))
    assert "Only finance may answer this" in text_of(page_of(people.approver, path_of(task)))


def test_a_task_without_token_says_why_it_cannot_be_answered(people, page_of):
    page = page_of(people.approver, path_of(making.make_task(token="")))
    assert "cannot be answered from here" in text_of(page)
    assert b'value="approve"' not in page.content


def test_an_earlier_attempt_leads_to_the_one_that_waits(people, page_of):
    request = making.make_request()
    old = making.make_task(
        request, status=TaskStatus.TIMED_OUT, closed_kind="timed_out", closed_at=timezone.now()
    )
    new = making.make_task(request, scheduled_event_id=9, attempt=2)
    page = page_of(people.approver, path_of(old))
    assert "The step ran out of time." in text_of(page)
    assert f'href="/tasks/{new.pk}/"' in page.content.decode()
    assert "Attempt 2 is waiting now" in text_of(page)


def test_a_task_answered_elsewhere_shows_what_was_said(people, page_of):
    task = making.make_task(
        status=TaskStatus.ANSWERED,
        closed_kind="failed",
        closed_error="AddressMismatch",
        closed_event_id=47,
        closed_event_type="TaskFailed",
        closed_at=timezone.now(),
    )
    page = text_of(page_of(people.approver, path_of(task)))
    assert "Answered outside Holdpoint" in page
    assert "AddressMismatch" in page
    assert "47 TaskFailed" in page


def test_the_draft_is_back_in_the_form(people, page_of):
    task = making.make_task()
    Draft.objects.create(
        user=people.approver,
        request_id=task.request_id,
        output='\n{"amount": 7}',
        reason="Called them.",
        saved_at=timezone.now(),
    )
    page = page_of(people.approver, path_of(task))
    assert typed(page, "output") == '\n{"amount": 7}'
    assert typed(page, "reason") == "Called them."
    assert "Your draft of" in text_of(page)


def test_somebody_elses_draft_stays_theirs(people, page_of):
    task = making.make_task()
    Draft.objects.create(
        user=people.approver2,
        request_id=task.request_id,
        reason="Not yours",
        saved_at=timezone.now(),
    )
    assert "Not yours" not in text_of(page_of(people.approver, path_of(task)))


def test_each_form_has_a_decision_number_of_its_own(people, page_of):
    task = making.make_task()
    first, second = (page_of(people.approver, path_of(task)) for _ in range(2))
    assert hidden(first, "decision_id") != hidden(second, "decision_id")


def test_the_first_button_of_the_form_only_checks(people, page_of):
    page = page_of(people.approver, path_of(making.make_task())).content.decode()
    form = page.split('id="answer"', 1)[1]
    assert 'value="check"' in form.split("<button", 2)[1]


def test_near_the_deadline_the_button_says_that_there_is_no_undo(people, page_of):
    until = timezone.now() + timedelta(seconds=4)
    task = making.make_task(dies_earliest=until, dies_latest=until)
    assert "Approve now, no undo" in text_of(page_of(people.approver, path_of(task)))


def test_the_place_in_the_queue_leads_to_the_neighbours(people, page_of):
    now = timezone.now()
    first, middle, last = (
        making.make_task(dies_earliest=now + timedelta(hours=hours)) for hours in (1, 2, 3)
    )
    page = page_of(people.approver, path_of(middle))
    assert "2 of 3 for you" in text_of(page)
    assert f'href="/tasks/{first.pk}/" data-key="k"' in page.content.decode()
    assert f'href="/tasks/{last.pk}/" data-key="j"' in page.content.decode()


def test_opening_is_recorded_once_an_hour_and_a_prefetch_never(people, browser_of):
    task = making.make_task()
    browser = browser_of(people.approver)
    browser.get(path_of(task), headers={"Sec-Purpose": "prefetch"})
    assert not Reading.objects.exists()
    browser.get(path_of(task))
    browser.get(path_of(task))
    assert Reading.objects.count() == 1


def test_a_live_answer_stands_in_place_of_the_form(people, page_of):
    task = making.make_task()
    making.make_decision(task, people.approver2, status=DecisionStatus.SENT)
    page = page_of(people.approver, path_of(task))
    assert "AWS took the answer" in text_of(page)
    assert b'name="output"' not in page.content


def test_an_answer_that_was_taken_back_fills_the_form_again(people, page_of):
    task = making.make_task()
    making.make_decision(
        task, people.approver, status=DecisionStatus.WITHDRAWN, output=b'{"a": 1}', reason="Hm."
    )
    page = page_of(people.approver, path_of(task))
    assert typed(page, "output") == '{"a": 1}'
    assert "You took your answer back" in text_of(page)


def test_beside_the_list_only_the_request_comes(people, browser_of):
    task = making.make_task()
    headers = {"HX-Request": "true", "HX-Target": "detail"}
    part = browser_of(people.approver).get(path_of(task), headers=headers)
    assert b"<!doctype" not in part.content
    assert b'data-focus="always"' in part.content
    assert "HX-Request" in part["Vary"]


def test_the_technical_view_shows_every_payload_with_the_token_masked(people, page_of):
    marker = "[masked · 684 characters · sha256 9f3c…e21a]"
    task = making.make_task(
        context=json.dumps({"Task": {"Token": marker}}), parameters='{"FunctionName": "ask"}'
    )
    page = page_of(people.approver, path_of(task), view="technical")
    assert '<span class="masked">masked · 684 characters' in page.content.decode()
    assert "FunctionName" in text_of(page)
    assert "Definition of Review" in text_of(page)
    assert task.execution.arn in text_of(page)


def test_the_technical_view_leads_to_the_aws_console(people, page_of):
    page = page_of(people.approver, path_of(making.make_task()), view="technical")
    assert "https://eu-central-1.console.aws.amazon.com/states/home?region=eu-central-1#" in (
        page.content.decode()
    )


def test_the_raw_text_is_plain_text(people, page_of):
    task = making.make_task(input='{"a": "<script>alert(1)</script>"}')
    raw = page_of(people.approver, path_of(task), view="technical", raw="input")
    assert raw["Content-Type"] == "text/plain; charset=utf-8"
    assert raw.content.decode() == task.input
    assert raw["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("attempts", [1, 6])
@pytest.mark.parametrize(("view", "more"), [("plain", 0), ("technical", 2)])
def test_the_page_asks_the_database_a_fixed_number_of_times(
    people, browser_of, django_assert_num_queries, attempts, view, more
):
    request = making.make_request()
    for number in range(attempts):
        task = making.make_task(request, scheduled_event_id=3 + number, attempt=1 + number)
        making.make_decision(task, people.approver, status=DecisionStatus.WITHDRAWN)
    browser = browser_of(people.approver)
    with django_assert_num_queries(PAGE_QUERIES + more):
        browser.get(path_of(task), {"view": view})


@pytest.mark.parametrize(
    ("output", "status", "words"),
    [
        (b"{}", DecisionStatus.CONFIRMED, "Approved"),
        (None, DecisionStatus.CONFIRMED, "Rejected"),
        (b"{}", DecisionStatus.SENT, "Sent, being confirmed"),
    ],
)
def test_what_was_answered_here_is_never_called_answered_elsewhere(
    people, page_of, output, status, words
):
    task = making.make_task(
        status=TaskStatus.ANSWERED, closed_kind="succeeded", closed_at=timezone.now()
    )
    making.make_decision(task, people.approver, output=output, status=status)
    for path in (path_of(task), f"/executions/{task.execution_id}/"):
        text = text_of(page_of(people.approver, path))
        assert words in text
        assert "elsewhere" not in text.lower()


def test_a_check_of_what_a_colleague_answered_names_the_colleague(people, browser_of):
    task = making.make_task(
        status=TaskStatus.ANSWERED, closed_kind="succeeded", closed_at=timezone.now()
    )
    making.make_decision(task, people.admin, status=DecisionStatus.CONFIRMED)
    posted = {"decision_id": str(uuid.uuid4()), "direction": "check", "output": '{"mine": 1}'}
    answer = browser_of(people.approver).post(f"{path_of(task)}answer/", posted)
    text = text_of(answer)
    assert answer.status_code == 409
    assert f"{people.admin.label} answered first" in text
    assert '{"mine": 1}' in text


def test_an_answer_that_came_too_late_takes_the_waiting_badge_with_it(people, browser_of):
    task = making.make_task(
        status=TaskStatus.TIMED_OUT, closed_kind="timed_out", closed_at=timezone.now()
    )
    posted = {"decision_id": str(uuid.uuid4()), "direction": "approve", "output": "{}"}
    browser = browser_of(people.approver)
    answer = browser.post(f"{path_of(task)}answer/", posted, headers=INTO_ANSWER)
    assert "Expired" in badges(answer)
    assert '<div id="request-strip" hx-swap-oob="delete">' in answer.content.decode()


def test_what_hinders_the_reading_of_a_run_is_said_on_its_requests(people, page_of):
    problem = "AWS denied kms:Decrypt on arn:aws:kms:e:1:key/1, which encrypts the state machine."
    task = making.make_task(execution=making.make_execution(problem=problem))
    page = text_of(page_of(people.approver, f"/tasks/{task.pk}/"))
    assert f"What this run does now cannot be read. {problem}" in page


def test_a_workflow_that_is_being_deleted_is_said_to_end_after_the_answer(people, page_of):
    machine = making.make_machine(is_deleting=True)
    waiting = making.make_task(execution=making.make_execution(machine))
    over = making.make_task(
        execution=making.make_execution(machine), status="stopped", closed_at=timezone.now()
    )
    words = "AWS deletes this workflow"
    assert words in text_of(page_of(people.approver, f"/tasks/{waiting.pk}/"))
    assert words not in text_of(page_of(people.approver, f"/tasks/{over.pk}/"))

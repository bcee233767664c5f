"""Posting an answer: what is decided, what is refused, and that no typed text is lost."""

from __future__ import annotations

import uuid

import pytest
from django.utils import timezone

from callbacks.audit import AuditUnavailable
from callbacks.models import (
    CallbackTask,
    Connection,
    Decision,
    DecisionStatus,
    Draft,
    TaskStatus,
)
from tests import making
from tests.views.answering import answer_url, badges, form_fields, hidden, post_answer, typed
from tests.views.conftest import text_of


@pytest.fixture
def task(people):
    return making.make_task()


@pytest.fixture
def browser(people, browser_of):
    return browser_of(people.approver)


def test_an_approval_is_kept_byte_for_byte(browser, task):
    output = '{ "amount": 2480.00,\n  "note": "ü" }'
    answer = post_answer(browser, task, output=output)
    decision = Decision.objects.get()
    assert answer.status_code == 303
    assert answer["Location"] == f"/decisions/{decision.pk}/"
    assert bytes(decision.output) == output.encode()
    assert decision.status == DecisionStatus.HELD


def test_line_ends_of_the_browser_are_those_that_the_person_saw(browser, task):
    post_answer(browser, task, output='{\r\n  "a": 1\r\n}')
    assert bytes(Decision.objects.get().output) == b'{\n  "a": 1\n}'


def test_a_rejection_keeps_error_cause_and_reason(browser, task):
    post_answer(browser, task, direction="reject", error="Denied", cause="Not this.", reason="No.")
    decision = Decision.objects.get()
    assert (decision.error, decision.cause, decision.reason) == ("Denied", "Not this.", "No.")
    assert decision.output is None


def test_the_same_form_twice_makes_one_decision(browser, task):
    fields = form_fields(task)
    first = browser.post(answer_url(task), fields)
    second = browser.post(answer_url(task), fields)
    assert first["Location"] == second["Location"]
    assert Decision.objects.count() == 1


def test_a_check_decides_nothing(browser, task):
    answer = post_answer(browser, task, direction="check")
    assert answer.status_code == 200
    assert "valid answer. Nothing was sent yet" in text_of(answer)
    assert not Decision.objects.exists()


def test_a_check_of_a_rejection_asks_for_no_output(browser, task):
    answer = post_answer(browser, task, direction="check", output="", error="Denied")
    assert answer.status_code == 200
    panel = answer.content.decode().split('id="reject"', 1)[1].split(">", 1)[0]
    assert "hidden" not in panel


def test_a_form_without_direction_only_checks(browser, task):
    fields = form_fields(task)
    del fields["direction"]
    assert browser.post(answer_url(task), fields).status_code == 200
    assert not Decision.objects.exists()


def test_an_invalid_answer_comes_back_with_its_fault_tied_to_the_field(browser, task):
    answer = post_answer(browser, task, output='{"a": 1')
    page = answer.content.decode()
    assert answer.status_code == 422
    assert typed(answer, "output") == '{"a": 1'
    assert 'aria-describedby="output-error' in page
    assert 'id="output-error"' in page
    assert "Line 1, column 8" in text_of(answer)
    assert not Decision.objects.exists()


def test_a_rejection_without_reason_opens_the_panel_again(browser, task):
    answer = post_answer(browser, task, direction="reject", error="Denied", reason=" ")
    assert answer.status_code == 422
    assert "Say why." in text_of(answer)
    assert 'aria-describedby="reason-error"' in answer.content.decode()
    panel = answer.content.decode().split('id="reject"', 1)[1].split(">", 1)[0]
    assert "hidden" not in panel


def test_without_script_the_reject_button_opens_its_panel_and_keeps_the_text(browser, task):
    fields = form_fields(task, open="reject", output='{"kept": 1}')
    del fields["direction"]
    page = browser.post(answer_url(task), fields)
    panel = page.content.decode().split('id="reject"', 1)[1].split(">", 1)[0]
    assert page.status_code == 200
    assert "hidden" not in panel
    assert typed(page, "output") == '{"kept": 1}'


def test_the_draft_is_kept_before_anything_can_fail(browser, task, people, monkeypatch):
    def fail(**_):
        raise RuntimeError

    monkeypatch.setattr("callbacks.views.answers.decide", fail)
    browser.raise_request_exception = False
    assert post_answer(browser, task, output='{"mine": 1}').status_code == 500
    assert Draft.objects.get(user=people.approver).output == '{"mine": 1}'


def test_a_draft_can_be_kept_while_typing(browser, task, people):
    answer = browser.post(f"/tasks/{task.pk}/draft/", {"output": "{", "reason": "Hm\r\nm"})
    draft = Draft.objects.get(user=people.approver, request_id=task.request_id)
    assert answer.status_code == 204
    assert (draft.output, draft.reason) == ("{", "Hm\nm")


def test_whoever_comes_second_is_told_who_was_first(browser, browser_of, people, task):
    post_answer(browser_of(people.approver2), task, reason="Checked the register.")
    answer = post_answer(browser, task, output='{"mine": true}', reason="My own view.")
    page = text_of(answer)
    assert answer.status_code == 409
    assert "approver2 answered first" in page
    assert "Your answer was not used" in page
    assert "Checked the register." in page
    assert '{"mine": true}' in page
    assert "My own view." in page
    assert Decision.objects.count() == 1


def test_whoever_comes_second_no_longer_reads_that_it_waits(browser, browser_of, people, task):
    post_answer(browser_of(people.approver2), task)
    answer = post_answer(browser, task, htmx=True, output='{"mine": true}')
    assert "Held, then sent" in badges(answer)
    assert "Waiting" not in badges(answer)


def test_an_open_page_says_in_its_badge_that_an_answer_is_on_its_way(browser, task):
    post_answer(browser, task)
    assert "Held, then sent" in badges(browser.get(f"/tasks/{task.pk}/"))


def test_the_same_number_with_another_answer_is_refused(browser, task):
    fields = form_fields(task)
    browser.post(answer_url(task), fields)
    answer = browser.post(answer_url(task), {**fields, "output": '{"other": 1}'})
    assert answer.status_code == 409
    assert "You have answered this already" in text_of(answer)
    assert bytes(Decision.objects.get().output) == b'{"ok": true}'


def test_a_wait_that_is_over_is_told_with_the_text_kept(browser, task):
    fields = form_fields(task, output='{"late": 1}')
    CallbackTask.objects.update(
        status=TaskStatus.STOPPED, closed_kind="stopped", closed_at=timezone.now()
    )
    answer = browser.post(answer_url(task), fields)
    assert answer.status_code == 409
    assert "The run was stopped." in text_of(answer)
    assert '{"late": 1}' in text_of(answer)


def test_a_token_that_went_away_is_told_with_the_text_kept(browser, task):
    CallbackTask.objects.update(token_state="missing", token_ciphertext=None)
    answer = post_answer(browser, task, output='{"kept": 1}')
    assert answer.status_code == 409
    assert "cannot be answered from here" in text_of(answer)
    assert '{"kept": 1}' in text_of(answer)


def test_a_connection_that_was_switched_off_is_told_with_the_text_kept(browser, task):
    Connection.objects.update(is_enabled=False)
    answer = post_answer(browser, task, output='{"kept": 1}')
    assert answer.status_code == 409
    assert "This connection is switched off" in text_of(answer)
    assert '{"kept": 1}' in text_of(answer)
    assert not Decision.objects.exists()


def test_over_a_connection_that_is_switched_off_there_is_no_form(browser, task):
    Connection.objects.update(is_enabled=False)
    page = text_of(browser.get(f"/tasks/{task.pk}/"))
    name = task.connection.name
    assert f"An administrator can switch it on: manage.py switch_connection {name} on" in page


def test_a_request_that_changed_meanwhile_is_to_be_read_again(browser, task):
    fields = form_fields(task)
    CallbackTask.objects.update(input='{"order": 8}')
    answer = browser.post(answer_url(task), fields)
    assert answer.status_code == 409
    assert "has changed since you opened it" in text_of(answer)
    assert typed(answer, "output") == '{"ok": true}'
    assert hidden(answer, "decision_id") != fields["decision_id"]
    assert hidden(answer, "shown") != fields["shown"]


def test_who_may_not_answer_is_told_so_with_the_text_kept(browser_of, people, task):
    answer = post_answer(browser_of(people.operator), task, output='{"mine": 1}')
    assert answer.status_code == 403
    assert "Only approvers may answer this" in text_of(answer)
    assert '{"mine": 1}' in text_of(answer)
    assert not Decision.objects.exists()


def test_somebody_elses_request_is_not_there(browser):
    task = making.make_task(policy=making.make_policy(team="finance"))
    assert post_answer(browser, task).status_code == 404
    assert not Draft.objects.exists()


def test_an_unknown_request_is_not_there(browser, task):
    fields = form_fields(task)
    assert browser.post(f"/tasks/{uuid.uuid4()}/answer/", fields).status_code == 404


def test_without_a_record_nothing_is_decided_and_the_text_stays(browser, task, monkeypatch):
    def fail(**_):
        raise AuditUnavailable

    monkeypatch.setattr("callbacks.decisions.recording.append", fail)
    answer = post_answer(browser, task, output='{"mine": 1}')
    assert answer.status_code == 503
    assert "nothing was decided and nothing was sent" in text_of(answer)
    assert typed(answer, "output") == '{"mine": 1}'
    assert not Decision.objects.exists()


def test_htmx_gets_the_panel_and_lists_are_told(browser, task):
    answer = post_answer(browser, task, htmx=True)
    assert answer.status_code == 200
    assert b"<!doctype" not in answer.content
    assert b'id="undo"' in answer.content
    assert answer["HX-Trigger"] == "hp:tick"
    assert "Held for 10 seconds. Press z to undo." in text_of(answer)


def test_htmx_gets_the_form_with_its_faults(browser, task):
    answer = post_answer(browser, task, htmx=True, output="nonsense")
    assert answer.status_code == 422
    assert b"<!doctype" not in answer.content
    assert typed(answer, "output") == "nonsense"


@pytest.mark.parametrize("output", ["null", '""'])
def test_an_answer_that_says_nothing_is_asked_about(browser, task, output):
    first = post_answer(browser, task, output=output)
    assert first.status_code == 422
    assert b'name="empty_is_meant"' in first.content
    second = post_answer(browser, task, output=output, empty_is_meant="on")
    assert second.status_code == 303
    assert bytes(Decision.objects.get().output) == output.encode()


@pytest.mark.parametrize("output", ["", "  ", "\r\n"])
def test_an_empty_form_is_never_sent_as_an_empty_object(browser, task, output):
    answer = post_answer(browser, task, output=output)
    assert answer.status_code == 422
    assert "never sent as if it were {}" in text_of(answer)
    assert not Decision.objects.exists()


# --- drafts ------------------------------------------------------------------------------------
def test_an_answer_taken_back_returns_to_the_form_before_any_draft(people, browser_of):
    task = making.make_task()
    browser = browser_of(people.approver)
    post_answer(browser, task, output='{"first": 1}')
    decision = Decision.objects.get()
    browser.post(f"/tasks/{task.pk}/draft/", form_fields(task, output='{"other tab": 1}'))
    browser.post(f"/decisions/{decision.pk}/withdraw/")
    record = browser.get(f"/decisions/{decision.pk}/").content.decode()
    url = f"/tasks/{task.pk}/?again={decision.pk}"
    assert url in record
    assert typed(browser.get(url), "output") == '{"first": 1}'


def test_somebody_elses_answer_does_not_come_into_the_form(people, browser_of):
    task = making.make_task()
    post_answer(browser_of(people.approver), task, output='{"theirs": 1}')
    decision = Decision.objects.get()
    Decision.objects.update(status="withdrawn")
    page = browser_of(people.approver2).get(f"/tasks/{task.pk}/?again={decision.pk}")
    assert typed(page, "output") == ""


def test_a_draft_can_be_thrown_away(people, browser_of):
    task = making.make_task()
    browser = browser_of(people.approver)
    browser.post(f"/tasks/{task.pk}/draft/", form_fields(task, output='{"half'))
    assert "Throw it away" in browser.get(f"/tasks/{task.pk}/").content.decode()
    page = browser.post(f"/tasks/{task.pk}/draft/forget/", follow=True)
    assert typed(page, "output") == ""
    assert "Throw it away" not in page.content.decode()


def test_an_old_form_after_an_undo_comes_back_with_what_was_typed(people, browser_of):
    task = making.make_task()
    browser = browser_of(people.approver)
    fields = form_fields(task)
    browser.post(answer_url(task), fields)
    decision = Decision.objects.get()
    browser.post(f"/decisions/{decision.pk}/withdraw/")
    response = browser.post(answer_url(task), {**fields, "output": '{"other": 1}'})
    assert response.status_code == 409
    assert "This form has been used for another answer already." in response.content.decode()
    assert typed(response, "output") == '{"other": 1}'


def test_who_may_not_answer_has_nothing_checked_either(people, browser_of):
    response = post_answer(
        browser_of(people.auditor), making.make_task(), direction="check", output="no json"
    )
    assert response.status_code == 403
    assert "Only approvers may answer this" in response.content.decode()

"""A connection that is switched off: what is held has a way back, and nothing looks alive."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from callbacks.models import CallCount, Connection, Decision, DecisionStatus, RescueAction
from tests import making
from tests.views.answering import badges
from tests.views.conftest import poll_query, text_of

COMMAND = "manage.py switch_connection prod on"


@pytest.fixture
def task(people):
    execution = making.make_execution(making.make_machine(making.make_connection("prod")))
    return making.make_task(
        execution=execution,
        heartbeat_seconds=600,
        dies_earliest=timezone.now() + timedelta(minutes=5),
    )


def switch_off():
    Connection.objects.update(is_enabled=False)


def held(task, user, *, seconds=-30, **fields):
    return making.make_decision(
        task, user, send_after=timezone.now() + timedelta(seconds=seconds), **fields
    )


# --- an answer that is held ----------------------------------------------------------------------
@pytest.mark.parametrize("seconds", [-30, 30])
def test_a_held_answer_says_that_nothing_is_sent_and_can_be_taken_back(
    people, page_of, task, seconds
):
    decision = held(task, people.approver, seconds=seconds)
    switch_off()
    page = page_of(people.approver, f"/decisions/{decision.pk}/")
    told = text_of(page)
    assert "Held: the connection is switched off" in told
    assert "Nothing is sent until it is on." in told
    assert COMMAND in told
    assert "Sending" not in told
    assert "usually under 1 s" not in told
    assert f'action="/decisions/{decision.pk}/withdraw/"' in page.content.decode()


def test_it_is_taken_back_with_that_button(people, browser_of, task):
    decision = held(task, people.approver)
    switch_off()
    browser_of(people.approver).post(f"/decisions/{decision.pk}/withdraw/")
    assert Decision.objects.get().status == DecisionStatus.WITHDRAWN


def test_nobody_else_is_offered_to_take_it_back(people, page_of, task):
    decision = held(task, people.approver)
    switch_off()
    assert b"withdraw" not in page_of(people.operator, f"/decisions/{decision.pk}/").content


def test_what_was_tried_already_is_held_without_a_way_back(people, page_of, task):
    decision = held(task, people.approver, status=DecisionStatus.SENDING, generation=1)
    switch_off()
    page = page_of(people.approver, f"/decisions/{decision.pk}/")
    assert "Held: the connection is switched off" in text_of(page)
    assert b"withdraw" not in page.content


def test_an_open_panel_is_told_of_the_switch(people, page_of, task):
    decision = held(task, people.approver)
    version = page_of(people.approver, f"/decisions/{decision.pk}/").context["panel"].version
    switch_off()
    again = page_of(people.approver, f"/decisions/{decision.pk}/", htmx=True, since=version)
    assert "Held: the connection is switched off" in text_of(again)


def test_the_lists_and_the_history_say_that_it_is_held(people, page_of, task):
    decision = held(task, people.approver)
    switch_off()
    for path in ("/", "/waiting/", "/history/", f"/tasks/{task.pk}/"):
        page = page_of(people.approver, path)
        assert "Held: connection off" in text_of(page), path
    undo = [one.undo_url for one in page_of(people.approver, "/").context["entries"]]
    assert undo == [f"/decisions/{decision.pk}/withdraw/"]


def test_no_message_floats_over_other_pages_for_as_long_as_it_is_off(people, page_of, task):
    held(task, people.approver)
    assert page_of(people.approver, "/settings/").context["toasts"]
    switch_off()
    assert not page_of(people.approver, "/settings/").context["toasts"]


# --- what waits ----------------------------------------------------------------------------------
@pytest.mark.parametrize("path", ["/", "/waiting/"])
def test_a_row_says_that_its_connection_is_off_and_counts_nothing_down(people, page_of, task, path):
    switch_off()
    page = page_of(people.approver, path)
    rows = page.content.decode().split(f'id="open-{task.pk}"', 1)[1]
    assert "Connection off" in rows
    assert "data-until" not in rows
    assert "badge dying" not in page.content.decode()


def test_a_row_of_another_connection_goes_on(people, page_of, task):
    switch_off()
    making.make_task(dies_earliest=timezone.now() + timedelta(minutes=5))
    assert "badge dying" in page_of(people.approver, "/").content.decode()


def test_items_of_a_map_say_it_each(people, page_of, task):
    for number in (1, 2):
        making.make_task(
            execution=task.execution, iteration=f"Each[{number}]", scheduled_event_id=90 + number
        )
    switch_off()
    assert text_of(page_of(people.approver, "/")).count("Connection off") == 3


def test_an_open_list_is_told_of_the_switch(people, page_of, task):
    known = poll_query(page_of(people.approver, "/"))
    switch_off()
    assert "Connection off" in text_of(page_of(people.approver, "/", htmx=True, **known))


def test_signatures_that_are_collected_say_so_too(people, page_of, task):
    making.make_decision(task, people.approver2, status=DecisionStatus.COLLECTING)
    switch_off()
    told = text_of(page_of(people.approver, "/"))
    assert "Collecting signatures" in told
    assert "Connection off" in told


@pytest.mark.parametrize("who", ["approver", "operator", "admin"])
def test_request_and_run_say_so_to_everybody_with_the_command(people, page_of, task, who):
    switch_off()
    request = page_of(people[who], f"/tasks/{task.pk}/")
    run = page_of(people[who], f"/executions/{task.execution_id}/")
    assert "Connection off" in badges(request)
    assert "Connection off" in text_of(run)
    assert COMMAND in text_of(request)
    assert COMMAND in text_of(run)


def test_a_run_of_a_connection_that_is_on_says_nothing_of_it(people, page_of, task):
    for path in (f"/tasks/{task.pk}/", f"/executions/{task.execution_id}/"):
        assert "Connection off" not in text_of(page_of(people.operator, path))


# --- ways out, and what is read of AWS -----------------------------------------------------------
def test_the_ways_out_are_off_with_the_reason(people, page_of, task):
    switch_off()
    run = page_of(people.operator, f"/executions/{task.execution_id}/")
    technical = page_of(people.operator, f"/tasks/{task.pk}/", view="technical")
    assert text_of(run).count("Its connection is switched off, so nothing is sent.") == 1
    assert text_of(technical).count("Its connection is switched off, so nothing is sent.") == 2
    assert f'action="/tasks/{task.pk}/heartbeat/"' not in technical.content.decode()
    assert f'action="/executions/{task.execution_id}/stop/"' not in run.content.decode()


def test_neither_has_the_page_of_a_redrive_a_form_nor_is_aws_asked(people, page_of, task):
    type(task.execution).objects.update(status="FAILED", stopped_at=timezone.now())
    switch_off()
    page = page_of(people.operator, f"/executions/{task.execution_id}/redrive/")
    assert "Its connection is switched off" in text_of(page)
    assert not CallCount.objects.exists()
    assert not RescueAction.objects.exists()


def test_the_last_events_are_not_read_and_it_is_said_why(people, browser_of, task):
    switch_off()
    path = f"/executions/{task.execution_id}/events/"
    page = browser_of(people.operator).post(path)
    assert "Its connection is switched off, so nothing is read of it." in text_of(page)
    assert not CallCount.objects.exists()


def test_to_open_a_request_asks_no_worker_to_read_it(people, page_of, task, monkeypatch):
    sent = []
    monkeypatch.setattr("celery.Celery.send_task", lambda *_args, **_options: sent.append(1))
    type(task.execution).objects.update(read_at=timezone.now() - timedelta(minutes=1))
    switch_off()
    page_of(people.operator, f"/tasks/{task.pk}/")
    assert sent == []

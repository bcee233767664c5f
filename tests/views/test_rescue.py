"""An operator's ways out on pages: who is offered what, and where a press leads."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from callbacks.audit import AuditUnavailable
from callbacks.models import Connection, RescueAction, RescueStatus
from callbacks.rescue.outcome import Seen
from callbacks.stepfunctions import NotSent, NotSentKind
from callbacks.views import rescue as rescue_views
from tests import making
from tests.views.conftest import text_of
from tests.views.flows import definition


@pytest.fixture
def task(db):
    return making.make_task(
        heartbeat_seconds=600,
        deadline_reason="heartbeat",
        deadline_kind="range",
        dies_earliest=timezone.now() + timedelta(minutes=5),
    )


@pytest.fixture
def operator(people, browser_of):
    return browser_of(people.operator)


def run_of(task):
    return f"/executions/{task.execution_id}/"


def form(**fields):
    return {"action": str(uuid.uuid4()), "reason": "It hangs.", **fields}


# --- what is offered ---------------------------------------------------------------------------
def test_an_operator_is_offered_the_ways_out_with_what_each_does(people, page_of, task):
    page = text_of(page_of(people.operator, f"/tasks/{task.pk}/", view="technical"))
    assert "Send one heartbeat" in page
    assert "Starts the heartbeat clock of 10 min anew" in page
    assert "1 task waits in it: nobody can answer it any more." in page
    assert "The run still goes on; only a failed one can be redriven." in page


def test_a_heartbeat_without_heartbeat_seconds_is_off_with_the_reason(people, page_of):
    task = making.make_task()
    page = page_of(people.operator, f"/tasks/{task.pk}/", view="technical")
    assert "The state has no HeartbeatSeconds" in text_of(page)
    assert f'action="/tasks/{task.pk}/heartbeat/"' not in page.content.decode()


def test_others_see_no_way_out_and_may_take_none(people, page_of, browser_of, task):
    for person in (people.approver, people.auditor):
        assert "Ways out" not in text_of(page_of(person, run_of(task)))
        for door in (f"/tasks/{task.pk}/heartbeat/", f"{run_of(task)}stop/"):
            assert browser_of(person).post(door, form()).status_code == 403
    assert not RescueAction.objects.exists()


def test_the_stop_page_says_what_is_lost_before_anything_is_typed(people, page_of, task):
    making.make_task(making.make_request(task.execution, "Other"), scheduled_event_id=9)
    making.make_decision(task, people.approver)
    page = text_of(page_of(people.operator, f"{run_of(task)}stop/"))
    assert "2 tasks wait in it" in page
    assert "1 answer from here is under way and may be lost." in page
    assert "To confirm, type the run" in page


@pytest.mark.parametrize(
    ("how", "is_said"),
    [(".sync", True), (".sync:2", True), ("", False), (".waitForTaskToken", False)],
)
def test_the_stop_page_says_that_runs_it_waits_for_end_too(people, page_of, how, is_said):
    text = definition("Charge", resource=f"arn:aws:states:::states:startExecution{how}")
    run = making.make_execution(making.make_machine(definition=text))
    page = text_of(page_of(people.operator, f"/executions/{run.pk}/stop/"))
    assert ("Runs that it started and waits for are stopped" in page) is is_said


def test_the_redrive_page_shows_awss_own_reason(people, page_of, monkeypatch):
    run = making.make_execution(status="FAILED", stopped_at=timezone.now())
    monkeypatch.setattr(rescue_views, "look_at", lambda **_: seen("NOT_REDRIVABLE", "Too big"))
    page = text_of(page_of(people.operator, f"/executions/{run.pk}/redrive/"))
    assert "AWS does not redrive this run. AWS: Too big" in page
    monkeypatch.setattr(rescue_views, "look_at", lambda **_: seen("REDRIVABLE", None))
    page = text_of(page_of(people.operator, f"/executions/{run.pk}/redrive/"))
    assert "AWS says now that it allows it." in page


def test_the_redrive_page_says_that_aws_could_not_be_asked(people, page_of, monkeypatch):
    def unreachable(**_):
        raise NotSent(kind=NotSentKind.UNREACHABLE, operation="DescribeExecution", code="X")

    run = making.make_execution(status="FAILED", stopped_at=timezone.now())
    monkeypatch.setattr(rescue_views, "look_at", unreachable)
    page = text_of(page_of(people.operator, f"/executions/{run.pk}/redrive/"))
    assert "AWS could not be asked now" in page


def test_over_a_connection_that_is_switched_off_there_is_no_way_out(operator, task):
    Connection.objects.update(is_enabled=False)
    page = text_of(operator.get(run_of(task)))
    assert "Its connection is switched off, so nothing is sent. An administrator can" in page
    answer = operator.post(f"{run_of(task)}stop/", form())
    assert answer.status_code == 409
    assert "Its connection is switched off" in text_of(answer)
    assert not RescueAction.objects.exists()


# --- a press -----------------------------------------------------------------------------------
def test_a_heartbeat_leads_to_the_run_which_lists_it(operator, task):
    answer = operator.post(f"/tasks/{task.pk}/heartbeat/", {"action": str(uuid.uuid4())})
    assert (answer.status_code, answer["Location"]) == (303, f"{run_of(task)}#actions")
    page = text_of(operator.get(run_of(task)))
    assert "Heartbeat for Review by operator Asked for" in page


def test_a_stop_leads_to_the_run_which_lists_it_with_its_reason(operator, people, page_of, task):
    answer = operator.post(f"{run_of(task)}stop/", form(error="Ops", cause="a\r\nb"))
    assert answer.status_code == 303
    assert RescueAction.objects.get().cause == "a\nb"
    page = text_of(page_of(people.approver, run_of(task)))
    assert "Stop by operator" in page
    assert "It hangs." in page


def test_the_same_form_sent_twice_makes_one_action(operator, task):
    twice = form()
    for _ in range(2):
        assert operator.post(f"{run_of(task)}stop/", twice).status_code == 303
    assert RescueAction.objects.count() == 1


def test_a_second_stop_names_who_was_first(operator, people, browser_of, task):
    operator.post(f"{run_of(task)}stop/", form())
    answer = browser_of(people.admin).post(f"{run_of(task)}stop/", form())
    assert answer.status_code == 409
    assert "operator has asked for the same already" in text_of(answer)


def test_a_form_with_faults_comes_back_with_what_was_typed(operator, task):
    sent = form(reason="", error="e" * 257, cause="Kept text")
    answer = operator.post(f"{run_of(task)}stop/", sent)
    assert answer.status_code == 422
    assert "Say why." in text_of(answer)
    assert "At most 256 characters" in text_of(answer)
    assert "Kept text" in answer.content.decode()
    assert sent["action"] in answer.content.decode()
    assert not RescueAction.objects.exists()


def test_a_wrong_name_stops_nothing(operator, task):
    making.make_task(making.make_request(task.execution, "Other"), scheduled_event_id=9)
    answer = operator.post(f"{run_of(task)}stop/", form(name="else"))
    assert answer.status_code == 422
    assert "Type the name of the run" in text_of(answer)
    assert not RescueAction.objects.exists()


@pytest.mark.parametrize("action", ["", "x", "0"])
def test_a_form_without_an_id_is_400(operator, task, action):
    assert operator.post(f"{run_of(task)}stop/", form(action=action)).status_code == 400


def test_a_run_that_is_over_is_409_with_the_cause_in_words(operator):
    task = making.make_task(execution=making.make_execution(status="ABORTED"), status="stopped")
    answer = operator.post(f"{run_of(task)}stop/", form())
    assert answer.status_code == 409
    assert "The run is over already. Nothing was sent." in text_of(answer)
    answer = operator.post(f"/tasks/{task.pk}/heartbeat/", form())
    assert answer.status_code == 409
    assert "This task no longer waits. Nothing was sent." in text_of(answer)


def test_a_running_run_is_not_redrivable(operator, task):
    answer = operator.post(f"{run_of(task)}redrive/", form())
    assert answer.status_code == 409
    assert "only a failed one can be redriven" in text_of(answer)


def test_what_is_not_there_is_404(operator):
    nowhere = uuid.uuid4()
    for path in (f"/tasks/{nowhere}/heartbeat/", f"/executions/{nowhere}/stop/"):
        assert operator.post(path, form()).status_code == 404


def test_get_changes_nothing(operator, task):
    assert operator.get(f"/tasks/{task.pk}/heartbeat/").status_code == 405
    assert operator.get(f"{run_of(task)}stop/").status_code == 200
    assert not RescueAction.objects.exists()


def test_without_the_audit_record_nothing_is_asked_for(operator, task, monkeypatch):
    def broken(**_):
        raise AuditUnavailable

    monkeypatch.setattr("callbacks.rescue.moves.append", broken)
    answer = operator.post(f"{run_of(task)}stop/", form())
    assert answer.status_code == 503
    assert "It hangs." in answer.content.decode()
    assert not RescueAction.objects.exists()


# --- what became of it -------------------------------------------------------------------------
@pytest.mark.parametrize("status", RescueStatus.values)
@pytest.mark.parametrize("kind", ["heartbeat", "stop", "redrive"])
def test_every_state_of_every_action_has_words(people, page_of, task, kind, status):
    making.make_rescue(
        task.execution,
        people.operator,
        task=task if kind == "heartbeat" else None,
        kind=kind,
        status=status,
        outcome="ended_first",
        answer_code="AccessDeniedException",
        answer_message="not authorized",
    )
    page = text_of(page_of(people.operator, run_of(task)))
    assert "AccessDeniedException: not authorized" in page


def test_an_open_action_lets_the_page_ask_again_and_a_settled_one_does_not(people, page_of, task):
    action = making.make_rescue(task.execution, people.operator)
    assert 'hx-trigger="every 2s"' in page_of(people.operator, run_of(task)).content.decode()
    action.status = RescueStatus.DONE
    action.save()
    assert 'hx-trigger="every 2s"' not in page_of(people.operator, run_of(task)).content.decode()


def seen(status, reason):
    return Seen(
        status="FAILED",
        error=None,
        redrive_count=0,
        redrive_status=status,
        redrive_status_reason=reason,
    )

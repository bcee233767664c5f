"""Pages of activities: whether a worker has the task, who that is, and how it ended."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from callbacks.models import CallbackTask
from tests import making
from tests.views.conftest import text_of

PAINT = "arn:aws:states:eu-central-1:123456789012:activity:paint"


def make_activity(**fields: Any) -> CallbackTask:
    values = {"resource": PAINT, "token_state": "activity", "headline": "Paint it", **fields}
    return making.make_task(token="", **values)


def picked_up(worker: str = "ann", **fields: Any) -> CallbackTask:
    at = timezone.now() - timedelta(minutes=3)
    return make_activity(started_at=at, worker=worker, **fields)


def closed(**fields: Any) -> CallbackTask:
    now = timezone.now()
    return picked_up(closed_at=now, closed_event_id=5, **fields)


# --- who has it --------------------------------------------------------------------------------
@pytest.mark.parametrize("path", ["/", "/waiting/"])
def test_lists_tell_what_no_worker_has_from_what_one_has(people, page_of, path):
    make_activity()
    picked_up()
    picked_up(worker="")
    page = text_of(page_of(people.approver, path))
    assert "No worker yet" in page
    assert "A worker is at it" in page
    assert "worker ann is at it" in page
    assert "a worker without a name is at it" in page
    assert "Cannot be answered" not in page


def test_the_request_says_who_has_it_to_everybody_who_may_read_it(people, page_of):
    page = text_of(page_of(people.operator, f"/tasks/{picked_up().pk}/"))
    assert "The worker “ann” of the activity “paint” is at it since" in page


def test_the_request_says_that_nobody_has_it_and_what_helps(people, page_of):
    page = text_of(page_of(people.approver, f"/tasks/{make_activity().pk}/"))
    assert "It waits for a worker of the activity “paint”. None has picked it up yet." in page
    assert "nobody has the token yet. Start a worker, or stop the run." in page


def test_the_clock_says_from_when_its_time_counts(people, page_of):
    task = make_activity(deadline_kind="range", deadline_reason="not_started")
    page = text_of(page_of(people.approver, f"/tasks/{task.pk}/"))
    assert "No worker has picked it up, and its time counts from when one does." in page


def test_the_technical_view_has_the_worker_and_the_events(people, page_of):
    page = text_of(page_of(people.operator, f"/tasks/{picked_up().pk}/", view="technical"))
    assert "Worker worker ann is at it" in page
    assert "Worker ann picked it up ActivityStarted" in page
    assert "event 3 ActivityScheduled" in page


def test_the_run_says_who_has_it(people, page_of):
    page = text_of(page_of(people.operator, f"/executions/{picked_up().execution_id}/"))
    assert "worker ann is at it" in page


@pytest.mark.parametrize("path", ["/waiting/", "/tasks/{}/", "/tasks/{}/?view=technical"])
def test_a_workers_name_is_shown_as_text_alone(people, page_of, path):
    task = picked_up(worker="<b>ann\u202e</b>")
    page = page_of(people.operator, path.format(task.pk)).content.decode()
    assert "<b>ann" not in page
    assert "\u202e" not in page


# --- how it ended ------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("fields", "words"),
    [
        (
            {"status": "answered", "closed_kind": "succeeded"},
            "The activity's worker finished it.",
        ),
        (
            {"status": "answered", "closed_kind": "failed"},
            "The activity's worker reported a failure.",
        ),
        ({"status": "stopped", "closed_kind": "stopped"}, "The run was stopped."),
    ],
)
def test_the_end_is_said_in_an_activitys_words(people, page_of, fields, words):
    assert words in text_of(page_of(people.approver, f"/tasks/{closed(**fields).pk}/"))


@pytest.mark.parametrize(
    ("timeout", "words"),
    [
        (60, "The step ran out of time."),
        (86_400, "gave no sign of life in time"),
        (None, "gave no sign of life in time"),
    ],
)
def test_a_missed_heartbeat_is_told_from_a_timeout(people, page_of, timeout, words):
    """AWS calls both States.Timeout; only the time that was left tells them apart."""
    task = closed(
        status="timed_out",
        closed_kind="timed_out",
        timeout_seconds=timeout,
        heartbeat_seconds=30,
    )
    assert words in text_of(page_of(people.approver, f"/tasks/{task.pk}/"))

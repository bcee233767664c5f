"""The timeline: what happened in a run in the order of time, with what is long folded."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from callbacks.models import DecisionStatus, TaskStatus
from callbacks.sync.live import LiveEvent
from callbacks.views.timeline_words import MOST_MOMENTS, timeline_of
from tests import making
from tests.views.conftest import text_of

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def after(**span):
    return NOON + timedelta(**span)


def times(execution, attempts=(), answers=(), *, now=NOON, **more):
    return timeline_of(execution=execution, attempts=attempts, answers=answers, now=now, **more)


@pytest.fixture
def execution(db):
    return making.make_execution(started_at=after(days=-1, minutes=-5), name="order-881")


def closed(execution, **fields):
    values = {
        "waiting_since": after(hours=-2),
        "status": TaskStatus.ANSWERED,
        "closed_at": after(hours=-1),
        "closed_event_id": 8,
        "closed_event_type": "TaskFailed",
        "closed_kind": "failed",
        "closed_error": "Denied",
        **fields,
    }
    return making.make_task(execution=execution, **values)


def test_each_day_begins_with_its_name_and_each_line_has_time_and_age(execution):
    found = times(execution, [closed(execution)])
    assert [one.day for one in found] == ["Mon 23 Nov", "Today, Tue 24 Nov", ""]
    assert [one.time for one in found] == ["11:55:00", "10:00:00", "11:00:00"]
    assert [one.age for one in found] == ["1 d ago", "2 h ago", "1 h ago"]
    assert found[1].exact == "24 Nov 2026, 10:00:00"


def test_an_end_names_its_event_and_error_and_folds_its_cause(execution):
    cause = json.dumps({"errorMessage": "lost <b>executor</b> 4"})
    end = times(execution, [closed(execution, closed_cause=cause)])[-1]
    assert (end.icon, end.note) == ("circle-x", "event 8 TaskFailed · Denied")
    assert "errorMessage" in end.details
    assert "<b>" not in end.details


def test_what_was_answered_from_here_is_not_said_to_be_from_outside(execution, people):
    task = closed(execution, closed_kind="succeeded", closed_error="")
    outside = times(execution, [task])[-1]
    assert "outside Holdpoint" in outside.text
    answer = making.make_decision(
        task, people.approver, status=DecisionStatus.CONFIRMED, decided_at=after(minutes=-61)
    )
    words = [one.text for one in times(execution, [task], [answer])]
    assert words[-2].endswith("answered: Approve")
    assert words[-1] == "The step has its answer."


def test_the_end_that_a_wait_must_have_is_still_to_come(execution):
    task = making.make_task(execution=execution, dies_latest=after(days=400))
    end = times(execution, [task], task=task)[-1]
    assert end.is_future
    assert end.day.endswith("2027")


def test_the_output_of_the_attempt_whose_page_it_is_is_folded_too(execution):
    task = closed(execution, closed_kind="succeeded", closed_output='{"ok": true}')
    assert "ok" in times(execution, [task], task=task)[-1].details


def test_steps_that_events_tell_of_stand_between_the_waits(execution):
    since = after(minutes=-10)
    task = making.make_task(execution=execution, waiting_since=since, scheduled_event_id=5)
    events = [
        LiveEvent(4, "TaskStateEntered", after(minutes=-10), "Review"),
        LiveEvent(3, "TaskStateExited", after(minutes=-10), "Load"),
        LiveEvent(2, "TaskStateEntered", after(minutes=-10, seconds=-2.5), "Load"),
    ]
    found = times(execution, [task], events=events)
    assert [(one.state, one.text) for one in found[1:]] == [
        ("Load", "done in 2.5 s"),
        ("Review", "Attempt 1 waiting"),
    ]


def test_the_end_of_the_run_comes_last_of_what_happened_at_once(execution):
    execution.stopped_at, execution.status = after(hours=-1), "SUCCEEDED"
    assert times(execution, [closed(execution)])[-1].text == "Run ended: SUCCEEDED"


def test_of_hundreds_of_lines_the_latest_are_shown(execution):
    tasks = [
        making.make_task(
            making.make_request(execution, iteration=f"Each[{number}]"),
            scheduled_event_id=3 + number,
        )
        for number in range(MOST_MOMENTS + 10)
    ]
    assert len(times(execution, tasks)) == MOST_MOMENTS


def test_the_page_of_a_run_names_the_state_of_each_attempt(people, page_of, execution):
    making.make_task(making.make_request(execution, "Approve", iteration="Each[2]"))
    page = page_of(people.approver, f"/executions/{execution.pk}/")
    assert "Approve Each[2] Attempt 1 waiting" in text_of(page)

"""The pure step: facts in, what to write out; no database, no AWS."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from callbacks.asl.deadline import Deadline
from callbacks.asl.history import CallbackTask, Closing, History
from callbacks.sync.plan import (
    DEADLINE_GRACE,
    LATEST,
    NOT_READ,
    SOONEST,
    Described,
    Facts,
    Known,
    KnownTask,
    key_of,
    make_plan,
    next_look,
)

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


def a_task(number: int = 3, *, closed: Closing | None = None, **fields: Any) -> CallbackTask:
    values: dict[str, Any] = {
        "scheduled_event_id": number,
        "redrive_count": 0,
        "state": "Wait",
        "kind": "task",
        "resource": "sqs:sendMessage.waitForTaskToken",
        "waits": True,
        "early_answer": False,
        "attempt": 1,
        "entered_event_id": number - 1,
        "iteration": "",
        "entry_number": 1,
        "input": "{}",
        "parameters": "{}",
        "context": None,
        "timeout_seconds": None,
        "heartbeat_seconds": None,
        "scheduled_at": NOW,
        "started_at": NOW,
        "submitted_at": NOW,
        "worker": "",
        "token": "t" * 40,
        "token_state": "found",
        "closed": closed,
    }
    return CallbackTask(**{**values, **fields})


def a_history(*tasks: CallbackTask, ended: Closing | None = None, **fields: Any) -> History:
    values: dict[str, Any] = {
        "tasks": tasks,
        "last_event_id": 9,
        "redrive_count": 0,
        "started_at": NOW,
        "counting_since": NOW,
        "ended": ended,
        "is_moving": False,
        "map_runs": (),
        "input": "{}",
    }
    return History(**{**values, **fields})


def facts(history: History | None, **fields: Any) -> Facts:
    tasks = history.tasks if history else ()
    deadlines = {key_of(task): Deadline(LATER, LATER, "exact", "timeout", ()) for task in tasks}
    return Facts(now=NOW, history=history, last_event_at=NOW, deadlines=deadlines, **fields)


def closing(kind: str, event_type: str = "TaskSucceeded") -> Closing:
    return Closing(event_id=8, kind=kind, event_type=event_type, at=NOW)


def open_and_known(task: CallbackTask) -> Known:
    row = KnownTask(
        is_open=True,
        has_token=True,
        has_started=True,
        waiting_since=NOW,
        dies_earliest=LATER,
        dies_latest=LATER,
    )
    return Known(status="RUNNING", tasks={key_of(task): row})


def test_a_task_that_waits_and_is_not_known_opens() -> None:
    task = a_task()

    plan = make_plan(known=Known(), facts=facts(a_history(task)))

    assert (plan.open, plan.change, plan.close) == ((task,), (), {})


def test_what_is_known_already_gives_an_empty_plan() -> None:
    task = a_task()

    plan = make_plan(known=open_and_known(task), facts=facts(a_history(task)))

    assert (plan.open, plan.change, plan.close) == ((), (), {})


def test_what_no_list_names_and_yet_runs_is_looked_at_again_soon() -> None:
    before = NOW - timedelta(seconds=40)
    unlisted = replace(
        facts(a_history(a_task()), described=Described(status="RUNNING")), last_event_at=before
    )

    assert make_plan(known=Known(), facts=unlisted).read_next_at == NOW + timedelta(seconds=10)


def test_a_task_that_does_not_wait_is_left_out() -> None:
    plan = make_plan(known=Known(), facts=facts(a_history(a_task(waits=False))))

    assert plan.open == ()


def test_a_token_that_is_found_later_is_a_change() -> None:
    task = a_task()
    known = open_and_known(task)
    tokenless = replace(known, tasks={(0, 3): replace(known.tasks[0, 3], has_token=False)})

    assert make_plan(known=tokenless, facts=facts(a_history(task))).change == (task,)


def test_a_deadline_that_moves_is_a_change() -> None:
    task = a_task()
    known = open_and_known(task)
    earlier = replace(known, tasks={(0, 3): replace(known.tasks[0, 3], dies_latest=NOW)})

    assert make_plan(known=earlier, facts=facts(a_history(task))).change == (task,)


@pytest.mark.parametrize(
    ("kind", "event_type", "status"),
    [
        ("succeeded", "TaskSucceeded", "answered"),
        ("failed", "TaskFailed", "answered"),
        ("failed", "TaskSubmitFailed", "closed"),
        ("timed_out", "TaskTimedOut", "timed_out"),
        ("execution_timed_out", "ExecutionTimedOut", "timed_out"),
        ("stopped", "ExecutionAborted", "stopped"),
        ("sibling_failed", "MapStateFailed", "closed"),
        ("retried", "TaskScheduled", "closed"),
        ("something_new", "SomethingNew", "closed"),
    ],
)
def test_each_kind_of_closing_has_its_status(kind: str, event_type: str, status: str) -> None:
    task = a_task(closed=closing(kind, event_type))

    plan = make_plan(known=open_and_known(task), facts=facts(a_history(task)))

    assert plan.close[0, 3].status == status


def test_a_failure_before_the_hand_over_is_no_answer() -> None:
    task = a_task(closed=closing("failed", "TaskFailed"), submitted_at=None)

    plan = make_plan(known=Known(), facts=facts(a_history(task)))

    assert (plan.close[0, 3].status, plan.close[0, 3].kind) == ("closed", "submit_failed")


def test_an_activity_is_answered_without_being_submitted() -> None:
    task = a_task(closed=closing("failed", "ActivityFailed"), submitted_at=None, kind="activity")

    plan = make_plan(known=Known(), facts=facts(a_history(task)))

    assert (plan.close[0, 3].status, plan.close[0, 3].kind) == ("answered", "failed")


def test_a_final_closing_is_never_changed() -> None:
    task = a_task(closed=closing("succeeded"))
    known = Known(tasks={(0, 3): KnownTask(is_open=False, closed_kind="stopped")})

    assert make_plan(known=known, facts=facts(a_history(task))).close == {}


def test_over_without_a_history_is_closed_as_not_read_and_looked_at_again() -> None:
    said = Described(status="SUCCEEDED", stopped_at=NOW)

    plan = make_plan(known=open_and_known(a_task()), facts=facts(None, described=said))

    assert (plan.close[0, 3].status, plan.close[0, 3].kind) == ("closed", NOT_READ)
    assert plan.read_next_at == NOW + SOONEST


def test_a_history_that_lags_behind_its_end_is_given_time() -> None:
    task = a_task()
    said = Described(status="FAILED", stopped_at=NOW - timedelta(seconds=5))

    plan = make_plan(known=open_and_known(task), facts=facts(a_history(task), described=said))

    assert plan.close[0, 3].kind == NOT_READ


@pytest.mark.parametrize("stopped_at", [None, NOW - timedelta(seconds=61)])
def test_after_that_the_end_of_the_execution_is_what_closed_it(stopped_at: datetime | None) -> None:
    task = a_task()
    said = Described(status="TIMED_OUT", stopped_at=stopped_at)

    plan = make_plan(known=open_and_known(task), facts=facts(a_history(task), described=said))

    assert (plan.close[0, 3].status, plan.close[0, 3].kind) == ("timed_out", "execution_timed_out")
    assert plan.read_next_at is None


def test_how_it_ended_is_kept_when_aws_forgets_it() -> None:
    known = Known(status="SUCCEEDED", tasks={(0, 3): KnownTask(False, "succeeded")})

    plan = make_plan(known=known, facts=facts(None, described=Described(status="FORGOTTEN")))

    assert (plan.execution, plan.close) == (None, {})


def test_an_execution_in_which_everything_waits_is_read_at_its_deadline() -> None:
    plan = make_plan(known=Known(), facts=facts(a_history(a_task())))

    assert plan.read_next_at == LATER + DEADLINE_GRACE


def test_an_execution_that_moves_is_read_again_soon() -> None:
    plan = make_plan(known=Known(), facts=facts(a_history(a_task(), is_moving=True)))

    assert (plan.is_moving, plan.read_next_at) == (True, NOW + SOONEST)


@pytest.mark.parametrize(
    ("quiet", "pause"),
    [
        (timedelta(), SOONEST),
        (timedelta(seconds=40), timedelta(seconds=10)),
        (timedelta(days=1), LATEST),
    ],
)
def test_the_longer_nothing_happens_the_longer_is_the_pause(
    quiet: timedelta, pause: timedelta
) -> None:
    assert next_look(now=NOW, last_event_at=NOW - quiet) == NOW + pause


def test_a_known_job_that_is_no_longer_taken_for_one_still_ends_with_its_own_end() -> None:
    """Its own definition, read later, may show that it was never given its token."""
    job = {"resource": "states:startExecution.sync:2", "waits": False}
    taken_for_one = a_task(early_answer=True, **job)
    known = open_and_known(taken_for_one)
    other = a_task(closed=closing("succeeded"), **job)
    plan = make_plan(known=known, facts=facts(a_history(other)))
    (found,) = plan.close.values()
    assert (found.status, found.kind) == ("closed", "succeeded")
    assert plan.open == plan.change == ()

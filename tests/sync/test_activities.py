"""Activities: whether a worker has the task, when its clock begins, and how it ends."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from callbacks.models import CallbackTask, TaskStatus, TokenState
from tests import making
from tests.sync.world import World, machine

pytestmark = pytest.mark.django_db

PAINT = "arn:aws:states:eu-west-1:123456789012:activity:paint"
ABOUT = timedelta(seconds=5)


def painting(**fields: Any) -> dict[str, Any]:
    return machine(Paint={"Type": "Task", "Resource": PAINT, "End": True, **fields})


@pytest.fixture
def studio(world: World) -> World:
    making.default_policy()
    world.simulator.call("CreateActivity", name="paint")
    return world


def begun(studio: World, name: str = "ann", **fields: Any) -> tuple[str, str]:
    """A run whose activity a worker has, mirrored before and after; its ARN and the token."""
    arn = studio.start(painting(**fields))
    studio.sync()
    token = pick_up(studio, name)
    look_again(studio)
    return arn, token


def pick_up(studio: World, name: str = "ann") -> str:
    named = {"workerName": name} if name else {}
    task = studio.simulator.call("GetActivityTask", activityArn=PAINT, **named)
    return str(task["taskToken"])


def look_again(studio: World, seconds: float = 61) -> None:
    studio.simulator.advance(seconds)
    studio.sync()


# --- whether somebody has it -------------------------------------------------------------------
def test_an_activity_that_nobody_has_picked_up_is_told_apart(studio: World) -> None:
    arn = studio.start(painting())
    studio.sync()
    found = studio.task(arn)
    assert (found.status, found.token_state) == (TaskStatus.WAITING, TokenState.ACTIVITY)
    assert found.is_activity
    assert (found.started_at, found.worker) == (None, "")


@pytest.mark.parametrize("name", ["ann", ""])
def test_a_worker_that_picks_it_up_is_seen_and_named(studio: World, name: str) -> None:
    arn, _ = begun(studio, name)
    found = studio.task(arn)
    assert found.started_at is not None
    assert found.worker == name


def test_the_wait_is_counted_from_the_time_that_the_workflow_asked(studio: World) -> None:
    arn = studio.start(painting())
    studio.sync()
    before = studio.task(arn).waiting_since
    pick_up(studio)
    look_again(studio)
    assert studio.task(arn).waiting_since == before


def test_a_token_in_a_workers_name_is_masked(studio: World) -> None:
    arn = studio.start(painting())
    token = pick_up(studio)
    studio.simulator.add_event(arn, "ActivityTimedOut", 4)
    studio.simulator.add_event(arn, "ActivityScheduled", 5, resource=PAINT, input="{}")
    studio.simulator.add_event(arn, "ActivityStarted", 6, workerName=token[:256])
    studio.sync()
    assert studio.tasks(arn)[-1].started_at is not None
    assert token[:256] not in studio.tasks(arn)[-1].worker


# --- its clock ---------------------------------------------------------------------------------
def test_the_clock_stands_while_nobody_has_it(studio: World) -> None:
    """However long that takes: its whole time is left when a worker comes."""
    arn = studio.start(painting(TimeoutSeconds=600))
    studio.sync()
    assert studio.task(arn).deadline_reason == "not_started"
    look_again(studio, seconds=7_200)
    found = studio.task(arn)
    assert abs(found.dies_earliest - studio.now - timedelta(seconds=600)) < ABOUT
    assert found.dies_latest - studio.now > timedelta(days=300)
    assert found.status == TaskStatus.WAITING


def test_the_clock_begins_with_the_worker(studio: World) -> None:
    arn = studio.start(painting(TimeoutSeconds=6_000))
    studio.sync()
    studio.simulator.advance(3_000)
    pick_up(studio)
    look_again(studio)
    found = studio.task(arn)
    assert found.started_at is not None
    assert found.dies_earliest == found.dies_latest == found.started_at + timedelta(seconds=6_000)
    assert (found.deadline_kind, found.deadline_reason) == ("exact", "timeout")


def test_a_heartbeat_clock_begins_with_the_worker_too(studio: World) -> None:
    arn, _ = begun(studio, TimeoutSeconds=6_000, HeartbeatSeconds=900)
    found = studio.task(arn)
    assert found.started_at is not None
    assert found.dies_earliest == found.started_at + timedelta(seconds=900)
    assert (found.deadline_kind, found.deadline_reason) == ("range", "heartbeat")


def test_one_that_nobody_takes_is_not_asked_about_at_every_turn_of_a_short_time(
    studio: World,
) -> None:
    arn = studio.start(painting(TimeoutSeconds=1))
    studio.sync()
    look_again(studio, seconds=3_600)
    due = studio.execution(arn).read_next_at
    assert due is not None
    assert timedelta(seconds=50) < due - studio.now < timedelta(seconds=70)


# --- its end -----------------------------------------------------------------------------------
def ended(studio: World, arn: str) -> CallbackTask:
    look_again(studio)
    return studio.task(arn)


def test_a_workers_result_ends_it(studio: World) -> None:
    arn, token = begun(studio)
    studio.simulator.call("SendTaskSuccess", taskToken=token, output='{"colour": "red"}')
    found = ended(studio, arn)
    assert (found.status, found.closed_kind) == (TaskStatus.ANSWERED, "succeeded")
    assert found.closed_event_type == "ActivitySucceeded"
    assert found.closed_output == '{"colour": "red"}'


def test_a_workers_failure_ends_it(studio: World) -> None:
    arn, token = begun(studio)
    studio.simulator.call("SendTaskFailure", taskToken=token, error="NoPaint", cause="Empty.")
    found = ended(studio, arn)
    assert (found.status, found.closed_kind) == (TaskStatus.ANSWERED, "failed")
    assert (found.closed_error, found.closed_cause) == ("NoPaint", "Empty.")


def test_it_runs_out_of_time(studio: World) -> None:
    arn, _ = begun(studio, TimeoutSeconds=90)
    found = ended(studio, arn)
    assert (found.status, found.closed_kind) == (TaskStatus.TIMED_OUT, "timed_out")
    assert found.closed_event_type == "ActivityTimedOut"


def test_it_misses_a_heartbeat(studio: World) -> None:
    arn, token = begun(studio, TimeoutSeconds=6_000, HeartbeatSeconds=100)
    studio.simulator.call("SendTaskHeartbeat", taskToken=token)
    assert ended(studio, arn).status == TaskStatus.WAITING
    found = ended(studio, arn)
    assert (found.status, found.closed_event_type) == (TaskStatus.TIMED_OUT, "ActivityTimedOut")


@pytest.mark.parametrize("is_begun", [False, True])
def test_a_stop_of_the_run_ends_it(studio: World, is_begun: bool) -> None:
    arn = begun(studio)[0] if is_begun else studio.start(painting())
    studio.sync()
    studio.simulator.call("StopExecution", executionArn=arn)
    assert ended(studio, arn).status == TaskStatus.STOPPED


def test_a_retry_waits_for_a_worker_anew(studio: World) -> None:
    retry = [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 1, "MaxAttempts": 2}]
    arn, token = begun(studio, Retry=retry)
    studio.simulator.call("SendTaskFailure", taskToken=token, error="NoPaint")
    look_again(studio)
    first, second = studio.tasks(arn)
    assert (first.status, first.worker) == (TaskStatus.ANSWERED, "ann")
    assert (second.status, second.started_at, second.worker) == (TaskStatus.WAITING, None, "")

"""Jobs (.sync) that were given their token: known, to be ended early, and waiting for nobody."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from callbacks.models import CallbackTask, TaskStatus
from callbacks.models.secret import decrypt_token
from callbacks.queries.health import waiting_tasks
from callbacks.sync.rematching import rematch
from tests import making
from tests.sync.world import World, machine, task

pytestmark = pytest.mark.django_db

JOB = "arn:aws:states:::states:startExecution.sync:2"
TOKEN = {"StateMachineArn": "m", "Input": {"token.$": "$$.Task.Token"}}


def job(**fields: Any) -> dict[str, Any]:
    state = {"Type": "Task", "Resource": JOB, "Parameters": TOKEN, **fields}
    return state if "Next" in fields else {**state, "End": True}


@pytest.fixture
def running_jobs(world: World) -> World:
    making.default_policy()
    world.simulator.outcome("wait", resource=JOB)
    return world


def test_a_job_with_its_token_is_mirrored_and_waits_for_nobody(running_jobs: World) -> None:
    arn = running_jobs.start(machine(Load=job()))
    running_jobs.sync()
    found = running_jobs.task(arn)
    assert (found.status, found.early_completion) == (TaskStatus.RUNNING, True)
    assert found.can_be_answered
    assert not found.is_waiting
    assert not CallbackTask.objects.waiting().exists()
    assert waiting_tasks() == []
    held = decrypt_token(ciphertext=bytes(found.token_ciphertext or b""), task_id=found.pk)
    assert held == running_jobs.token(arn)


def test_a_job_without_a_token_is_nothing_to_us(running_jobs: World) -> None:
    plain = job(Parameters={"StateMachineArn": "m", "Input": {"order.$": "$.order"}})
    arn = running_jobs.start(machine(Load=plain, Review=task()))
    running_jobs.sync(full=True)
    assert running_jobs.tasks(arn) == []


def test_a_job_is_looked_at_again_by_itself_for_nobody_else_ends_it(running_jobs: World) -> None:
    arn = running_jobs.start(machine(Load=job(TimeoutSeconds=86_400)))
    running_jobs.sync()
    execution = running_jobs.execution(arn)
    assert execution.is_moving
    assert execution.read_next_at is not None
    assert execution.read_next_at < running_jobs.now + timedelta(minutes=2)


def test_its_time_runs_from_its_start(running_jobs: World) -> None:
    arn = running_jobs.start(machine(Load=job(TimeoutSeconds=600)))
    running_jobs.sync()
    found = running_jobs.task(arn)
    assert found.dies_earliest == found.dies_latest
    assert abs(found.dies_latest - running_jobs.now - timedelta(seconds=600)) < timedelta(seconds=9)


@pytest.mark.parametrize("failed", [False, True])
def test_a_job_that_ended_was_answered_by_nobody(running_jobs: World, failed: bool) -> None:
    arn = running_jobs.start(machine(Load=job()))
    running_jobs.sync()
    if failed:
        running_jobs.fail(arn)
    else:
        running_jobs.succeed(arn)
    running_jobs.simulator.advance(61)
    running_jobs.sync()
    found = running_jobs.task(arn)
    kind = "failed" if failed else "succeeded"
    assert (found.status, found.closed_kind) == (TaskStatus.CLOSED, kind)
    assert found.job_ended


def test_a_job_that_came_and_went_is_told_from_an_answer(running_jobs: World) -> None:
    arn = running_jobs.start(machine(Load=job(Next="Review"), Review=task()))
    running_jobs.succeed(arn)
    running_jobs.sync()
    loaded, waiting = running_jobs.tasks(arn)
    assert (loaded.status, waiting.status) == (TaskStatus.CLOSED, TaskStatus.WAITING)


def test_a_list_that_shows_the_run_is_over_ends_its_job_too(
    running_jobs: World, simulator: Any
) -> None:
    arn = running_jobs.start(machine(Load=job()))
    running_jobs.sync()
    simulator.call("StopExecution", executionArn=arn)
    simulator.fault("GetExecutionHistory", kind="error", code="ThrottlingException")
    running_jobs.simulator.advance(61)
    running_jobs.sync()
    assert running_jobs.task(arn).status == TaskStatus.CLOSED
    simulator.clear_faults()
    running_jobs.simulator.advance(61)
    running_jobs.sync()
    assert running_jobs.task(arn).status == TaskStatus.STOPPED


def test_a_new_policy_covers_running_jobs_as_well(running_jobs: World) -> None:
    arn = running_jobs.start(machine(Load=job()))
    running_jobs.sync()
    policy = making.make_policy("Loads", state="Load")
    assert rematch(now=running_jobs.now) == 1
    assert running_jobs.task(arn).policy == policy


def test_a_machine_of_jobs_alone_is_listed_for_what_an_answer_could_end(
    running_jobs: World,
) -> None:
    """And one whose jobs were never given a token is not."""
    plain = job(Parameters={"StateMachineArn": "m"})
    running_jobs.start(machine(Load=plain), name="plain")
    running_jobs.start(machine(Load=job()), name="tokens")
    running_jobs.sync()
    before = running_jobs.simulator.calls()[-1]["seq"]
    running_jobs.simulator.advance(61)
    running_jobs.sync()
    calls = running_jobs.simulator.calls("ListExecutions", after=before)
    listed = {call["params"]["stateMachineArn"] for call in calls}
    assert {arn.rpartition(":")[2] for arn in listed} == {"tokens"}

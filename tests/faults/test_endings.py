"""The task ends otherwise first (F11), or may end within the undo time (F17)."""

import os
import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from callbacks.decisions.answer import Answer
from callbacks.decisions.decide import decide
from callbacks.models import CallbackTask, Direction
from callbacks.sync import run_pass
from tests import making
from tests.faults.conftest import OUTPUT, assert_balance, bring_to_end
from tests.sync.world import machine, task

RUNS = int(os.environ.get("HOLDPOINT_FAULT_RUNS", "1"))
pytestmark = pytest.mark.parametrize("run", range(RUNS))

ALONE = machine(Review=task(TimeoutSeconds=60))
IN_TIME = machine(Review=task()) | {"TimeoutSeconds": 60}
BRANCHES = [machine(Review=task()), machine(Other=task())]
BESIDE = machine(Both={"Type": "Parallel", "End": True, "Branches": BRANCHES})


def token_of(case, arn, state):
    (found,) = (one for one in case.simulator.tokens(arn) if one["state"] == state)
    return found["token"]


def succeed(case, arn):
    token = token_of(case, arn, "Review")
    case.answer_elsewhere("SendTaskSuccess", taskToken=token, output='{"by": "a stranger"}')


def fail(case, arn):
    token = token_of(case, arn, "Review")
    case.answer_elsewhere("SendTaskFailure", taskToken=token, error="No", cause="By a stranger.")


def fail_sibling(case, arn):
    token = token_of(case, arn, "Other")
    case.answer_elsewhere("SendTaskFailure", taskToken=token, error="No", cause="No.")


def stop(case, arn):
    case.simulator.call("StopExecution", executionArn=arn)


def time_out(case, arn):
    case.simulator.advance(61)


@pytest.fixture
def waiting(case):
    """A run of this definition waits; returns its ARN, and the case is its task from then on."""

    def started(definition):
        arn = case.simulator.start(case.simulator.create("endings", definition))
        run_pass(connection=case.connection, now=timezone.now())
        case.task = CallbackTask.objects.get(execution__arn=arn, state="Review")
        return arn

    return started


@pytest.mark.faults("F11")
@pytest.mark.parametrize(
    ("definition", "end", "outcome"),
    [
        pytest.param(ALONE, succeed, "answered_elsewhere", id="success"),
        pytest.param(ALONE, fail, "answered_elsewhere", id="failure"),
        pytest.param(ALONE, time_out, "timed_out", id="timeout"),
        pytest.param(IN_TIME, time_out, "execution_timed_out", id="timeout of the run"),
        pytest.param(ALONE, stop, "stopped", id="stop"),
        pytest.param(BESIDE, fail_sibling, "sibling_failed", id="sibling"),
    ],
)
def test_an_answer_that_came_too_late_is_kept_and_told_what_was_first(
    case, waiting, definition, end, outcome, run
):
    arn = waiting(definition)
    decision = case.approve()
    end(case, arn)
    bring_to_end(decision)
    assert (decision.status, decision.outcome, decision.output_text) == ("lost", outcome, OUTPUT)
    assert assert_balance(case).explained == 1


@pytest.mark.faults("F17")
def test_an_undo_time_longer_than_the_task_may_live_ends_five_seconds_before(case, waiting, run):
    waiting(machine(Review=task(TimeoutSeconds=20)))
    decision = decide(
        task_id=case.task.pk,
        decision_id=uuid.uuid4(),
        answer=Answer(direction=Direction.APPROVE, output_text=OUTPUT, reason="Fits."),
        actor=making.make_actor(case.approver),
        undo_seconds=60,
        now=timezone.now(),
    )
    assert decision.send_after == case.task.dies_earliest - timedelta(seconds=5)
    bring_to_end(decision, now=decision.send_after - timedelta(seconds=1))
    assert case.sends() == []
    for seconds in (0, 2):
        bring_to_end(decision, now=decision.send_after + timedelta(seconds=seconds))
    assert assert_balance(case).confirmed == 1

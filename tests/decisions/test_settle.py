"""What became of an answer, named from the history: ours, somebody else's, or not known yet."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from callbacks.audit import AuditUnavailable
from callbacks.models import AuditEntry, CallbackTask, Decision, DecisionStatus, Draft
from callbacks.sync.plan import FORGOTTEN, NOT_READ
from tests.decisions.conftest import APPROVAL, OUTPUT, REJECTION, Desk
from tests.sync.world import machine, task

pytestmark = pytest.mark.django_db


def cut_reply(desk: Desk, *, applied: bool) -> None:
    desk.simulator.fault("SendTaskSuccess", kind="cut", after_apply=applied)


def held_desk(desk: Desk, definition: Any, *, state: str = "Review") -> tuple[str, Decision]:
    """An answer that is held, to a task of another machine."""
    arn = desk.world.start(definition, name="closing")
    desk.world.sync()
    found = CallbackTask.objects.get(execution__arn=arn, state=state)
    return arn, desk.decide(task_id=found.pk, undo_seconds=0)


# --- ours --------------------------------------------------------------------------------------
@pytest.mark.parametrize("answer", [APPROVAL, REJECTION], ids=["approval", "rejection"])
def test_our_answer_in_the_history_confirms(desk: Desk, answer: Any) -> None:
    decision = desk.settle(desk.deliver(desk.decide(answer)))
    assert (decision.status, decision.outcome) == (DecisionStatus.CONFIRMED, "confirmed")
    assert decision.closing_event_id is not None
    assert decision.event_id_before is not None
    assert decision.closing_event_id > decision.event_id_before


def test_what_our_answer_ended_is_marked_for_the_history(desk: Desk) -> None:
    desk.settle(desk.deliver(desk.decide()))
    assert desk.task.answered_here


def test_what_somebody_else_answered_is_not_marked_as_ours(desk: Desk) -> None:
    decision = desk.decide()
    desk.world.succeed(desk.arn, '{"other": 1}')
    desk.world.sync()
    assert desk.settle(decision).status == DecisionStatus.LOST
    assert not desk.task.answered_here


def test_an_answer_whose_reply_was_lost_is_recognised_as_ours(desk: Desk) -> None:
    cut_reply(desk, applied=True)
    decision = desk.deliver(desk.decide())
    assert decision.status == DecisionStatus.UNKNOWN
    assert desk.settle(decision).status == DecisionStatus.CONFIRMED
    assert len(desk.sends()) == 1


def test_a_confirmed_answers_draft_is_forgotten(desk: Desk) -> None:
    Draft.objects.create(
        user=desk.approver, request_id=desk.task.request_id, output=OUTPUT, saved_at=desk.now
    )
    desk.settle(desk.deliver(desk.decide()))
    assert not Draft.objects.exists()


# --- somebody else's ---------------------------------------------------------------------------
@pytest.mark.parametrize("output", [OUTPUT, "{}"], ids=["equal", "other"])
def test_an_answer_elsewhere_before_our_only_call_is_not_ours(desk: Desk, output: str) -> None:
    """F11: AWS says that the token is spent, so this call changed nothing, equal bytes or not."""
    decision = desk.decide()
    desk.world.succeed(desk.arn, output=output)
    decision = desk.deliver(decision)
    assert decision.answer_code == "TaskTimedOut"
    decision = desk.settle(decision)
    assert (decision.status, decision.outcome) == (DecisionStatus.LOST, "answered_elsewhere")


def test_our_spent_token_after_a_lost_reply_is_ours(desk: Desk, settings: Any) -> None:
    """F12: the second call finds the token spent by the first."""
    settings.SEND_DOUBT_SECONDS = 0
    cut_reply(desk, applied=True)
    decision = desk.deliver(desk.decide())
    Decision.objects.update(status=DecisionStatus.SENDING, lease_until=None, look_after=desk.now)
    desk.later = timedelta(seconds=1)
    decision = desk.deliver(decision)
    assert decision.answer_code == "TaskTimedOut"
    assert desk.settle(decision).status == DecisionStatus.CONFIRMED


def test_a_held_answer_that_was_overtaken_is_lost_before_its_window_ends(desk: Desk) -> None:
    decision = desk.decide(undo_seconds=3600)
    desk.world.succeed(desk.arn, output=OUTPUT)
    desk.world.sync()
    decision = desk.settle(decision)
    assert (decision.status, decision.outcome) == (DecisionStatus.LOST, "answered_elsewhere")
    assert len(desk.sends()) == 1


def fail_elsewhere(desk: Desk, arn: str) -> None:
    desk.world.fail(arn)


def succeed_elsewhere(desk: Desk, arn: str) -> None:
    desk.world.succeed(arn, output="{}", state="Review")


def time_out(desk: Desk, arn: str) -> None:
    desk.world.simulator.advance(61)


def stop(desk: Desk, arn: str) -> None:
    desk.simulator.call("StopExecution", executionArn=arn)


def fail_sibling(desk: Desk, arn: str) -> None:
    token = desk.world.token(arn, "Other")
    desk.simulator.call("SendTaskFailure", taskToken=token, error="No", cause="No")


ALONE = machine(Review=task(TimeoutSeconds=60))
IN_TIME = machine(Review=task()) | {"TimeoutSeconds": 60}
BESIDE = machine(
    Both={
        "Type": "Parallel",
        "End": True,
        "Branches": [machine(Review=task()), machine(Other=task())],
    }
)


@pytest.mark.parametrize(
    ("definition", "close", "outcome"),
    [
        (ALONE, succeed_elsewhere, "answered_elsewhere"),
        (ALONE, fail_elsewhere, "answered_elsewhere"),
        (ALONE, time_out, "timed_out"),
        (IN_TIME, time_out, "execution_timed_out"),
        (ALONE, stop, "stopped"),
        (BESIDE, fail_sibling, "sibling_failed"),
    ],
    ids=["success", "failure", "timeout", "execution timeout", "stop", "sibling"],
)
@pytest.mark.parametrize("is_mirrored", [True, False], ids=["seen by a pass", "met at the send"])
def test_each_way_to_lose_has_its_code(
    desk: Desk, definition: Any, close: Callable[[Desk, str], None], outcome: str,
    is_mirrored: bool,
) -> None:  # fmt: skip
    arn, decision = held_desk(desk, definition)
    close(desk, arn)
    if is_mirrored:
        desk.world.sync()
    decision = desk.settle(desk.deliver(decision))
    assert (decision.status, decision.outcome) == (DecisionStatus.LOST, outcome)
    assert decision.output_text == OUTPUT


def test_an_older_attempts_answer_is_lost_though_the_next_attempt_waits(desk: Desk) -> None:
    retry = [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 1, "MaxAttempts": 3}]
    arn, decision = held_desk(desk, machine(Review=task(TimeoutSeconds=60, Retry=retry)))
    desk.world.simulator.advance(65)
    decision = desk.settle(desk.deliver(decision))
    assert (decision.status, decision.outcome) == (DecisionStatus.LOST, "timed_out")
    assert desk.simulator.tokens(arn)


# --- not known yet -----------------------------------------------------------------------------
def test_an_end_whose_cause_is_not_read_yet_names_nothing(desk: Desk) -> None:
    decision = desk.decide()
    CallbackTask.objects.update(status="closed", closed_kind=NOT_READ)
    assert desk.settle(decision).status == DecisionStatus.HELD


def test_a_history_that_cannot_be_read_names_nothing_and_is_looked_at_later(desk: Desk) -> None:
    decision = desk.deliver(desk.decide())
    desk.simulator.fault("GetExecutionHistory", kind="error", times=None)
    now = desk.now
    decision = desk.settle(decision)
    desk.simulator.clear_faults()
    assert decision.status == DecisionStatus.SENT
    assert decision.look_after is not None
    assert decision.look_after > now


def test_what_aws_took_is_not_called_lost_because_aws_has_forgotten_the_execution(
    desk: Desk,
) -> None:
    decision = desk.deliver(desk.decide())
    CallbackTask.objects.update(status="closed", closed_kind=FORGOTTEN, closed_at=desk.now)
    decision = desk.settle(decision)
    assert (decision.status, decision.outcome) == (DecisionStatus.SENT, "forgotten")
    assert decision.look_after is None


def test_what_was_never_sent_is_lost_when_aws_has_forgotten_the_execution(desk: Desk) -> None:
    decision = desk.decide()
    CallbackTask.objects.update(status="closed", closed_kind=FORGOTTEN, closed_at=desk.now)
    decision = desk.settle(decision)
    assert (decision.status, decision.outcome) == (DecisionStatus.LOST, "forgotten")


# --- sent again --------------------------------------------------------------------------------
def test_a_doubtful_answer_is_sent_again_only_after_a_while_in_which_it_still_waits(
    desk: Desk,
) -> None:
    cut_reply(desk, applied=False)
    decision = desk.settle(desk.deliver(desk.decide()))
    assert (decision.status, len(desk.sends())) == (DecisionStatus.UNKNOWN, 1)
    desk.later = timedelta(seconds=11)
    decision = desk.settle(decision)
    assert (decision.status, len(desk.sends())) == (DecisionStatus.SENT, 2)
    assert len({call["params"]["output"] for call in desk.sends()}) == 1


def test_a_doubtful_answer_is_not_sent_again_while_the_history_cannot_be_read(desk: Desk) -> None:
    cut_reply(desk, applied=False)
    decision = desk.deliver(desk.decide())
    desk.simulator.fault("GetExecutionHistory", kind="error", times=None)
    desk.later = timedelta(seconds=60)
    decision = desk.settle(decision)
    desk.simulator.clear_faults()
    assert (decision.status, len(desk.sends())) == (DecisionStatus.UNKNOWN, 1)


def test_an_answer_that_aws_took_is_never_sent_again(desk: Desk) -> None:
    decision = desk.decide()
    Decision.objects.update(
        status=DecisionStatus.SENT, first_sent_at=desk.now, aws_request_id="r", generation=1
    )
    desk.later = timedelta(days=1)
    assert desk.settle(decision).status == DecisionStatus.SENT
    assert desk.sends() == []


# --- after a crash -----------------------------------------------------------------------------
def claimed(desk: Desk, seconds: int) -> Decision:
    decision = desk.decide()
    Decision.objects.update(
        status=DecisionStatus.SENDING,
        generation=1,
        event_id_before=desk.world.execution(desk.arn).last_event_id,
        claimed_at=desk.now,
        lease_until=desk.now + timedelta(seconds=seconds),
    )
    return decision


def test_a_claim_within_its_lease_is_left_alone(desk: Desk) -> None:
    assert desk.settle(claimed(desk, 30)).status == DecisionStatus.SENDING


def test_a_worker_lost_before_its_call_leaves_an_answer_that_is_sent_later(desk: Desk) -> None:
    decision = desk.settle(claimed(desk, -1))
    assert (decision.status, decision.answer_code) == (DecisionStatus.UNKNOWN, "WorkerLost")
    desk.later = timedelta(seconds=11)
    assert desk.settle(decision).status == DecisionStatus.SENT


def test_a_worker_lost_after_its_call_leaves_an_answer_that_is_recognised(desk: Desk) -> None:
    decision = claimed(desk, -1)
    desk.world.succeed(desk.arn, output=OUTPUT)
    assert desk.settle(decision).status == DecisionStatus.CONFIRMED


def test_a_look_that_cannot_be_recorded_changes_nothing(desk: Desk, monkeypatch: Any) -> None:
    decision = desk.deliver(desk.decide())

    def fail(**_: Any) -> None:
        raise AuditUnavailable("no")

    with monkeypatch.context() as patched:
        patched.setattr("callbacks.decisions.moves.append", fail)
        with pytest.raises(AuditUnavailable):
            desk.settle(decision)
    decision.refresh_from_db()
    assert decision.status == DecisionStatus.SENT
    desk.later = timedelta(seconds=40)
    assert desk.settle(decision).status == DecisionStatus.CONFIRMED


def test_a_named_outcome_is_not_named_again(desk: Desk) -> None:
    decision = desk.settle(desk.deliver(desk.decide()))
    before = AuditEntry.objects.count()
    desk.settle(decision)
    assert AuditEntry.objects.count() == before


def test_an_answer_is_sent_though_its_person_was_deactivated_since(desk: Desk) -> None:
    """It was theirs to give when they gave it; the record says so."""
    decision = desk.decide()
    type(desk.approver).objects.update(is_active=False)
    assert desk.deliver(decision).status == DecisionStatus.SENT

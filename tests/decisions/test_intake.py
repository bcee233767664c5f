"""A worker hands over a task token: found in its run, or answered without one that can be read."""

from __future__ import annotations

import json
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from callbacks.audit.verify_rows import verify_rows
from callbacks.conversation.comments import add_comment
from callbacks.decisions.errors import NoToken, NotYours
from callbacks.models import (
    AuditEntry,
    CallbackTask,
    Comment,
    DecisionStatus,
    Execution,
    ExecutionStatus,
    Intake,
    IntakeStatus,
    Request,
    Role,
    StateMachine,
    TaskStatus,
    User,
)
from callbacks.queries.requests import request_facts
from callbacks.sync import merging
from callbacks.sync.intake import Handed, take_in
from tests import making
from tests.decisions.conftest import Desk
from tests.sync.world import machine, task

TIRED = timedelta(minutes=3)
ACTIVITY = "arn:aws:states:eu-west-1:123456789012:activity:pick"


def hand_over(desk: Desk, token: str, *, worker: User | None = None, **words: str) -> CallbackTask:
    worker = worker or User.objects.filter(username="worker").first()
    worker = worker or making.make_person("worker", Role.OPERATOR)
    key = take_in(
        connection=desk.world.connection,
        handed=Handed(token=token, **words),
        actor=making.make_actor(worker, channel="api"),
        now=desk.world.now,
    )
    return CallbackTask.objects.get(pk=key)


def start_unread(desk: Desk, **fields: Any) -> tuple[str, str]:
    """A run that no pass has read yet, and its token."""
    definition = machine(Pack=task(TimeoutSeconds=86_400, **fields))
    arn = desk.world.start(definition, {"box": 7}, name="packing")
    return arn, desk.world.token(arn)


def hide(desk: Desk) -> None:
    """AWS denies us to read anything; what was read before stays."""
    for operation in ("ListStateMachines", "ListExecutions", "GetExecutionHistory"):
        desk.simulator.fault(operation, "deny", times=99)
    desk.simulator.fault("DescribeExecution", "deny", times=99)


def alone(desk: Desk, token: str, **words: Any) -> CallbackTask:
    """What was handed over, after everything was done to find its run."""
    found = hand_over(desk, token, **words)
    hide(desk)
    for _ in range(2):
        desk.simulator.advance(TIRED.total_seconds())
        desk.world.sync()
    found.refresh_from_db()
    return found


def show(desk: Desk) -> None:
    desk.simulator.clear_faults()
    for _ in range(3):
        desk.simulator.advance(600)
        desk.world.sync()


# --- where it belongs ----------------------------------------------------------------------------
def test_a_token_that_the_mirror_has_is_the_task_that_has_it(desk: Desk) -> None:
    found = hand_over(desk, desk.world.token(desk.arn))

    assert found == desk.task
    assert not Intake.objects.exists()


def test_the_same_token_again_is_the_same_task(desk: Desk) -> None:
    _, token = start_unread(desk)

    assert hand_over(desk, token) == hand_over(desk, token, note="again")
    assert Intake.objects.count() == 1


def test_its_run_takes_its_place_and_keeps_its_link(desk: Desk) -> None:
    arn, token = start_unread(desk)
    found = hand_over(desk, token, note="Box 7 waits\nat the gate.")
    assert found.headline == "Box 7 waits"
    comment = add_comment(
        task=found,
        comment_id=uuid.uuid4(),
        text="On its way.",
        actor=making.make_actor(desk.approver),
        now=desk.now,
    )

    desk.world.sync()

    read = desk.world.task(arn)
    assert read.pk == found.pk
    assert (json.loads(read.input), read.state) == ({"box": 7}, "Pack")
    assert read.can_be_answered
    assert Intake.objects.get().status == IntakeStatus.MERGED
    assert Intake.objects.get().token_ciphertext is None
    assert Comment.objects.get(request_id=read.request_id) == comment
    assert not Execution.objects.filter(status=ExecutionStatus.UNREAD).exists()
    decision = desk.settle(desk.deliver(desk.decide(task_id=read.pk)))
    assert decision.status == DecisionStatus.CONFIRMED


def test_nobody_answers_it_while_its_run_is_looked_up(desk: Desk) -> None:
    """Under the policy of its real request more may be asked for."""
    _, token = start_unread(desk)
    found = hand_over(desk, token)

    with pytest.raises(NoToken):
        desk.decide(task_id=found.pk)


def test_a_run_that_is_still_to_be_read_is_waited_for(desk: Desk, settings: Any) -> None:
    arn, token = start_unread(desk)
    found = hand_over(desk, token)
    settings.SYNC_QUOTA_SHARE = 0.0001
    desk.simulator.advance(TIRED.total_seconds())
    desk.world.sync()
    found.refresh_from_db()
    assert not found.can_be_answered

    settings.SYNC_QUOTA_SHARE = 1.0
    desk.simulator.advance(60)
    desk.world.sync()

    assert desk.world.task(arn).pk == found.pk


def test_a_retry_of_it_joins_its_request(desk: Desk) -> None:
    retry = [{"ErrorEquals": ["No"], "IntervalSeconds": 1, "MaxAttempts": 2}]
    arn, token = start_unread(desk, Retry=retry)
    hand_over(desk, token)
    desk.world.sync()
    desk.world.fail(arn)
    desk.simulator.advance(5)
    desk.world.sync()

    first, second = desk.world.tasks(arn)
    assert (first.attempt, second.attempt) == (1, 2)
    assert first.request_id == second.request_id
    assert Request.objects.filter(execution__arn=arn).count() == 1


def test_the_token_of_a_second_attempt_joins_the_request_of_the_first(desk: Desk) -> None:
    retry = [{"ErrorEquals": ["No"], "IntervalSeconds": 1, "MaxAttempts": 2}]
    arn, _ = start_unread(desk, Retry=retry)
    desk.world.sync()
    desk.world.fail(arn)
    desk.simulator.advance(5)
    found = hand_over(desk, desk.world.token(arn))
    desk.world.sync()

    first, second = desk.world.tasks(arn)
    assert second.pk == found.pk
    assert first.request_id == second.request_id


def test_links_hold_in_a_mirror_that_is_rebuilt(desk: Desk) -> None:
    arn, token = start_unread(desk)
    found = hand_over(desk, token)
    desk.world.sync()

    StateMachine.objects.all().delete()
    show(desk)

    assert desk.world.task(arn).pk == found.pk
    assert desk.world.task(arn).request_id == CallbackTask.objects.get(pk=found.pk).request_id


def test_what_is_on_its_own_outlives_the_mirror(desk: Desk) -> None:
    _, token = start_unread(desk)
    found = alone(desk, token)
    StateMachine.objects.all().delete()
    desk.world.sync()

    assert CallbackTask.objects.get(pk=found.pk).can_be_answered


# --- activities ----------------------------------------------------------------------------------
@pytest.fixture
def picking(desk: Desk) -> str:
    """A run that waits for one activity's worker."""
    desk.simulator.call("CreateActivity", name="pick")
    arn = desk.world.start(machine(Pick=pick()), {"shelf": 3}, name="picking")
    desk.world.sync()
    return arn


def pick() -> dict[str, Any]:
    return {"Type": "Task", "Resource": ACTIVITY, "TimeoutSeconds": 86_400, "End": True}


def polled(desk: Desk) -> str:
    return str(desk.simulator.call("GetActivityTask", activityArn=ACTIVITY)["taskToken"])


def test_a_worker_hands_over_its_activity(desk: Desk, picking: str) -> None:
    assert not desk.world.task(picking).can_be_answered
    found = hand_over(desk, polled(desk), execution_arn=picking)

    desk.simulator.advance(1)
    desk.world.sync()

    task = desk.world.task(picking)
    assert task.can_be_answered
    assert merging.merged_task(intake_id=found.pk) == task.pk
    assert not CallbackTask.objects.filter(pk=found.pk).exists()
    decision = desk.settle(desk.deliver(desk.decide(task_id=task.pk)))
    assert decision.status == DecisionStatus.CONFIRMED


def test_an_activity_has_its_token_again_in_a_mirror_that_is_rebuilt(
    desk: Desk, picking: str
) -> None:
    hand_over(desk, polled(desk), execution_arn=picking)
    desk.simulator.advance(1)
    desk.world.sync()

    StateMachine.objects.all().delete()
    show(desk)

    decision = desk.settle(desk.deliver(desk.decide(task_id=desk.world.task(picking).pk)))
    assert decision.status == DecisionStatus.CONFIRMED


def both_shelves(desk: Desk) -> str:
    desk.simulator.call("CreateActivity", name="pick")
    branches = [machine(Left=pick()), machine(Right=pick())]
    both = {"Type": "Parallel", "Branches": branches, "End": True}
    arn = desk.world.start(machine(Both=both), {}, name="shelves")
    desk.world.sync()
    return arn


def test_of_two_activities_nobody_guesses_until_one_is_named(desk: Desk) -> None:
    arn = both_shelves(desk)
    token, _ = polled(desk), polled(desk)
    found = hand_over(desk, token, execution_arn=arn)
    desk.simulator.advance(TIRED.total_seconds())
    desk.world.sync()
    found.refresh_from_db()
    assert not any(task.can_be_answered for task in [found, *desk.world.tasks(arn)])

    hand_over(desk, token, execution_arn=arn, state="Left")
    desk.simulator.advance(1)
    desk.world.sync()

    assert [task.state for task in desk.world.tasks(arn) if task.can_be_answered] == ["Left"]


def test_only_what_a_worker_has_picked_up_can_have_a_token(desk: Desk) -> None:
    arn = both_shelves(desk)
    hand_over(desk, polled(desk), execution_arn=arn)
    desk.simulator.advance(1)
    desk.world.sync()

    assert [task.state for task in desk.world.tasks(arn) if task.can_be_answered] == ["Left"]


def test_a_step_that_began_later_does_not_get_the_token_of_the_one_before(desk: Desk) -> None:
    desk.simulator.call("CreateActivity", name="pick")
    steps = machine(Pick={**pick(), "Next": "Pay"}, Pay=pick())
    del steps["States"]["Pick"]["End"]
    arn = desk.world.start(steps, {}, name="steps")
    desk.world.sync()
    token = polled(desk)
    hand_over(desk, token, execution_arn=arn)
    desk.simulator.advance(30)
    desk.simulator.call("SendTaskSuccess", taskToken=token, output="{}")
    polled(desk)
    desk.world.sync()

    pay = desk.world.tasks(arn)[1]
    assert (pay.state, pay.can_be_answered) == ("Pay", False)


def test_a_token_that_its_step_does_not_take_is_told_and_let_go(desk: Desk, picking: str) -> None:
    """A worker named the run of another one's token."""
    other = desk.world.start(machine(Pick=pick()), {"shelf": 4}, name="picking-too")
    desk.world.sync()
    token = polled(desk)
    desk.simulator.call("SendTaskSuccess", taskToken=token, output="{}")
    polled(desk)
    hand_over(desk, token, execution_arn=other)
    desk.simulator.advance(1)
    desk.world.sync()
    task = desk.world.task(other)
    assert task.can_be_answered
    decision = desk.settle(desk.deliver(desk.decide(task_id=task.pk)))
    desk.later += timedelta(seconds=60)

    decision = desk.settle(decision)

    assert (decision.status, decision.outcome) == (DecisionStatus.REFUSED, "wrong_token")
    task.refresh_from_db()
    assert (task.is_waiting, task.can_be_answered) == (True, False)


# --- a run that cannot be read -------------------------------------------------------------------
def test_it_is_answered_although_its_run_cannot_be_read(desk: Desk) -> None:
    arn, token = start_unread(desk)
    found = alone(desk, token)
    assert found.can_be_answered

    decision = desk.settle(desk.deliver(desk.decide(task_id=found.pk)))

    assert (decision.status, decision.outcome) == (DecisionStatus.SENT, "unread")
    found.refresh_from_db()
    assert (found.status, found.answered_here) == (TaskStatus.ANSWERED, True)
    assert desk.simulator.execution(arn)["status"] == "SUCCEEDED"
    assert AuditEntry.objects.filter(kind="token_handed_over").count() == 1
    StateMachine.objects.all().delete()
    desk.world.sync()
    assert not CallbackTask.objects.filter(pk=found.pk).exists()
    verify_rows()


def test_once_its_run_can_be_read_the_answer_is_confirmed(desk: Desk) -> None:
    definition = machine(Pack=task(Next="Ship"), Ship=task())
    arn = desk.world.start(definition, {"box": 7}, name="packing")
    found = alone(desk, desk.world.token(arn))
    decision = desk.settle(desk.deliver(desk.decide(task_id=found.pk)))

    show(desk)
    decision = desk.settle(decision)

    assert decision.status == DecisionStatus.CONFIRMED
    first, second = desk.world.tasks(arn)
    assert (first.pk, first.status) == (found.pk, TaskStatus.ANSWERED)
    assert second.is_waiting


def test_a_token_that_was_used_elsewhere_is_told(desk: Desk) -> None:
    arn, token = start_unread(desk)
    found = alone(desk, token)
    desk.world.succeed(arn)

    decision = desk.settle(desk.deliver(desk.decide(task_id=found.pk)))

    assert (decision.status, decision.outcome) == (DecisionStatus.LOST, "unread")
    found.refresh_from_db()
    assert (found.status, found.closed_kind) == (TaskStatus.CLOSED, "unread")


def test_what_is_no_token_at_all_is_told(desk: Desk) -> None:
    found = alone(desk, "no-token-of-aws")

    decision = desk.settle(desk.deliver(desk.decide(task_id=found.pk)))

    assert (decision.status, decision.answer_code) == (DecisionStatus.LOST, "InvalidToken")


def test_a_lost_reply_sends_the_same_bytes_again_and_is_applied_once(desk: Desk) -> None:
    arn, token = start_unread(desk)
    found = alone(desk, token)
    desk.simulator.fault("SendTaskSuccess", "cut", after_apply=True)
    decision = desk.deliver(desk.decide(task_id=found.pk))
    assert decision.status == DecisionStatus.UNKNOWN

    desk.later += timedelta(seconds=60)
    decision = desk.settle(decision)
    desk.later += timedelta(seconds=60)
    decision = desk.settle(decision)

    first, second = desk.sends()
    assert (first["applied"], second["applied"]) == (True, False)
    assert (decision.status, decision.outcome) == (DecisionStatus.UNKNOWN, "unread")
    assert decision.look_after is None
    assert desk.simulator.execution(arn)["status"] == "SUCCEEDED"


def test_a_reply_that_was_lost_before_aws_had_it_goes_out_again(desk: Desk) -> None:
    arn, token = start_unread(desk)
    found = alone(desk, token)
    desk.simulator.fault("SendTaskSuccess", "cut")
    decision = desk.deliver(desk.decide(task_id=found.pk))

    desk.later += timedelta(seconds=60)
    decision = desk.settle(desk.settle(decision))

    assert (decision.status, decision.outcome) == (DecisionStatus.SENT, "unread")
    assert desk.simulator.execution(arn)["status"] == "SUCCEEDED"


def test_a_wrong_run_that_is_over_takes_no_token_along(desk: Desk) -> None:
    over = desk.world.start(machine(Done={"Type": "Pass", "End": True}), {}, name="quick")
    desk.world.sync()
    _, token = start_unread(desk)

    found = alone(desk, token, execution_arn=over)

    assert found.can_be_answered


def test_an_outage_is_no_reason_to_answer_under_fewer_rules(desk: Desk) -> None:
    _, token = start_unread(desk)
    found = hand_over(desk, token)
    for operation in ("ListStateMachines", "ListExecutions", "GetExecutionHistory"):
        desk.simulator.fault(operation, "error", times=999)
    for _ in range(3):
        desk.simulator.advance(TIRED.total_seconds())
        desk.world.sync()

    found.refresh_from_db()
    assert not found.can_be_answered


def test_a_run_that_nobody_knows_hides_none_that_is_to_be_read(desk: Desk, settings: Any) -> None:
    arn, token = start_unread(desk)
    found = hand_over(desk, token, execution_arn=f"{arn}x")
    settings.SYNC_QUOTA_SHARE = 0.0001
    desk.simulator.advance(TIRED.total_seconds())
    desk.world.sync()

    found.refresh_from_db()
    assert not found.can_be_answered


def test_runs_that_begin_later_hold_nothing_up(desk: Desk) -> None:
    found = hand_over(desk, "a-token-of-nobody")
    desk.world.sync()
    for _ in range(3):
        desk.simulator.advance(60)
        desk.world.sync()
    start_unread(desk)
    desk.world.sync()

    found.refresh_from_db()
    assert found.can_be_answered


def test_an_answer_of_before_is_not_sent_once_there_is_more_to_see(desk: Desk) -> None:
    making.make_policy("Strict", state_machine="packing", approvals_needed=2)
    making.make_policy("From workers", state_machine="handed over")
    arn, token = start_unread(desk)
    found = alone(desk, token)
    decision = desk.decide(task_id=found.pk, undo_seconds=3_600)
    show(desk)
    assert desk.world.task(arn).pk == found.pk

    desk.later += timedelta(hours=2)
    decision = desk.deliver(decision)

    assert (decision.status, decision.outcome) == (DecisionStatus.WITHDRAWN, "run_read")
    assert desk.sends() == []
    verify_rows()


def test_whoever_handed_it_over_does_not_answer_where_nobody_answers_their_own(desk: Desk) -> None:
    making.default_policy()
    _, token = start_unread(desk)
    found = alone(desk, token, worker=desk.approver)

    with pytest.raises(NotYours):
        desk.decide(task_id=found.pk)
    other = making.make_person("bo", Role.APPROVER)
    assert desk.decide(task_id=found.pk, actor=making.make_actor(other))


def test_a_key_that_is_gone_holds_up_no_other(desk: Desk, picking: str) -> None:
    arn, token = start_unread(desk)
    lost = hand_over(desk, polled(desk), execution_arn=picking)
    Intake.objects.filter(pk=lost.pk).update(token_ciphertext=b"x" * 60)
    found = hand_over(desk, token)
    desk.simulator.advance(1)
    desk.world.sync()

    assert desk.world.task(arn).pk == found.pk


def test_what_was_said_stays_with_the_step_that_gets_the_token(desk: Desk, picking: str) -> None:
    found = hand_over(desk, polled(desk), execution_arn=picking, note="Shelf 3 is empty.")
    said = add_comment(
        task=found,
        comment_id=uuid.uuid4(),
        text="Look behind it.",
        actor=making.make_actor(desk.approver),
        now=desk.now,
    )
    desk.simulator.advance(1)
    desk.world.sync()

    facts = request_facts(task=desk.world.task(picking), user=desk.approver, now=desk.now)
    assert list(facts.conversation.comments) == [said]
    assert facts.intake is not None
    assert facts.intake.note == "Shelf 3 is empty."


def test_an_answer_is_found_again_though_mirror_and_state_machine_are_gone(desk: Desk) -> None:
    arn, token = start_unread(desk)
    found = alone(desk, token)
    decision = desk.settle(desk.deliver(desk.decide(task_id=found.pk)))
    show(desk)
    machine_arn = desk.world.execution(arn).state_machine.arn
    desk.simulator.call("DeleteStateMachine", stateMachineArn=machine_arn)
    StateMachine.objects.all().delete()
    show(desk)

    assert desk.settle(decision).status == DecisionStatus.CONFIRMED


# --- what its page says of its run ---------------------------------------------------------------
def page_of(desk: Desk, task: CallbackTask, client: Client) -> str:
    client.force_login(desk.approver)
    return client.get(f"/tasks/{task.pk}/").content.decode()


def test_while_its_run_is_looked_up_nobody_says_that_it_cannot_be_read(
    desk: Desk, client: Client
) -> None:
    arn, token = start_unread(desk)
    page = page_of(desk, hand_over(desk, token, execution_arn=arn), client)

    assert "AWS not read yet" in page
    assert "cannot be read" not in page


def test_of_a_run_that_is_read_it_is_said_that_no_step_has_the_token(
    desk: Desk, client: Client
) -> None:
    arn, _ = start_unread(desk)
    desk.world.sync()
    found = hand_over(desk, "no-such-token" * 9, execution_arn=arn)
    for _ in range(2):
        desk.simulator.advance(TIRED.total_seconds())
        desk.world.sync()

    page = page_of(desk, found, client)
    assert "No step of that run has this token yet" in page
    assert "cannot be read" not in page


def test_of_a_run_that_aws_does_not_know_that_is_said(desk: Desk, client: Client) -> None:
    arn, _ = start_unread(desk)
    found = hand_over(desk, "no-such-token" * 9, execution_arn=f"{arn}x")
    desk.simulator.advance(1)
    desk.world.sync()
    assert "AWS knows no such run" in page_of(desk, found, client)

    hand_over(desk, "no-such-token" * 9, execution_arn=arn)
    assert "AWS knows no such run" not in page_of(desk, found, client)


# --- under which policy --------------------------------------------------------------------------
def test_what_cannot_be_seen_excludes_no_policy(desk: Desk) -> None:
    """Else the large amounts would be answered under the rule of the small ones."""
    large = making.make_policy(
        "Large boxes",
        state_machine="packing",
        state="Pack*",
        conditions=[{"path": "$.box", "is": "above", "value": 100}],
    )
    arn, token = start_unread(desk)

    found = alone(desk, token, execution_arn=arn)

    assert found.state_machine_name == "packing"
    assert found.policy == large
    show(desk)
    assert desk.world.task(arn).policy == making.default_policy()


def test_a_token_without_its_run_may_be_of_any_workflow(desk: Desk) -> None:
    packing = making.make_policy("Packing", state_machine="packing", tags={"stage": "prod"})
    _, token = start_unread(desk)

    assert alone(desk, token).policy == packing


def test_a_policy_for_what_is_handed_over_comes_first(desk: Desk) -> None:
    making.make_policy("Packing", state_machine="packing")
    own = making.make_policy("From workers", state_machine="handed over")
    _, token = start_unread(desk)

    assert alone(desk, token).policy == own


# --- nothing leaks -------------------------------------------------------------------------------
def test_the_token_in_a_note_is_masked(desk: Desk) -> None:
    _, token = start_unread(desk)

    found = hand_over(desk, token, note=f"please answer {token} soon", state=token[:80])

    kept = Intake.objects.get()
    hand_over(desk, token, execution_arn=f"{desk.arn}x", state=token[:80])
    kept = Intake.objects.get()
    assert token[:40] not in found.headline + kept.note + kept.state
    assert "masked" in kept.note

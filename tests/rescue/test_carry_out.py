"""One call for each action, and what AWS's answer or its silence makes of it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from callbacks.models import AuditEntry, Connection, RescueStatus, TaskStatus
from callbacks.rescue.sweep import sweep
from tests.rescue.conftest import Post
from tests.sync.world import machine, task

pytestmark = pytest.mark.django_db
LATER = timedelta(minutes=1)
CALLS = {
    "heartbeat": "SendTaskHeartbeat",
    "stop": "StopExecution",
    "redrive": "RedriveExecution",
}


@pytest.fixture(autouse=True)
def one_clock(monkeypatch) -> None:
    """The simulator's moved clock is not that of its replies' Date, so that ours counts."""
    monkeypatch.setattr("callbacks.stepfunctions.wire._date", lambda _: None)


# --- the way out -------------------------------------------------------------------------------
def test_a_heartbeat_moves_the_earliest_end_and_readings_keep_it(post: Post) -> None:
    before = post.task.dies_earliest
    post.simulator.advance(300)
    action = post.carry_out(post.heartbeat())
    assert action.status == RescueStatus.DONE
    assert action.aws_request_id == post.calls("SendTaskHeartbeat")[0]["request_id"]
    after = post.task
    assert after.dies_earliest >= before + timedelta(seconds=299)
    assert after.dies_earliest <= action.taken_at + timedelta(seconds=600)
    post.world.sync(full=True)
    assert post.task.dies_earliest == after.dies_earliest
    post.simulator.advance(500)
    post.world.sync(full=True)
    assert post.task.status == TaskStatus.WAITING


def test_a_heartbeat_counts_where_the_history_is_read_anew(post: Post) -> None:
    post.simulator.advance(300)
    post.carry_out(post.heartbeat())
    kept = post.task.dies_earliest
    execution = post.execution
    execution.tasks.all().delete()
    execution.last_event_id = 0
    execution.save()
    post.world.sync(full=True)
    assert post.task.dies_earliest == kept


def test_a_stop_is_done_when_aws_shows_the_run_aborted(post: Post) -> None:
    action = post.carry_out(post.stop(error="Ops.Stop", cause="Stuck since Monday"))
    assert action.status == RescueStatus.SENT
    action = post.settle(action)
    assert (action.status, action.outcome) == (RescueStatus.DONE, "stopped")
    described = post.simulator.execution(post.arn)
    assert (described["status"], described["error"]) == ("ABORTED", "Ops.Stop")
    assert post.execution.status == "ABORTED"
    assert post.task.status == TaskStatus.STOPPED


def test_a_redrive_is_done_when_aws_counts_it_and_the_new_attempt_shows(post: Post) -> None:
    post.failed()
    action = post.settle(post.carry_out(post.redrive()))
    assert (action.status, action.outcome) == (RescueStatus.DONE, "redriven")
    assert post.execution.status == "RUNNING"
    assert [one.status for one in post.world.tasks(post.arn)] == ["answered", "waiting"]


def test_each_step_is_audited_and_the_reason_stands_beside_the_chain(post: Post) -> None:
    post.settle(post.carry_out(post.stop()))
    kinds = list(AuditEntry.objects.order_by("chain_seq").values_list("kind", flat=True))
    assert kinds == ["stop_requested", "stop_sending", "stop_sent", "stop_done"]
    first = AuditEntry.objects.first()
    assert "It hangs." not in first.body
    assert first.personal.get(field="reason").value == "It hangs."


def test_nothing_is_sent_while_the_audit_file_cannot_be_written(
    post: Post, settings, tmp_path
) -> None:
    (tmp_path / "file").write_text("")
    settings.AUDIT_SINK_FILE = str(tmp_path / "file" / "sink.jsonl")
    action = post.carry_out(post.stop())
    assert (action.status, action.answer_code) == (RescueStatus.SENDING, "AuditUnavailable")
    assert post.calls("StopExecution") == []


# --- lost replies ------------------------------------------------------------------------------
@pytest.mark.parametrize("fault", ["cut", "html"])
def test_a_heartbeat_whose_reply_is_lost_stays_unknown_and_is_not_repeated(
    post: Post, fault: str
) -> None:
    lose(post, "SendTaskHeartbeat", fault)
    before = post.task.dies_earliest
    action = post.carry_out(post.heartbeat())
    assert action.status == RescueStatus.UNKNOWN
    post.later += LATER
    sweep(now=post.now)
    post.settle(post.carry_out(action))
    assert action.status == RescueStatus.UNKNOWN
    assert post.task.dies_earliest == before
    assert len(post.calls("SendTaskHeartbeat")) == 1


def test_a_stop_whose_reply_is_lost_is_looked_up_and_not_repeated(post: Post) -> None:
    lose(post, "StopExecution")
    action = post.carry_out(post.stop())
    assert action.status == RescueStatus.UNKNOWN
    assert post.settle(action).status == RescueStatus.DONE
    assert len(post.calls("StopExecution")) == 1


def test_a_redrive_whose_reply_is_lost_is_looked_up_and_not_repeated(post: Post) -> None:
    post.failed()
    lose(post, "RedriveExecution")
    action = post.carry_out(post.redrive())
    assert action.status == RescueStatus.UNKNOWN
    assert post.settle(action).status == RescueStatus.DONE
    assert len(post.calls("RedriveExecution")) == 1


@pytest.mark.parametrize("kind", ["stop", "redrive"])
def test_a_call_that_got_lost_on_its_way_is_made_again_after_a_look(post: Post, kind: str) -> None:
    if kind == "redrive":
        post.failed()
    operation = CALLS[kind]
    post.simulator.fault(operation, "cut")
    action = post.carry_out(getattr(post, kind)())
    assert post.settle(action).status == RescueStatus.UNKNOWN
    post.later += LATER
    action = post.settle(post.settle(action))
    post.later += LATER
    assert post.settle(action).status == RescueStatus.DONE
    calls = post.calls(operation)
    assert len(calls) == 2
    assert calls[0]["params"] == calls[1]["params"]


# --- a crash between claim and reply -----------------------------------------------------------
@pytest.mark.parametrize("kind", ["heartbeat", "stop", "redrive"])
def test_a_worker_that_dies_after_the_call_leaves_what_the_sweep_finds(
    post: Post, kind: str, monkeypatch
) -> None:
    if kind == "redrive":
        post.failed()
    action = getattr(post, kind)()
    monkeypatch.setattr("callbacks.rescue.carry_out.note_reply", die)
    with pytest.raises(SystemExit):
        post.carry_out(action)
    monkeypatch.undo()
    assert post.settle(action).status == RescueStatus.SENDING
    post.later += LATER
    hints = found_by_the_sweep(post, monkeypatch)
    assert hints == [("settle_rescue", action.pk)]
    ends = RescueStatus.UNKNOWN if kind == "heartbeat" else RescueStatus.DONE
    assert post.settle(action).status == ends


def test_a_message_that_was_lost_is_found_by_the_sweep(post: Post, monkeypatch) -> None:
    action = post.stop()
    post.later += LATER
    assert found_by_the_sweep(post, monkeypatch) == [("carry_out_rescue", action.pk)]
    assert found_by_the_sweep(post, monkeypatch) == []


def test_two_workers_with_the_same_message_make_one_call(post: Post) -> None:
    action = post.stop()
    post.carry_out(action)
    post.carry_out(action)
    assert len(post.calls("StopExecution")) == 1


# --- a connection that is switched off ---------------------------------------------------------
@pytest.mark.parametrize("kind", ["heartbeat", "stop", "redrive"])
def test_what_was_asked_for_goes_out_when_the_connection_is_on_again(post: Post, kind: str) -> None:
    if kind == "redrive":
        post.failed()
    operation = CALLS[kind]
    action = getattr(post, kind)()
    Connection.objects.update(is_enabled=False)
    post.later += LATER
    described = len(post.calls("DescribeExecution"))
    assert post.settle(post.carry_out(action)).status == RescueStatus.REQUESTED
    assert post.calls(operation) == []
    assert len(post.calls("DescribeExecution")) == described
    Connection.objects.update(is_enabled=True)
    assert post.settle(post.carry_out(action)).status == RescueStatus.DONE
    assert len(post.calls(operation)) == 1


def test_nor_is_a_call_repeated_over_one_that_was_switched_off(post: Post) -> None:
    post.simulator.fault("StopExecution", "cut")
    action = post.settle(post.carry_out(post.stop()))
    Connection.objects.update(is_enabled=False)
    post.later += LATER
    assert post.settle(action).status == RescueStatus.UNKNOWN
    assert len(post.calls("StopExecution")) == 1


@pytest.mark.parametrize("kind", ["stop", "redrive"])
def test_after_a_long_wait_a_run_that_was_redriven_meanwhile_is_left_alone(
    post: Post, kind: str
) -> None:
    if kind == "stop":
        action = post.stop()
        post.failed()
    else:
        post.failed()
        action = post.redrive()
    post.simulator.call("RedriveExecution", executionArn=post.arn)
    before = len(post.calls(CALLS[kind]))
    post.later += LATER
    action = post.carry_out(action)
    assert (action.status, action.outcome) == (RescueStatus.REFUSED, "overtaken")
    assert len(post.calls(CALLS[kind])) == before


def test_after_a_long_wait_nothing_goes_out_while_the_run_cannot_be_looked_at(post: Post) -> None:
    action = post.stop()
    post.later += LATER
    post.simulator.fault("DescribeExecution", "throttle")
    assert post.carry_out(action).status == RescueStatus.REQUESTED
    post.later += LATER
    assert post.carry_out(action).status == RescueStatus.SENT


# --- what AWS refuses --------------------------------------------------------------------------
def test_a_heartbeat_to_a_spent_token_is_not_done(post: Post) -> None:
    action = post.heartbeat()
    post.world.succeed(post.arn)
    action = post.carry_out(action)
    assert (action.status, action.outcome) == (RescueStatus.REFUSED, "task_gone")


def test_a_stop_of_a_run_that_ended_meanwhile_says_so(post: Post) -> None:
    action = post.stop()
    post.world.succeed(post.arn)
    action = post.settle(post.carry_out(action))
    assert (action.status, action.outcome) == (RescueStatus.REFUSED, "ended_first")


def test_a_run_stopped_by_somebody_else_is_not_called_ours(post: Post) -> None:
    action = post.stop(error="Ours")
    post.simulator.call("StopExecution", executionArn=post.arn, error="Theirs")
    action = post.settle(post.carry_out(action))
    assert (action.status, action.outcome) == (RescueStatus.REFUSED, "stopped_elsewhere")


def test_a_denied_stop_is_refused_with_awss_words(post: Post) -> None:
    post.simulator.fault("StopExecution", "deny")
    action = post.carry_out(post.stop())
    assert (action.status, action.outcome) == (RescueStatus.REFUSED, "access_denied")
    assert action.answer_code == "AccessDeniedException"


def test_a_throttled_call_is_tried_again_and_given_up_at_last(post: Post) -> None:
    post.simulator.fault("StopExecution", "throttle", times=99)
    action = post.stop()
    for _ in range(8):
        action = post.carry_out(action)
        post.later += LATER
    assert (action.status, action.outcome) == (RescueStatus.REFUSED, "throttled")
    post.simulator.clear_faults()


def test_a_redrive_that_aws_does_not_allow_is_refused(post: Post) -> None:
    post.failed()
    action = post.redrive()
    post.simulator.call("RedriveExecution", executionArn=post.arn)
    post.world.succeed(post.arn)
    action = post.carry_out(action)
    assert (action.status, action.outcome) == (RescueStatus.REFUSED, "not_redrivable")


def test_one_branch_of_many_is_kept_alive_and_the_others_are_not(post: Post) -> None:
    branch = machine(A=task(HeartbeatSeconds=600, TimeoutSeconds=9000))
    other = machine(B=task(HeartbeatSeconds=600, TimeoutSeconds=9000))
    both = {"Type": "Parallel", "Branches": [branch, other], "End": True}
    post.arn = post.world.start(machine(Both=both), name="branches")
    post.world.sync()
    first, second = post.world.tasks(post.arn)
    post.simulator.advance(100)
    action = post.heartbeat_of(first)
    post.carry_out(action)
    moved, still = post.world.tasks(post.arn)
    assert moved.dies_earliest > first.dies_earliest
    assert still.dies_earliest == second.dies_earliest


def lose(post: Post, operation: str, kind: str = "cut") -> None:
    """AWS does it, and its reply does not arrive whole."""
    post.simulator.fault(operation, kind, after_apply=True)


def die(**_: object) -> None:
    raise SystemExit


def found_by_the_sweep(post: Post, monkeypatch) -> list[tuple[str, object]]:
    hints: list[tuple[str, object]] = []
    monkeypatch.setattr("callbacks.rescue.sweep.hint", lambda *about: hints.append(about))
    sweep(now=post.now)
    return hints

"""A single task from its scheduling to whatever closes it."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest

from callbacks.asl.history import read_history
from tests.asl.histories import BEGAN, SQS, Script, aws_token, callback, machine


def test_a_submitted_callback_waits() -> None:
    script = Script()
    script.wait("Approve", 0, given='{"order": 7}')

    (task,) = script.read().waiting

    assert (task.state, task.kind, task.resource, task.waits) == (
        "Approve",
        "task",
        "sqs:sendMessage.waitForTaskToken",
        True,
    )
    assert (task.entered_event_id, task.scheduled_event_id, task.attempt) == (2, 3, 1)
    assert task.input == '{"order": 7}'


def test_times_come_from_their_own_events() -> None:
    script = Script()
    script.wait("Approve", 0)

    task = script.only()

    assert task.scheduled_at == BEGAN + timedelta(seconds=3)
    assert task.started_at == BEGAN + timedelta(seconds=4)
    assert task.submitted_at == BEGAN + timedelta(seconds=5)


def test_an_answer_closes_it_with_its_output() -> None:
    script = Script()
    answered = script.add("TaskSucceeded", script.wait("Approve", 0), output='{"ok": true}')

    closed = script.only().closed

    assert closed is not None
    assert (closed.event_id, closed.kind, closed.output) == (answered, "succeeded", '{"ok": true}')


def test_a_failure_without_error_and_cause_has_neither() -> None:
    script = Script()
    script.add("TaskFailed", script.wait("Approve", 0))

    closed = script.only().closed

    assert closed is not None
    assert (closed.kind, closed.error, closed.cause) == ("failed", None, None)


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        ("TaskTimedOut", "timed_out"),
        ("TaskSubmitFailed", "failed"),
        ("TaskStartFailed", "failed"),
        ("ExecutionAborted", "stopped"),
        ("ExecutionTimedOut", "execution_timed_out"),
        ("ExecutionFailed", "execution_failed"),
    ],
)
def test_each_ending_has_its_word(event: str, kind: str) -> None:
    script = Script()
    waiting = script.wait("Approve", 0)
    script.add(event, 0 if event == "ExecutionAborted" else waiting)

    closed = script.only().closed

    assert closed is not None
    assert (closed.kind, closed.event_type) == (kind, event)


def test_a_later_event_does_not_close_it_again() -> None:
    script = Script()
    answered = script.add("TaskSucceeded", script.wait("Approve", 0), output="1")
    script.add("ExecutionFailed", script.add("TaskTimedOut", answered))

    closed = script.only().closed

    assert closed is not None
    assert closed.event_id == answered


def test_a_retry_is_the_next_attempt_of_the_same_visit() -> None:
    script = Script()
    failed = script.add("TaskFailed", script.wait("Approve", 0, aws_token("one")), error="No")
    script.attempt(failed, aws_token("two"))

    first, second = script.read().tasks

    assert (first.attempt, second.attempt) == (1, 2)
    assert first.entered_event_id == second.entered_event_id
    assert first.closed is not None
    assert second.closed is None
    assert (first.token, second.token) == (aws_token("one"), aws_token("two"))


def test_an_emulator_that_keeps_its_token_for_a_retry_is_read() -> None:
    same = "62481d33-0e63-4c2c-8a44-665f8bc6b217"
    script = Script()
    failed = script.add("TaskFailed", script.attempt(script.enter("Approve", 0), same))
    script.attempt(failed, same)
    definition = machine({"Approve": callback()})

    assert [task.token for task in script.read(definition).tasks] == [same, same]


def test_a_loop_enters_anew() -> None:
    script = Script()
    answered = script.add("TaskSucceeded", script.wait("Approve", 0), output="1")
    script.wait("Approve", script.exit("Approve", answered))

    numbers = [(task.entry_number, task.attempt) for task in script.read().tasks]

    assert numbers == [(1, 1), (2, 1)]


def test_an_unknown_event_type_is_passed_over() -> None:
    script = Script()
    strange = script.add("TaskPondered", script.wait("Approve", 0))
    script.add("TaskSucceeded", strange, output="1")

    closed = script.only().closed

    assert closed is not None
    assert closed.event_type == "TaskSucceeded"


def test_an_exit_closes_what_an_unknown_event_ended() -> None:
    script = Script()
    script.exit("Approve", script.add("TaskVanished", script.wait("Approve", 0)))

    closed = script.only().closed

    assert closed is not None
    assert closed.kind == "state_exited"


def test_an_activity_waits_and_its_token_is_not_in_the_history() -> None:
    script = Script()
    entered = script.enter("Review", 0)
    arn = "arn:aws:states:eu-west-1:1:activity:review"
    script.add("ActivityScheduled", entered, resource=arn, input="{}", heartbeatInSeconds=60)

    task = script.only()

    assert (task.kind, task.resource, task.waits) == ("activity", arn, True)
    assert (task.token_state, task.heartbeat_seconds) == ("not_in_history", 60)


def test_a_sync_task_with_its_token_can_be_answered_early() -> None:
    resource = "arn:aws:states:::states:startExecution.sync"
    definition = machine({"Run": callback({"Input": {"TaskToken.$": "$$.Task.Token"}}, resource)})
    script = Script()
    script.schedule(
        script.enter("Run", 0),
        {"Input": {"TaskToken": "f8dbd7b5-c4aa-4ca9-9aef-4766f18c7ebe"}},
        resourceType="states",
        resource="startExecution.sync",
    )

    task = script.only(definition)

    assert (task.waits, task.early_answer, task.token_state) == (False, True, "found")
    assert script.read(definition).waiting == ()


def test_a_token_stands_in_no_repr() -> None:
    script = Script(input=f'{{"parent": "{aws_token("parent")}"}}')
    waiting = script.wait("Approve", 0, aws_token("own"), given=script.input)
    script.add("TaskSucceeded", waiting, output=f'"{aws_token("own")}"')

    text = repr(script.read(machine({"Approve": callback()})))

    assert "AQCEAAAA" not in text


def test_details_that_are_absent_come_from_the_definition() -> None:
    script = Script()
    scheduled = script.add("TaskScheduled", script.enter("Approve", 0))
    script.events[scheduled - 1].pop("taskScheduledEventDetails")

    task = script.only(machine({"Approve": callback()}))

    assert (task.resource, task.waits, task.token_state) == (
        SQS.rpartition(":::")[2],
        True,
        "missing",
    )


def test_times_may_be_texts() -> None:
    script = Script()
    for event in script.events:
        event["timestamp"] = "2026-11-24 02:15:14.513000+00:00"

    assert script.read().started_at == datetime(2026, 11, 24, 2, 15, 14, 513000, tzinfo=UTC)


def test_the_longest_history_is_read_in_seconds() -> None:
    definition = machine({"Approve": callback()})
    script = Script()
    previous = 0
    while len(script.events) < 24_990:
        waiting = script.wait("Approve", previous, aws_token(str(previous)))
        answered = script.add("TaskSucceeded", waiting, output="1")
        previous = script.exit("Approve", answered)

    began = time.perf_counter()
    history = read_history(events=script.events, definition=definition)

    assert len(history.tasks) > 4_000
    assert time.perf_counter() - began < 10

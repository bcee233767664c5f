"""How tasks leave the mirror, and that what ended them is named."""

from __future__ import annotations

from typing import Any

import pytest

from callbacks.models import CallbackTask
from tests.sync.world import World, machine, task


def how(row: CallbackTask) -> tuple[str, str, str]:
    return row.status, row.closed_kind, row.closed_event_type


def test_an_answer_from_elsewhere_takes_the_task_out_within_one_pass(world: World) -> None:
    arn = world.start()
    world.sync()
    world.succeed(arn, '{"Payload": {"ok": true}}')

    figures = world.sync()

    row = world.task(arn)
    assert how(row) == ("answered", "succeeded", "TaskSucceeded")
    assert (row.closed_output, figures.tasks_closed) == ('{"Payload": {"ok": true}}', 1)


def test_the_execution_ends_with_its_output_and_is_not_read_again(world: World) -> None:
    arn = world.start()
    world.sync()
    world.succeed(arn, '{"Payload": {"ok": true}}')
    world.sync()

    figures = world.sync()

    execution = world.execution(arn)
    assert (execution.status, execution.output) == ("SUCCEEDED", '{"ok":true}')
    assert (execution.read_next_at, figures.histories_read) == (None, 0)


def test_a_rejection_from_elsewhere_keeps_error_and_cause(world: World) -> None:
    arn = world.start()
    world.sync()
    world.fail(arn, error="TooLate", cause="The shop has closed.")

    world.sync()

    row = world.task(arn)
    assert how(row) == ("answered", "failed", "TaskFailed")
    assert (row.closed_error, row.closed_cause) == ("TooLate", "The shop has closed.")
    assert world.execution(arn).status == "FAILED"


def test_a_timeout_is_no_answer(world: World) -> None:
    arn = world.start(machine(Wait=task(TimeoutSeconds=60)))
    world.sync()
    world.simulator.advance(61)

    world.sync()

    assert how(world.task(arn)) == ("timed_out", "timed_out", "TaskTimedOut")


def test_the_executions_own_timeout_closes_what_waits_in_it(world: World) -> None:
    arn = world.start({**machine(Wait=task()), "TimeoutSeconds": 60})
    world.sync()
    world.simulator.advance(61)

    world.sync()

    assert world.task(arn).status == "timed_out"
    assert world.execution(arn).status == "TIMED_OUT"


def test_a_stop_closes_the_task_as_stopped(world: World) -> None:
    arn = world.start()
    world.sync()
    world.simulator.call("StopExecution", executionArn=arn, error="E", cause="because")

    world.sync()

    assert how(world.task(arn)) == ("stopped", "stopped", "ExecutionAborted")
    execution = world.execution(arn)
    assert (execution.status, execution.error, execution.cause) == ("ABORTED", "E", "because")


def test_a_failing_sibling_closes_the_others(world: World) -> None:
    branches = [machine(Left=task()), machine(Right=task())]
    arn = world.start(machine(Both={"Type": "Parallel", "Branches": branches, "End": True}))
    world.sync()
    world.simulator.call(
        "SendTaskFailure", taskToken=world.token(arn, "Left"), error="No", cause=""
    )

    world.sync()

    by_state = {row.state: row for row in world.tasks(arn)}
    assert by_state["Left"].status == "answered"
    assert by_state["Right"].status == "closed"


def test_a_failed_hand_over_is_not_called_an_answer(world: World) -> None:
    world.simulator.outcome("submit_fail", error="SQS.NoSuchQueue", state="Two", times=1)
    arn = world.start(machine(One=task(Next="Two"), Two=task()))
    world.sync()
    world.succeed(arn, "{}")

    world.sync()

    assert how(world.tasks(arn)[1]) == ("closed", "submit_failed", "TaskSubmitFailed")


def test_what_came_and_went_between_two_passes_is_mirrored_closed(world: World) -> None:
    arn = world.start(machine(One=task(Next="Two"), Two=task()))
    world.succeed(arn, "{}")

    figures = world.sync()

    assert [(row.state, row.status) for row in world.tasks(arn)] == [
        ("One", "answered"),
        ("Two", "waiting"),
    ]
    assert (figures.tasks_opened, figures.tasks_closed) == (2, 1)


def test_an_execution_that_aws_forgot_is_closed_and_says_so(world: World) -> None:
    arn = world.start()
    world.sync()
    world.simulator.reset()

    world.sync()

    assert (world.task(arn).status, world.task(arn).closed_kind) == ("closed", "forgotten")
    assert world.execution(arn).status == "FORGOTTEN"


def test_nothing_is_closed_by_the_deletion_of_its_machine_alone(world: World) -> None:
    arn = world.start()
    world.sync()
    machine_arn = world.execution(arn).state_machine.arn
    world.simulator.call("DeleteStateMachine", stateMachineArn=machine_arn)

    world.sync()
    assert world.task(arn).is_waiting

    world.succeed(arn)
    world.sync()
    assert world.task(arn).status == "answered"


@pytest.mark.parametrize("passes", [1, 3])
def test_a_closed_task_never_opens_again(world: World, passes: int) -> None:
    arn = world.start()
    world.sync()
    world.succeed(arn)
    world.sync()
    closed: list[Any] = [world.task(arn).closed_at, world.task(arn).changed_at]

    for _ in range(passes):
        world.sync(full=True)

    assert [world.task(arn).closed_at, world.task(arn).changed_at] == closed

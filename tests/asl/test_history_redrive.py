"""A redriven execution: its second life hangs on the first in more than one way."""

from __future__ import annotations

import pytest

from callbacks.asl.history import HistoryError
from tests.asl.histories import BEGAN, Script, aws_token, closings


def _failed() -> tuple[Script, int]:
    script = Script()
    failed = script.add("TaskFailed", script.wait("Approve", 0, aws_token("one")), error="No")
    script.add("ExecutionFailed", failed, error="No")
    return script, failed


def test_an_ended_execution_that_is_redriven_has_not_ended() -> None:
    script, _ = _failed()
    assert script.read().ended is not None

    script.add("ExecutionRedriven", len(script.events), redriveCount=1)

    history = script.read()
    assert (history.ended, history.redrive_count) == (None, 1)


def test_the_machines_timeout_counts_anew_from_the_redrive() -> None:
    script, _ = _failed()
    number = script.add("ExecutionRedriven", len(script.events))

    history = script.read()

    assert (history.counting_since - BEGAN).seconds == number
    assert (history.started_at - BEGAN).seconds == 1


def test_a_task_that_hangs_on_its_old_failure_keeps_its_visit() -> None:
    script, failed = _failed()
    script.add("ExecutionRedriven", len(script.events))
    script.attempt(failed, aws_token("two"))

    first, second = script.read().tasks

    assert first.closed is not None
    assert first.closed.kind == "failed"
    assert (second.redrive_count, second.attempt, second.entry_number) == (1, 1, 1)
    assert second.token == aws_token("two")


def test_a_task_that_hangs_on_the_redrive_is_the_one_that_it_can_only_be() -> None:
    script, _ = _failed()
    script.attempt(script.add("ExecutionRedriven", len(script.events)))

    task = script.read().tasks[1]

    assert (task.state, task.entry_number) == ("Approve", 1)


def test_which_of_two_was_redriven_is_not_guessed() -> None:
    script = Script()
    started = script.parallel_start("Both", 0)
    script.wait("Left", started)
    script.wait("Right", started)
    script.add("ExecutionAborted", 0)
    script.attempt(script.add("ExecutionRedriven", len(script.events)))

    with pytest.raises(HistoryError, match="does not say which state"):
        script.read()


def test_a_state_entered_again_joins_the_visit_that_was_cut_short() -> None:
    script, _ = _failed()
    redriven = script.add("ExecutionRedriven", len(script.events))
    script.wait("Approve", redriven)

    assert [task.entry_number for task in script.read().tasks] == [1, 1]


def test_a_loop_after_a_redrive_is_a_new_entry() -> None:
    script, failed = _failed()
    script.add("ExecutionRedriven", len(script.events))
    answered = script.add("TaskSucceeded", script.attempt(failed), output="1")
    script.wait("Approve", script.exit("Approve", answered))

    assert [task.entry_number for task in script.read().tasks] == [1, 1, 2]


def test_only_the_failed_iteration_is_open_again() -> None:
    script = Script()
    start = script.map_start("Photos", 0, 2)
    first = script.wait("Review", script.iteration("Started", start, "Photos", 0))
    script.wait("Review", script.iteration("Started", start, "Photos", 1))
    failed = script.add("TaskFailed", first)
    script.iteration("Failed", failed, "Photos", 0)
    script.iteration("Aborted", failed, "Photos", 1)
    script.add("ExecutionFailed", script.add("MapStateFailed", failed))
    script.add("ExecutionRedriven", len(script.events))
    script.attempt(failed)

    (task,) = script.read().waiting

    assert (task.iteration, task.redrive_count) == ("Photos[0]", 1)


def test_a_second_end_closes_what_the_redrive_opened() -> None:
    script = Script()
    start = script.map_start("Photos", 0, 1)
    failed = script.add(
        "TaskFailed", script.wait("Review", script.iteration("Started", start, "Photos", 0))
    )
    script.iteration("Failed", failed, "Photos", 0)
    script.add("ExecutionFailed", script.add("MapStateFailed", failed))
    script.add("ExecutionRedriven", len(script.events))
    script.attempt(failed)
    script.add("ExecutionAborted", 0)

    assert closings(script.read()) == {"Review Photos[0]": "stopped"}


def test_a_redrive_closes_what_no_event_had_closed() -> None:
    script = Script()
    waiting = script.wait("Approve", 0)
    script.add("ExecutionRedriven", waiting)

    assert closings(script.read()) == {"Approve": "redriven"}

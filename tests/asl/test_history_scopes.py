"""What a Map or Parallel around a task does to it."""

from __future__ import annotations

from typing import Any

from callbacks.asl.definition import Definition
from tests.asl.histories import Script, callback, closings, machine


def _nested(inner_retry: bool = False, outer_retry: bool = False) -> Definition:
    retry = [{"ErrorEquals": ["States.ALL"]}]
    inner: dict[str, Any] = {"Type": "Parallel", "End": True, "Branches": [
        {"StartAt": "Left", "States": {"Left": callback()}},
        {"StartAt": "Right", "States": {"Right": callback()}},
    ]}  # fmt: skip
    outer: dict[str, Any] = {"Type": "Parallel", "End": True, "Branches": [
        {"StartAt": "Inner", "States": {"Inner": inner}},
        {"StartAt": "Beside", "States": {"Beside": callback()}},
    ]}  # fmt: skip
    if inner_retry:
        inner["Retry"] = retry
    if outer_retry:
        outer["Retry"] = retry
    return machine({"Outer": outer})


def test_branches_wait_side_by_side() -> None:
    script = Script()
    started = script.parallel_start("Both", 0)
    script.wait("Left", started)
    script.wait("Right", started)

    assert closings(script.read()) == {"Left": None, "Right": None}


def test_a_failing_branch_closes_its_siblings() -> None:
    script = Script()
    started = script.parallel_start("Both", 0)
    failed = script.add("TaskFailed", script.wait("Left", started), error="No")
    right = script.wait("Right", started)
    script.add("TaskStateAborted", failed)
    assert closings(script.read())["Right"] is None, "it names no task, so it closes none"

    script.add("ParallelStateFailed", failed)

    assert closings(script.read()) == {"Left": "failed", "Right": "sibling_failed"}
    assert right


def test_an_aborted_container_names_no_one_and_closes_nothing() -> None:
    script = Script()
    started = script.parallel_start("Both", 0)
    failed = script.add("TaskFailed", script.wait("Left", started))
    script.wait("Right", started)
    script.add("ParallelStateAborted", failed)

    assert closings(script.read())["Right"] is None


def test_an_iteration_is_told_by_its_own_start_and_not_by_its_link() -> None:
    # With MaxConcurrency 1 the second iteration hangs on the last event of the first.
    script = Script()
    start = script.map_start("Photos", 0, 2)
    first = script.iteration("Started", start, "Photos", 0)
    answered = script.add("TaskSucceeded", script.wait("Review", first), output="1")
    left = script.exit("Review", answered)
    script.iteration("Succeeded", left, "Photos", 0)
    script.wait("Review", script.iteration("Started", left, "Photos", 1))

    assert closings(script.read()) == {"Review Photos[0]": "succeeded", "Review Photos[1]": None}


def test_nested_maps_give_a_path() -> None:
    script = Script()
    outer = script.iteration("Started", script.map_start("Albums", 0, 1), "Albums", 3)
    inner = script.iteration("Started", script.map_start("Photos", outer, 1), "Photos", 2)
    script.wait("Review", inner)

    assert script.only().iteration == "Albums[3]/Photos[2]"


def test_the_same_index_in_two_outer_iterations_is_two_places() -> None:
    script = Script()
    start = script.map_start("Albums", 0, 2)
    for index in (0, 1):
        outer = script.iteration("Started", start, "Albums", index)
        inner = script.iteration("Started", script.map_start("Photos", outer, 1), "Photos", 0)
        script.wait("Review", inner)

    numbers = {(task.iteration, task.entry_number) for task in script.read().tasks}

    assert numbers == {("Albums[0]/Photos[0]", 1), ("Albums[1]/Photos[0]", 1)}


def test_a_failed_iteration_closes_only_its_own_tasks() -> None:
    script = Script()
    start = script.map_start("Photos", 0, 2)
    first = script.iteration("Started", start, "Photos", 0)
    both = script.parallel_start("Both", first)
    failed = script.add("TaskTimedOut", script.wait("Left", both), error="States.Timeout")
    script.wait("Right", both)
    script.wait("Right", script.iteration("Started", start, "Photos", 1))
    script.iteration("Failed", failed, "Photos", 0)

    assert closings(script.read()) == {
        "Left Photos[0]": "timed_out",
        "Right Photos[0]": "sibling_failed",
        "Right Photos[1]": None,
    }


def test_an_aborted_iteration_was_closed_by_its_sibling() -> None:
    script = Script()
    start = script.map_start("Photos", 0, 2)
    failed = script.add(
        "TaskFailed", script.wait("Review", script.iteration("Started", start, "Photos", 0))
    )
    script.wait("Review", script.iteration("Started", start, "Photos", 1))
    script.iteration("Failed", failed, "Photos", 0)
    aborted = script.iteration("Aborted", failed, "Photos", 1)

    closed = script.read().tasks[1].closed

    assert closed is not None
    assert (closed.event_id, closed.kind) == (aborted, "sibling_failed")


def test_an_aborted_iteration_of_a_stopped_execution_was_stopped() -> None:
    script = Script()
    start = script.map_start("Photos", 0, 1)
    waiting = script.wait("Review", script.iteration("Started", start, "Photos", 0))
    script.iteration("Aborted", waiting, "Photos", 0)

    assert closings(script.read()) == {"Review Photos[0]": "stopped"}


def test_a_container_retry_is_only_a_second_start() -> None:
    script = Script()
    started = script.parallel_start("Both", 0)
    failed = script.add("TaskFailed", script.wait("Left", started))
    script.wait("Right", started)
    again = script.add("ParallelStateStarted", failed)
    script.wait("Left", again)

    tasks = script.read().tasks

    assert [task.closed.kind if task.closed else None for task in tasks] == [
        "failed",
        "container_retried",
        None,
    ]
    assert tasks[2].entry_number == 2, "the state was entered anew"


def test_a_nested_retry_belongs_to_the_container_that_has_one() -> None:
    script = Script()
    outer = script.parallel_start("Outer", 0)
    script.wait("Beside", outer)
    inner = script.parallel_start("Inner", outer)
    failed = script.add("TaskFailed", script.wait("Left", inner))
    script.add("ParallelStateStarted", failed)

    assert closings(script.read(_nested(inner_retry=True)))["Beside"] is None
    assert closings(script.read(_nested(outer_retry=True)))["Beside"] == "container_retried"


def test_an_inner_map_that_could_not_begin_is_not_taken_for_a_retry() -> None:
    # The inner Map fails before its start, and it is the outer one that has a Retry.
    processor = {"StartAt": "Review", "States": {"Review": callback()}}
    inner = {"Type": "Map", "ItemProcessor": processor, "End": True}
    outer = {
        "Type": "Map",
        "ItemProcessor": {"StartAt": "Photos", "States": {"Photos": inner}},
        "Retry": [{"ErrorEquals": ["States.ALL"]}],
        "End": True,
    }
    script = Script()
    start = script.map_start("Albums", 0, 2)
    first = script.iteration("Started", start, "Albums", 0)
    photos = script.map_start("Photos", first, 1)
    script.wait("Review", script.iteration("Started", photos, "Photos", 0))
    second = script.iteration("Started", start, "Albums", 1)
    script.enter("Photos", second, "Map")
    evaluated = script.add("EvaluationFailed", second, state="Photos")
    script.add("MapStateStarted", evaluated, length=2)

    assert closings(script.read(machine({"Albums": outer}))) == {
        "Review Albums[0]/Photos[0]": "container_retried"
    }


def test_a_nested_failure_closes_the_inner_one_first() -> None:
    script = Script()
    outer = script.parallel_start("Outer", 0)
    script.wait("Beside", outer)
    inner = script.parallel_start("Inner", outer)
    failed = script.add("TaskFailed", script.wait("Left", inner))
    script.wait("Right", inner)
    first = script.add("ParallelStateFailed", failed)
    assert closings(script.read()) == {
        "Beside": None,
        "Left": "failed",
        "Right": "sibling_failed",
    }

    script.add("ParallelStateFailed", first)

    assert closings(script.read())["Beside"] == "sibling_failed"


def test_a_caught_inner_failure_leaves_the_outer_branch_waiting() -> None:
    script = Script()
    outer = script.parallel_start("Outer", 0)
    script.wait("Beside", outer)
    inner = script.parallel_start("Inner", outer)
    failed = script.add("TaskFailed", script.wait("Left", inner))
    gone = script.add("ParallelStateFailed", failed)
    left = script.exit("Inner", gone, "Parallel")
    script.wait("Repair", left)

    assert closings(script.read()) == {"Beside": None, "Left": "failed", "Repair": None}


def test_a_map_exit_that_hangs_on_a_leaf_still_ends_the_map() -> None:
    script = Script()
    start = script.map_start("Photos", 0, 1)
    begun = script.iteration("Started", start, "Photos", 0)
    answered = script.add("TaskSucceeded", script.wait("Review", begun), output="1")
    left = script.exit("Review", answered)
    script.iteration("Succeeded", left, "Photos", 0)
    script.add("MapStateSucceeded", left)
    script.wait("After", script.exit("Photos", left, "Map"))

    assert closings(script.read()) == {"Review Photos[0]": "succeeded", "After": None}


def test_an_evaluation_failure_belongs_to_the_state_that_it_names() -> None:
    # Its link points before the entry of the Map whose items it could not make.
    script = Script()
    start = script.map_start("Photos", 0, 2)
    script.wait("Review", script.iteration("Started", start, "Photos", 0))
    evaluated = script.add("EvaluationFailed", 0, state="Photos", error="States.QueryEvaluation")
    script.add("MapStateFailed", evaluated)

    assert closings(script.read()) == {"Review Photos[0]": "sibling_failed"}


# --- variables ----------------------------------------------------------------------------------
def test_a_state_reads_what_was_assigned_before_it_and_around_it() -> None:
    script = Script()
    begun = script.enter("Begin", 0, "Pass")
    assigned = script.exit("Begin", begun, "Pass", assignedVariables={"limit": "5", "who": '"ana"'})
    script.wait("Review", assigned)
    assert dict(script.only().variables) == {"limit": "5", "who": '"ana"'}


def test_what_a_branch_assigns_stays_in_it() -> None:
    script = Script()
    begun = script.enter("Begin", 0, "Pass")
    before = script.exit("Begin", begun, "Pass", assignedVariables={"x": "1"})
    started = script.parallel_start("Both", before)
    left = script.enter("Set", started, "Pass")
    set_left = script.exit("Set", left, "Pass", assignedVariables={"x": "2"})
    script.wait("Left", set_left)
    script.wait("Right", started)

    found = {task.state: dict(task.variables) for task in script.read().tasks}
    assert found == {"Left": {"x": "2"}, "Right": {"x": "1"}}


def test_what_the_task_itself_assigns_comes_after_it() -> None:
    script = Script()
    answered = script.add("TaskSucceeded", script.wait("Review", 0), output="1")
    left = script.exit("Review", answered, assignedVariables={"said": "1"})
    script.wait("Again", left)
    first, second = script.read().tasks
    assert (dict(first.variables), dict(second.variables)) == ({}, {"said": "1"})

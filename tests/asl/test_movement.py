"""Whether a history can still grow by itself."""

from __future__ import annotations

from tests.asl.histories import Script, callback, machine

_BOTH = machine(
    {
        "Both": {
            "Type": "Parallel",
            "End": True,
            "Branches": [
                {"StartAt": "Left", "States": {"Left": callback()}},
                {"StartAt": "Right", "States": {"Right": callback()}},
            ],
        }
    }
)


def test_an_execution_that_only_waits_stands_still() -> None:
    script = Script()
    script.wait("Approve", 0)

    assert script.read().is_moving is False


def test_an_execution_that_has_ended_stands_still() -> None:
    script = Script()
    script.add("ExecutionAborted", 0)

    assert script.read().is_moving is False


def test_a_task_that_is_not_submitted_yet_moves() -> None:
    script = Script()
    script.add("TaskStarted", script.schedule(script.enter("Approve", 0)))

    assert script.read().is_moving is True


def test_an_activity_stands_still_until_a_worker_comes() -> None:
    script = Script()
    script.add("ActivityScheduled", script.enter("Review", 0), resource="arn", input="{}")

    assert script.read().is_moving is False


def test_a_task_between_two_attempts_moves() -> None:
    script = Script()
    script.add("TaskFailed", script.wait("Approve", 0))

    assert script.read().is_moving is True


def test_one_branch_at_work_moves_the_whole() -> None:
    script = Script()
    started = script.parallel_start("Both", 0)
    script.wait("Left", started)
    script.enter("Right", started, "Pass")

    assert script.read().is_moving is True


def test_a_branch_that_is_through_stands_still() -> None:
    script = Script()
    started = script.parallel_start("Both", 0)
    script.wait("Left", started)
    answered = script.add("TaskSucceeded", script.wait("Right", started), output="1")
    script.exit("Right", answered)

    assert script.read(_BOTH).is_moving is False
    assert script.read().is_moving is True, "without a definition its end cannot be told"


def test_branches_that_have_not_begun_move() -> None:
    script = Script()
    script.wait("Left", script.parallel_start("Both", 0))

    assert script.read(_BOTH).is_moving is True


def test_a_map_that_is_full_stands_still() -> None:
    processor = {"StartAt": "Review", "States": {"Review": callback()}}
    photos = {"Type": "Map", "ItemProcessor": processor, "End": True}
    script = Script()
    start = script.map_start("Photos", 0, 3)
    script.wait("Review", script.iteration("Started", start, "Photos", 0))

    assert script.read(machine({"Photos": photos})).is_moving is True
    assert script.read(machine({"Photos": {**photos, "MaxConcurrency": 1}})).is_moving is False


def test_a_distributed_map_moves() -> None:
    script = Script()
    script.add("MapRunStarted", script.map_start("Files", 0, 0), mapRunArn="arn:run")

    assert script.read().is_moving is True

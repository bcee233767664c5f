"""Parallel and inline Map: several tokens in one execution, and what one failure does."""

from __future__ import annotations

import json
from collections.abc import Callable

from tests.simulator.control import Control
from tests.test_simulator.conftest import chain, refusal, types
from tests.test_simulator.definitions import both, machine, passing, photos, waiting

Run = Callable[..., str]
THREE = {"photos": ["a", "b", "c"]}


def _answer_all(simulator: Control, execution: str) -> None:
    for number, task in enumerate(simulator.tokens(execution)):
        simulator.call("SendTaskSuccess", taskToken=task["token"], output=str(number))


def test_a_map_waits_once_for_each_item(simulator: Control, run: Run) -> None:
    execution = run(photos(), THREE)
    tasks = simulator.tokens(execution)
    assert len({task["token"] for task in tasks}) == 3
    assert chain(simulator.history(execution))[2:6] == [
        (3, 2, "MapStateStarted"),
        (4, 3, "MapIterationStarted"),
        (5, 3, "MapIterationStarted"),
        (6, 3, "MapIterationStarted"),
    ]


def test_a_map_s_result_is_in_the_order_of_its_items(simulator: Control, run: Run) -> None:
    execution = run(photos(), THREE)
    for number, task in reversed(list(enumerate(simulator.tokens(execution)))):
        simulator.call("SendTaskSuccess", taskToken=task["token"], output=str(number))
    assert json.loads(simulator.execution(execution)["output"]) == [0, 1, 2]


def test_with_a_concurrency_of_one_the_next_iteration_hangs_on_the_last_exit(
    simulator: Control, run: Run
) -> None:
    execution = run(photos(MaxConcurrency=1), THREE)
    assert len(simulator.tokens(execution)) == 1
    _answer_all(simulator, execution)
    assert chain(simulator.history(execution))[8:12] == [
        (9, 8, "TaskSucceeded"),
        (10, 9, "TaskStateExited"),
        (11, 10, "MapIterationSucceeded"),
        (12, 10, "MapIterationStarted"),
    ]


def test_a_selector_sees_the_item_and_its_index(simulator: Control, run: Run) -> None:
    selector = {"photo.$": "$$.Map.Item.Value", "at.$": "$$.Map.Item.Index", "all.$": "$.photos"}
    body = {"ProcessorConfig": {"Mode": "INLINE"}, **machine(Keep=passing())}
    execution = run(photos(ItemSelector=selector, ItemProcessor=body), {"photos": ["a"]})
    kept = json.loads(simulator.execution(execution)["output"])
    assert kept == [{"photo": "a", "at": 0, "all": ["a"]}]


def test_an_empty_map_succeeds_at_once(simulator: Control, run: Run) -> None:
    execution = run(photos(), {"photos": []})
    assert simulator.execution(execution)["output"] == "[]"


def test_one_failed_iteration_voids_the_tokens_of_its_siblings(
    simulator: Control, run: Run
) -> None:
    execution = run(photos(), THREE)
    first, second, _ = (task["token"] for task in simulator.tokens(execution))
    simulator.call("SendTaskFailure", taskToken=first, error="Blurred")
    error = refusal(simulator.call, "SendTaskSuccess", taskToken=second, output="1")
    assert error.code == "TaskTimedOut"


def test_all_closing_events_point_to_the_failing_leaf(simulator: Control, run: Run) -> None:
    execution = run(photos(), THREE)
    token = simulator.tokens(execution)[1]["token"]
    simulator.call("SendTaskFailure", taskToken=token, error="Blurred")
    closing = chain(simulator.history(execution))[18:]
    leaf = 19
    assert closing == [
        (19, 17, "TaskFailed"),
        (20, leaf, "MapIterationAborted"),
        (21, leaf, "TaskStateAborted"),
        (22, leaf, "MapIterationFailed"),
        (23, leaf, "TaskStateAborted"),
        (24, leaf, "MapIterationAborted"),
        (25, leaf, "TaskStateAborted"),
        (26, leaf, "MapStateFailed"),
        (27, 26, "ExecutionFailed"),
    ]


def test_branches_start_from_the_parallel_and_wait_side_by_side(
    simulator: Control, run: Run
) -> None:
    execution = run(both())
    history = chain(simulator.history(execution))
    assert [row for row in history if row[2] == "TaskStateEntered"] == [
        (4, 3, "TaskStateEntered"),
        (6, 3, "TaskStateEntered"),
    ]
    assert {task["state"] for task in simulator.tokens(execution)} == {"Left", "Right"}


def test_a_parallel_s_output_is_the_list_of_its_branches(simulator: Control, run: Run) -> None:
    execution = run(both(ResultSelector={"left.$": "$[0]"}))
    _answer_all(simulator, execution)
    assert json.loads(simulator.execution(execution)["output"]) == {"left": 0}


def test_while_a_failed_parallel_backs_off_its_siblings_are_void_without_a_failed_event(
    simulator: Control, run: Run
) -> None:
    execution = run(both(Retry=[{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 10}]))
    left, right = (task["token"] for task in simulator.tokens(execution))
    simulator.call("SendTaskFailure", taskToken=left)
    assert refusal(simulator.call, "SendTaskHeartbeat", taskToken=right).code == "TaskTimedOut"
    assert "ParallelStateFailed" not in types(simulator.history(execution))


def test_a_container_tried_again_starts_on_the_failing_leaf(simulator: Control, run: Run) -> None:
    execution = run(both(Retry=[{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 10}]))
    token = simulator.tokens(execution)[0]["token"]
    simulator.call("SendTaskFailure", taskToken=token)
    simulator.advance(10)
    history = chain(simulator.history(execution))
    leaf = next(row[0] for row in history if row[2] == "TaskFailed")
    starts = [row for row in history if row[2] == "ParallelStateStarted"]
    assert starts[1][1] == leaf
    assert len(simulator.tokens(execution)) == 2


def test_a_failure_deep_inside_aborts_what_waits_beside_it(simulator: Control, run: Run) -> None:
    inner = {"Type": "Map", "ItemProcessor": machine(Deep=waiting()), "End": True}
    branches = [machine(Left=waiting()), machine(Inner=inner)]
    execution = run(machine(Both={"Type": "Parallel", "Branches": branches, "End": True}), [1, 2])
    left = next(t["token"] for t in simulator.tokens(execution) if t["state"] == "Left")
    simulator.call("SendTaskFailure", taskToken=left)
    assert types(simulator.history(execution))[-8:] == [
        "TaskStateAborted",
        "MapIterationAborted",
        "TaskStateAborted",
        "MapIterationAborted",
        "TaskStateAborted",
        "MapStateAborted",
        "ParallelStateFailed",
        "ExecutionFailed",
    ]


def test_variables_of_an_iteration_stay_inside(simulator: Control, run: Run) -> None:
    body = machine(Inner=passing(Assign={"seen.$": "$outer"}))
    execution = run(
        machine(
            First={"Type": "Pass", "Assign": {"outer": 7}, "Next": "Each"},
            Each={"Type": "Map", "ItemProcessor": body, "Next": "Last"},
            Last=passing(Parameters={"seen.$": "$seen"}),
        ),
        [1],
    )
    exited = next(
        event["stateExitedEventDetails"]
        for event in simulator.history(execution)
        if event.get("stateExitedEventDetails", {}).get("name") == "Inner"
    )
    assert exited["assignedVariables"] == {"seen": "7"}
    assert simulator.execution(execution)["error"] == "States.Runtime"

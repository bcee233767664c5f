"""Distributed Map: the parent's history, and children that are executions of their own."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.simulator.control import Control
from tests.test_simulator.conftest import chain, refusal, types
from tests.test_simulator.definitions import machine, passing, spread, waiting

Run = Callable[..., str]
PHOTOS = {"photos": ["a", "b", "c"]}


def _run_arn(simulator: Control, execution: str) -> str:
    runs = simulator.call("ListMapRuns", executionArn=execution)["mapRuns"]
    return str(runs[0]["mapRunArn"])


def _children(simulator: Control, execution: str, **fields: Any) -> list[Any]:
    """The children as listed, the oldest first."""
    run = _run_arn(simulator, execution)
    return list(simulator.call("ListExecutions", mapRunArn=run, **fields)["executions"])[::-1]


def _answer(simulator: Control, child: Any, output: Any) -> None:
    token = simulator.tokens(child["executionArn"])[0]["token"]
    simulator.call("SendTaskSuccess", taskToken=token, output=json.dumps(output))


def _fail(simulator: Control, child: Any) -> None:
    token = simulator.tokens(child["executionArn"])[0]["token"]
    simulator.call("SendTaskFailure", taskToken=token, error="Bad")


def _counts(simulator: Control, execution: str, key: str = "executionCounts") -> dict[str, int]:
    described = simulator.call("DescribeMapRun", mapRunArn=_run_arn(simulator, execution))
    return {name: count for name, count in described[key].items() if count}


def test_the_parent_says_only_that_a_map_run_started(simulator: Control, run: Run) -> None:
    execution = run(spread(), PHOTOS)
    events = simulator.history(execution)
    assert chain(events)[1:] == [
        (2, 0, "MapStateEntered"),
        (3, 2, "MapStateStarted"),
        (4, 3, "MapRunStarted"),
    ]
    assert events[2]["mapStateStartedEventDetails"] == {"length": 3}
    arn = events[3]["mapRunStartedEventDetails"]["mapRunArn"]
    assert arn.startswith("arn:aws:states:eu-west-1:123456789012:mapRun:workflow/each:")
    assert simulator.tokens(execution) == []


def test_each_item_is_an_execution_of_its_own(simulator: Control, run: Run) -> None:
    execution = run(spread(), PHOTOS)
    first = _children(simulator, execution)[0]
    assert first["stateMachineArn"].endswith(":stateMachine:workflow/each")
    assert ":execution:workflow/each:" in first["executionArn"]
    described = simulator.call("DescribeExecution", executionArn=first["executionArn"])
    assert described["mapRunArn"] == first["mapRunArn"] == _run_arn(simulator, execution)
    assert described["input"] == '"a"'
    events = simulator.call("GetExecutionHistory", executionArn=first["executionArn"])["events"]
    assert chain(events) == [
        (1, 0, "ExecutionStarted"),
        (2, 0, "TaskStateEntered"),
        (3, 2, "TaskScheduled"),
        (4, 3, "TaskStarted"),
        (5, 4, "TaskSubmitted"),
    ]


def test_children_are_not_listed_with_the_machine(simulator: Control, run: Run) -> None:
    execution = run(spread(), PHOTOS)
    arn = simulator.execution(execution)["stateMachineArn"]
    listed = simulator.call("ListExecutions", stateMachineArn=arn)["executions"]
    assert [row["executionArn"] for row in listed] == [execution]
    assert "mapRunArn" not in listed[0]
    names = [row["name"] for row in simulator.call("ListStateMachines")["stateMachines"]]
    assert names == ["workflow"]


def test_the_answers_come_together_in_the_order_of_the_items(simulator: Control, run: Run) -> None:
    execution = run(spread(), PHOTOS)
    for child, output in zip(_children(simulator, execution)[::-1], "zyx", strict=True):
        _answer(simulator, child, output)
    assert json.loads(simulator.execution(execution)["output"]) == ["x", "y", "z"]
    assert chain(simulator.history(execution))[3:] == [
        (4, 3, "MapRunStarted"),
        (5, 4, "MapRunSucceeded"),
        (6, 5, "MapStateSucceeded"),
        (7, 4, "MapStateExited"),
        (8, 7, "ExecutionSucceeded"),
    ]


def test_a_map_without_items_succeeds(simulator: Control, run: Run) -> None:
    execution = run(spread(), {"photos": []})
    assert simulator.execution(execution)["output"] == "[]"
    assert "MapRunSucceeded" in types(simulator.history(execution))


def test_the_map_runs_definition_is_the_item_processor(simulator: Control, run: Run) -> None:
    child = _children(simulator, run(spread(), PHOTOS))[0]
    kept = simulator.call("DescribeStateMachineForExecution", executionArn=child["executionArn"])
    assert json.loads(kept["definition"])["StartAt"] == "Review"
    assert (kept["label"], kept["mapRunArn"]) == ("each", child["mapRunArn"])


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"mapRunArn": "RUN", "stateMachineArn": "MACHINE"},
        {"stateMachineArn": "MACHINE", "statusFilter": "PENDING_REDRIVE"},
    ],
)
def test_a_list_is_of_a_machine_or_of_a_map_run(
    simulator: Control, run: Run, given: dict[str, str]
) -> None:
    execution = run(spread(), PHOTOS)
    arns = {
        "RUN": _run_arn(simulator, execution),
        "MACHINE": simulator.execution(execution)["stateMachineArn"],
    }
    params = {key: arns.get(value, value) for key, value in given.items()}
    assert refusal(simulator.call, "ListExecutions", **params).code == "ValidationException"


def test_an_unknown_map_run_is_not_found(simulator: Control, run: Run) -> None:
    arn = _run_arn(simulator, run(spread(), PHOTOS)) + "0"
    for operation in ("ListExecutions", "DescribeMapRun"):
        assert refusal(simulator.call, operation, mapRunArn=arn).code == "ResourceNotFound"
    odd = refusal(simulator.call, "DescribeMapRun", mapRunArn="arn:aws:states:a:1:x:y")
    assert odd.code == "InvalidArn"


def test_an_sdk_reads_all_of_it(simulator: Control, client: Any, run: Run) -> None:
    execution = run(spread(ToleratedFailurePercentage=12.5), PHOTOS)
    arn = client.list_map_runs(executionArn=execution)["mapRuns"][0]["mapRunArn"]
    described = client.describe_map_run(mapRunArn=arn)
    assert described["startDate"].year == 2026
    assert described["toleratedFailurePercentage"] == 12.5
    assert described["itemCounts"]["running"] == 3
    child = client.list_executions(mapRunArn=arn)["executions"][0]["executionArn"]
    assert client.describe_execution(executionArn=child)["mapRunArn"] == arn
    _fail(simulator, {"executionArn": child})
    client.redrive_execution(executionArn=execution)
    events = client.get_execution_history(executionArn=execution)["events"]
    assert events[-1]["mapRunRedrivenEventDetails"] == {"mapRunArn": arn, "redriveCount": 1}


def test_no_more_run_at_once_than_the_definition_allows(simulator: Control, run: Run) -> None:
    execution = run(spread(MaxConcurrency=2), PHOTOS)
    children = _children(simulator, execution)
    assert _counts(simulator, execution) == {"running": 2, "pending": 1, "total": 3}
    _answer(simulator, children[1], 1)
    assert _counts(simulator, execution) == {"running": 2, "succeeded": 1, "total": 3}


def test_the_first_failure_fails_the_map_run(simulator: Control, run: Run) -> None:
    execution = run(spread(), PHOTOS)
    children = _children(simulator, execution)
    token = simulator.tokens(children[2]["executionArn"])[0]["token"]
    _fail(simulator, children[1])
    events = simulator.history(execution)
    assert chain(events)[4:] == [
        (5, 4, "MapRunFailed"),
        (6, 5, "MapStateFailed"),
        (7, 6, "ExecutionFailed"),
    ]
    assert events[4]["mapRunFailedEventDetails"] == {
        "error": "States.ExceedToleratedFailureThreshold",
        "cause": "The specified tolerated failure threshold was exceeded",
    }
    statuses = [row["status"] for row in _children(simulator, execution)]
    assert sorted(statuses) == ["ABORTED", "ABORTED", "FAILED"]
    late = refusal(simulator.call, "SendTaskSuccess", taskToken=token, output="1")
    assert late.code == "TaskTimedOut"


@pytest.mark.parametrize(
    ("tolerated", "status"),
    [
        ({"ToleratedFailureCount": 1}, "SUCCEEDED"),
        ({"ToleratedFailureCount": 0}, "FAILED"),
        ({"ToleratedFailurePercentage": 34}, "SUCCEEDED"),
        ({"ToleratedFailurePercentage": 33}, "FAILED"),
        ({"ToleratedFailurePercentage": 100, "ToleratedFailureCount": 0}, "FAILED"),
        ({"ToleratedFailureCountPath": "$.allowed"}, "SUCCEEDED"),
    ],
)
def test_some_failures_can_be_tolerated(
    simulator: Control, run: Run, tolerated: dict[str, Any], status: str
) -> None:
    execution = run(spread(**tolerated), {**PHOTOS, "allowed": 1})
    first, second, third = _children(simulator, execution)
    _fail(simulator, first)
    if simulator.execution(execution)["status"] == "RUNNING":
        _answer(simulator, second, 2)
        _answer(simulator, third, 3)
    ended = simulator.execution(execution)
    assert ended["status"] == status
    assert json.loads(ended.get("output", "[2,3]")) == [2, 3]


def test_a_share_is_exceeded_only_above_it(simulator: Control, run: Run) -> None:
    execution = run(spread(ToleratedFailurePercentage=50), {"photos": ["a", "b"]})
    first, second = _children(simulator, execution)
    _fail(simulator, first)
    assert simulator.execution(execution)["status"] == "RUNNING"
    _fail(simulator, second)
    assert simulator.execution(execution)["status"] == "FAILED"


def test_items_go_together_in_batches(simulator: Control, run: Run) -> None:
    batcher = {"MaxItemsPerBatch": 2, "BatchInput": {"all.$": "$.photos"}}
    execution = run(spread(ItemBatcher=batcher), PHOTOS)
    children = _children(simulator, execution)
    assert [child["itemCount"] for child in children] == [2, 1]
    first = simulator.execution(children[0]["executionArn"])
    expected = {"BatchInput": {"all": ["a", "b", "c"]}, "Items": ["a", "b"]}
    assert json.loads(first["input"]) == expected
    _answer(simulator, children[0], 1)
    assert _counts(simulator, execution, "itemCounts") == {"running": 1, "succeeded": 2, "total": 3}
    assert _counts(simulator, execution) == {"running": 1, "succeeded": 1, "total": 2}


def test_a_batch_is_no_larger_than_its_bytes(simulator: Control, run: Run) -> None:
    execution = run(spread(ItemBatcher={"MaxInputBytesPerBatch": 20}), PHOTOS)
    assert [child["itemCount"] for child in _children(simulator, execution)] == [2, 1]


def test_without_a_batcher_each_child_has_one_item(simulator: Control, run: Run) -> None:
    execution = run(spread(), PHOTOS)
    assert {child["itemCount"] for child in _children(simulator, execution)} == {1}
    arn = simulator.execution(execution)["stateMachineArn"]
    assert "itemCount" not in simulator.call("ListExecutions", stateMachineArn=arn)["executions"][0]


def test_a_stopped_parent_takes_its_children_along(simulator: Control, run: Run) -> None:
    execution = run(spread(MaxConcurrency=2), PHOTOS)
    token = simulator.tokens(_children(simulator, execution)[0]["executionArn"])[0]["token"]
    simulator.call("StopExecution", executionArn=execution)
    assert [row["status"] for row in _children(simulator, execution)] == ["ABORTED"] * 2
    described = simulator.call("DescribeMapRun", mapRunArn=_run_arn(simulator, execution))
    assert described["status"] == "ABORTED"
    assert "stopDate" in described
    assert types(simulator.history(execution))[3:] == ["MapRunStarted", "ExecutionAborted"]
    late = refusal(simulator.call, "SendTaskSuccess", taskToken=token, output="1")
    assert late.code == "TaskTimedOut"


def test_a_stopped_child_counts_as_a_failure(simulator: Control, run: Run) -> None:
    execution = run(spread(), PHOTOS)
    child = _children(simulator, execution)[0]
    simulator.call("StopExecution", executionArn=child["executionArn"])
    assert simulator.execution(execution)["status"] == "FAILED"


def test_a_failing_sibling_branch_aborts_the_map_run(simulator: Control, run: Run) -> None:
    branches = [spread(), machine(Ask=waiting())]
    both = machine(Both={"Type": "Parallel", "Branches": branches, "End": True})
    execution = run(both, PHOTOS)
    token = simulator.tokens(execution)[0]["token"]
    simulator.call("SendTaskFailure", taskToken=token)
    ended = types(simulator.history(execution))
    assert ended[-5:-2] == ["MapRunAborted", "MapStateAborted", "TaskStateAborted"]
    assert {row["status"] for row in _children(simulator, execution)} == {"ABORTED"}


def test_a_retry_is_another_map_run(simulator: Control, run: Run) -> None:
    retry = [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 5, "MaxAttempts": 1}]
    execution = run(spread(Retry=retry), PHOTOS)
    _fail(simulator, _children(simulator, execution)[0])
    simulator.advance(5)
    assert types(simulator.history(execution))[2:] == [
        "MapStateStarted",
        "MapRunStarted",
        "MapRunFailed",
        "MapStateStarted",
        "MapRunStarted",
    ]
    runs = simulator.call("ListMapRuns", executionArn=execution, maxResults=1)
    assert len(simulator.call("ListMapRuns", executionArn=execution)["mapRuns"]) == 2
    assert runs["mapRuns"][0]["stateMachineArn"].endswith(":workflow/each")
    older = simulator.call("ListMapRuns", executionArn=execution, nextToken=runs["nextToken"])
    assert [("stopDate" in row) for row in runs["mapRuns"] + older["mapRuns"]] == [False, True]


def test_a_failed_map_run_can_be_caught(simulator: Control, run: Run) -> None:
    catch = [{"ErrorEquals": ["States.ExceedToleratedFailureThreshold"], "Next": "Tell"}]
    definition = spread(Catch=catch, Next="Tell")
    definition["States"]["Tell"] = passing()
    execution = run(definition, PHOTOS)
    _fail(simulator, _children(simulator, execution)[0])
    assert simulator.execution(execution)["status"] == "SUCCEEDED"


def test_children_inside_children(simulator: Control, run: Run) -> None:
    inner = spread(ItemsPath="$", Label="inner")
    execution = run(spread(body=inner), {"photos": [[1, 2], [3]]})
    outer = _children(simulator, execution)
    inner_children = _children(simulator, outer[0]["executionArn"])
    assert inner_children[0]["stateMachineArn"].endswith(":stateMachine:workflow/inner")
    for child in (*inner_children, *_children(simulator, outer[1]["executionArn"])):
        _answer(simulator, child, "ok")
    assert json.loads(simulator.execution(execution)["output"]) == [["ok", "ok"], ["ok"]]


def test_a_stop_reaches_the_children_of_children(simulator: Control, run: Run) -> None:
    execution = run(spread(body=spread(ItemsPath="$", Label="inner")), {"photos": [[1, 2], [3]]})
    simulator.call("StopExecution", executionArn=execution)
    assert simulator.tokens() == []


def test_an_item_is_what_its_selector_makes_of_it(simulator: Control, run: Run) -> None:
    selector = {"photo.$": "$$.Map.Item.Value", "at.$": "$$.Map.Item.Index"}
    child = _children(simulator, run(spread(ItemSelector=selector), PHOTOS))[1]
    shown = simulator.execution(child["executionArn"])["input"]
    assert json.loads(shown) == {"photo": "b", "at": 1}


def test_express_children_run_through_and_have_no_history(simulator: Control, run: Run) -> None:
    execution = run(spread(machine(A=passing()), "EXPRESS"), PHOTOS)
    assert json.loads(simulator.execution(execution)["output"]) == ["a", "b", "c"]
    child = _children(simulator, execution)[0]
    assert ":express:workflow/each:" in child["executionArn"]
    given = {"executionArn": child["executionArn"]}
    assert refusal(simulator.call, "GetExecutionHistory", **given).code == "InvalidArn"


def test_written_results_are_named_not_given(simulator: Control, run: Run) -> None:
    writer = {
        "Resource": "arn:aws:states:::s3:putObject",
        "Parameters": {"Bucket": "results", "Prefix": "jobs"},
    }
    execution = run(spread(machine(A=passing()), ResultWriter=writer), PHOTOS)
    output = json.loads(simulator.execution(execution)["output"])
    arn = _run_arn(simulator, execution)
    assert output["MapRunArn"] == arn
    key = f"jobs/{arn.rpartition(':')[2]}/manifest.json"
    assert output["ResultWriterDetails"] == {"Bucket": "results", "Key": key}
    assert _counts(simulator, execution) == {"succeeded": 3, "resultsWritten": 3, "total": 3}


def test_children_are_listed_late_where_lists_lag(simulator: Control, run: Run) -> None:
    simulator.lag(10)
    execution = run(spread(), PHOTOS)
    assert _children(simulator, execution) == []
    simulator.advance(10)
    assert len(_children(simulator, execution)) == 3


def test_many_children_wait_in_one_map_run(simulator: Control, run: Run) -> None:
    execution = run(spread(), {"photos": list(range(2_000))})
    assert len(simulator.tokens()) == 2_000
    assert _counts(simulator, execution) == {"running": 2_000, "total": 2_000}

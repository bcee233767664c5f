"""Tasks that start an execution: how they end with it, before it, and it with them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.simulator.control import Control
from tests.test_simulator.conftest import START, types
from tests.test_simulator.definitions import machine, nesting, passing, waiting
from tests.test_simulator.nests import answer, children, fail, last, started

WATCHING = (".sync", ".sync:2")


@pytest.fixture
def child(simulator: Control) -> str:
    """A machine whose executions wait."""
    return simulator.create("child", machine(Ask=waiting()))


# --- the child's end ---------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("how", "given", "output"),
    [(".sync", '{"order":7}', '{"paid":true}'), (".sync:2", {"order": 7}, {"paid": True})],
)
def test_the_task_ends_with_the_child_and_describes_it(
    simulator: Control, child: str, how: str, given: Any, output: Any
) -> None:
    parent = started(simulator, nesting(child, how, {"Name": "one", "Input": {"order": 7}}))
    (arn,) = children(simulator, child)
    simulator.advance(5)
    answer(simulator, arn, '{"paid":true}')
    text = simulator.execution(parent)["output"]
    shown = json.loads(text)
    assert list(shown) == sorted(shown)
    assert shown == {
        "ExecutionArn": arn,
        "Input": given,
        "InputDetails": {"Included": True},
        "Name": "one",
        "Output": output,
        "OutputDetails": {"Included": True},
        "RedriveCount": 0,
        "RedriveStatus": "NOT_REDRIVABLE",
        "RedriveStatusReason": "Execution is SUCCEEDED and cannot be redriven",
        "StartDate": START * 1000,
        "StateMachineArn": child,
        "Status": "SUCCEEDED",
        "StopDate": (START + 5) * 1000,
    }
    assert last(simulator, parent, "TaskSucceeded")["output"] == text


@pytest.mark.parametrize("how", WATCHING)
@pytest.mark.parametrize("status", ["FAILED", "TIMED_OUT", "ABORTED"])
def test_a_child_that_ends_badly_fails_the_task_and_is_its_cause(
    simulator: Control, how: str, status: str
) -> None:
    child = simulator.create("child", {**machine(Ask=waiting()), "TimeoutSeconds": 60})
    parent = started(simulator, nesting(child, how, {"Input": {"order": 7}}))
    (arn,) = children(simulator, child)
    if status == "FAILED":
        fail(simulator, arn, error="No", cause="because")
    elif status == "ABORTED":
        simulator.call("StopExecution", executionArn=arn, error="No", cause="because")
    simulator.advance(60)
    failed = last(simulator, parent, "TaskFailed")
    cause = json.loads(failed["cause"])
    assert failed["error"] == "States.TaskFailed"
    assert (cause["Status"], cause["Input"], cause["RedriveStatus"]) == (
        status,
        '{"order":7}',
        "REDRIVABLE",
    )
    why = () if status == "TIMED_OUT" else ("No", "because")
    assert tuple(cause[name] for name in ("Error", "Cause") if name in cause) == why
    assert not {"Output", "OutputDetails"} & cause.keys()


def test_only_the_task_s_own_error_is_caught(simulator: Control, child: str) -> None:
    catch = [
        {"ErrorEquals": ["No"], "Next": "Wrong"},
        {"ErrorEquals": ["States.TaskFailed"], "Next": "Right"},
    ]
    states = {"Nest": nesting(child, Catch=catch), "Wrong": passing(), "Right": passing()}
    parent = simulator.start(simulator.create("parent", machine(**states)))
    fail(simulator, children(simulator, child)[0], error="No")
    assert last(simulator, parent, "PassStateExited")["name"] == "Right"


def test_each_attempt_starts_an_execution_of_its_own(simulator: Control, child: str) -> None:
    retry = [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 3, "MaxAttempts": 1}]
    parent = started(simulator, nesting(child, Retry=retry))
    (first,) = children(simulator, child)
    fail(simulator, first)
    simulator.advance(3)
    second, again = children(simulator, child)
    assert (again, second != first) == (first, True)
    answer(simulator, second)
    assert simulator.execution(parent)["status"] == "SUCCEEDED"


def test_children_have_children(simulator: Control, child: str) -> None:
    middle = simulator.create("middle", machine(Nest=nesting(child)))
    parent = started(simulator, nesting(middle))
    answer(simulator, children(simulator, child)[0], '"done"')
    inner = json.loads(simulator.execution(parent)["output"])["Output"]
    assert inner["Output"] == "done"


# --- answers by a token ------------------------------------------------------------------------
def test_a_callback_ends_by_its_token_alone(simulator: Control, child: str) -> None:
    parameters = {"Input": {"token.$": "$$.Task.Token"}}
    parent = started(simulator, nesting(child, ".waitForTaskToken", parameters))
    (arn,) = children(simulator, child)
    token = json.loads(simulator.execution(arn)["input"])["token"]
    assert [one["token"] for one in simulator.tokens(parent)] == [token]
    answer(simulator, arn)
    assert simulator.execution(parent)["status"] == "RUNNING"
    answer(simulator, parent, '"enough"')
    assert simulator.execution(parent)["output"] == '"enough"'


@pytest.mark.parametrize("is_failure", [False, True])
def test_an_answer_ends_a_job_early_and_lets_its_child_go_on(
    simulator: Control, child: str, is_failure: bool
) -> None:
    parent = started(simulator, nesting(child, ".sync"))
    (arn,) = children(simulator, child)
    if is_failure:
        fail(simulator, parent, error="Enough")
    else:
        answer(simulator, parent, '"enough"')
    events = simulator.history(parent)
    assert simulator.execution(arn)["status"] == "RUNNING"
    answer(simulator, arn)
    assert simulator.execution(arn)["status"] == "SUCCEEDED"
    assert simulator.history(parent) == events


# --- the parent's end --------------------------------------------------------------------------
def aborted_by(simulator: Control, parent: str, arn: str) -> bool:
    """Whether the parent's end stopped the child, in AWS's words and without an error."""
    found = simulator.execution(arn)
    words = f"The Task state in AWS Step Functions execution [{parent}]"
    cause = f"{words} which was managing this resource was aborted"
    return (found["status"], found.get("error"), found.get("cause")) == ("ABORTED", None, cause)


@pytest.mark.parametrize("how", WATCHING)
def test_a_stop_of_the_parent_stops_the_child(simulator: Control, child: str, how: str) -> None:
    parent = started(simulator, nesting(child, how))
    simulator.call("StopExecution", executionArn=parent)
    assert aborted_by(simulator, parent, children(simulator, child)[0])
    assert types(simulator.history(parent))[-2:] == ["TaskSubmitted", "ExecutionAborted"]


def test_a_stop_reaches_the_child_s_child(simulator: Control, child: str) -> None:
    middle = simulator.create("middle", machine(Nest=nesting(child)))
    parent = started(simulator, nesting(middle))
    simulator.call("StopExecution", executionArn=parent)
    (between,) = children(simulator, middle)
    assert aborted_by(simulator, parent, between)
    assert aborted_by(simulator, between, children(simulator, child)[0])


@pytest.mark.parametrize("fields", [{"TimeoutSeconds": 60}, {"HeartbeatSeconds": 60}])
def test_a_task_that_times_out_stops_the_child(
    simulator: Control, child: str, fields: dict[str, Any]
) -> None:
    parent = started(simulator, nesting(child, **fields))
    simulator.advance(60)
    assert last(simulator, parent, "TaskTimedOut")["error"] == "States.Timeout"
    assert aborted_by(simulator, parent, children(simulator, child)[0])


def test_a_parent_that_times_out_stops_the_child(simulator: Control, child: str) -> None:
    definition = {**machine(Nest=nesting(child)), "TimeoutSeconds": 60}
    parent = simulator.start(simulator.create("parent", definition))
    simulator.advance(60)
    assert simulator.execution(parent)["status"] == "TIMED_OUT"
    assert aborted_by(simulator, parent, children(simulator, child)[0])


def test_a_branch_that_fails_stops_the_children_of_the_others(
    simulator: Control, child: str
) -> None:
    branches = [machine(Nest=nesting(child)), machine(Ask=waiting())]
    parent = started(simulator, {"Type": "Parallel", "Branches": branches, "End": True})
    token = next(one for one in simulator.tokens(parent) if one["state"] == "Ask")["token"]
    simulator.call("SendTaskFailure", taskToken=token, error="No")
    assert aborted_by(simulator, parent, children(simulator, child)[0])
    assert "TaskStateAborted" in types(simulator.history(parent))


@pytest.mark.parametrize("how", ["", ".waitForTaskToken"])
def test_what_is_not_watched_outlives_its_parent(simulator: Control, child: str, how: str) -> None:
    nest = nesting(child, how, Next="Ask")
    parent = simulator.start(simulator.create("parent", machine(Nest=nest, Ask=waiting())))
    simulator.call("StopExecution", executionArn=parent)
    assert simulator.execution(children(simulator, child)[0])["status"] == "RUNNING"


@pytest.mark.parametrize("is_stopped", [False, True])
def test_a_redrive_starts_another_child(simulator: Control, child: str, is_stopped: bool) -> None:
    parent = started(simulator, nesting(child))
    (first,) = children(simulator, child)
    if is_stopped:
        simulator.call("StopExecution", executionArn=parent)
    else:
        fail(simulator, first)
    simulator.call("RedriveExecution", executionArn=parent)
    second = children(simulator, child)[0]
    assert second != first
    answer(simulator, second)
    assert simulator.execution(parent)["status"] == "SUCCEEDED"

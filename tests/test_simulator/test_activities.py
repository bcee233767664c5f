"""Activities: workers ask for tasks, and only they see the token."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.simulator.control import Control, SimulatorProcess
from tests.test_simulator.conftest import chain, refusal, types
from tests.test_simulator.definitions import machine, spread

Run = Callable[..., str]
PAINT = "arn:aws:states:eu-west-1:123456789012:activity:paint"


def _painting(**fields: Any) -> dict[str, Any]:
    return machine(Paint={"Type": "Task", "Resource": PAINT, "End": True, **fields})


@pytest.fixture
def paint(simulator: Control) -> str:
    return str(simulator.call("CreateActivity", name="paint")["activityArn"])


def _poll(simulator: Control, **fields: str) -> Any:
    return simulator.call("GetActivityTask", activityArn=PAINT, **fields)


def test_a_task_waits_for_the_worker_that_polls(simulator: Control, run: Run, paint: str) -> None:
    execution = run(_painting(TimeoutSeconds=60, HeartbeatSeconds=20), {"wall": 1})
    scheduled = simulator.history(execution)[-1]["activityScheduledEventDetails"]
    assert scheduled == {
        "input": '{"wall": 1}',
        "inputDetails": {"truncated": False},
        "resource": paint,
        "timeoutInSeconds": 60,
        "heartbeatInSeconds": 20,
    }
    task = _poll(simulator, workerName="ann")
    assert json.loads(task["input"]) == {"wall": 1}
    started = simulator.history(execution)[-1]
    assert started["activityStartedEventDetails"] == {"workerName": "ann"}
    simulator.call("SendTaskSuccess", taskToken=task["taskToken"], output='"painted"')
    events = simulator.history(execution)
    assert chain(events)[1:] == [
        (2, 0, "TaskStateEntered"),
        (3, 2, "ActivityScheduled"),
        (4, 3, "ActivityStarted"),
        (5, 4, "ActivitySucceeded"),
        (6, 5, "TaskStateExited"),
        (7, 6, "ExecutionSucceeded"),
    ]
    assert task["taskToken"] not in str(events)


def test_tasks_are_handed_out_once_and_the_oldest_first(simulator: Control, paint: str) -> None:
    arn = simulator.create("workflow", _painting())
    for number in range(2):
        simulator.start(arn, {"wall": number})
    inputs = [_poll(simulator).get("input") for _ in range(3)]
    assert inputs == ['{"wall": 0}', '{"wall": 1}', None]


def test_what_was_stopped_is_not_handed_out(simulator: Control, run: Run, paint: str) -> None:
    simulator.call("StopExecution", executionArn=run(_painting()))
    assert _poll(simulator) == {}


def test_a_failure_is_retried_with_another_token(simulator: Control, run: Run, paint: str) -> None:
    execution = run(_painting(Retry=[{"ErrorEquals": ["Wet"], "IntervalSeconds": 3}]))
    first = _poll(simulator)["taskToken"]
    simulator.call("SendTaskFailure", taskToken=first, error="Wet")
    assert _poll(simulator) == {}
    simulator.advance(3)
    second = _poll(simulator)["taskToken"]
    assert second != first
    assert types(simulator.history(execution))[3:] == [
        "ActivityStarted",
        "ActivityFailed",
        "ActivityScheduled",
        "ActivityStarted",
    ]
    assert _poll(simulator) == {}


def test_a_retry_queues_behind_those_who_wait_longer(simulator: Control, paint: str) -> None:
    arn = simulator.create("workflow", _painting(Retry=[{"ErrorEquals": ["Wet"]}]))
    first, _ = (simulator.start(arn, {"wall": number}) for number in range(2))
    token = _poll(simulator)["taskToken"]
    simulator.call("SendTaskFailure", taskToken=token, error="Wet")
    simulator.advance(1)
    assert types(simulator.history(first))[-1] == "ActivityScheduled"
    assert [_poll(simulator)["input"] for _ in range(2)] == ['{"wall": 1}', '{"wall": 0}']


@pytest.mark.parametrize("field", ["TimeoutSeconds", "HeartbeatSeconds"])
def test_the_time_runs_from_the_start(simulator: Control, run: Run, paint: str, field: str) -> None:
    execution = run(_painting(**{field: 60}))
    simulator.advance(600)
    token = _poll(simulator)["taskToken"]
    simulator.advance(60)
    assert types(simulator.history(execution))[-2:] == ["ActivityTimedOut", "ExecutionFailed"]
    late = refusal(simulator.call, "SendTaskSuccess", taskToken=token, output="1")
    assert late.code == "TaskTimedOut"


def test_a_heartbeat_keeps_it_alive(simulator: Control, run: Run, paint: str) -> None:
    execution = run(_painting(HeartbeatSeconds=60))
    token = _poll(simulator)["taskToken"]
    simulator.advance(50)
    simulator.call("SendTaskHeartbeat", taskToken=token)
    simulator.advance(50)
    assert simulator.execution(execution)["status"] == "RUNNING"


def test_children_of_a_map_run_have_activities_too(
    simulator: Control, run: Run, paint: str
) -> None:
    execution = run(spread(_painting()), {"photos": [1, 2]})
    for _ in range(2):
        task = _poll(simulator)
        simulator.call("SendTaskSuccess", taskToken=task["taskToken"], output=task["input"])
    assert simulator.execution(execution)["output"] == "[1,2]"


def test_an_activity_is_made_once(simulator: Control, paint: str) -> None:
    made = simulator.call("DescribeActivity", activityArn=paint)["creationDate"]
    simulator.advance(5)
    again = simulator.call("CreateActivity", name="paint")
    assert again["activityArn"] == paint == PAINT
    assert again["creationDate"] == made
    described = simulator.call("DescribeActivity", activityArn=paint)
    assert described == {"activityArn": paint, "name": "paint", "creationDate": made}
    assert refusal(simulator.call, "CreateActivity", name="a b").code == "InvalidName"


def test_activities_are_listed_by_pages(simulator: Control) -> None:
    for number in range(3):
        simulator.call("CreateActivity", name=f"paint-{number}")
    first = simulator.call("ListActivities", maxResults=2)
    second = simulator.call("ListActivities", nextToken=first["nextToken"])
    names = [row["name"] for page in (first, second) for row in page["activities"]]
    assert names == ["paint-0", "paint-1", "paint-2"]
    assert "nextToken" not in second


def test_a_deleted_activity_does_not_exist(simulator: Control, paint: str) -> None:
    simulator.call("DeleteActivity", activityArn=paint)
    for operation in ("DescribeActivity", "GetActivityTask"):
        error = refusal(simulator.call, operation, activityArn=paint)
        assert str(error) == f"ActivityDoesNotExist: Activity Does Not Exist: '{paint}'"


def test_activities_have_tags(simulator: Control, paint: str) -> None:
    simulator.call("TagResource", resourceArn=paint, tags=[{"key": "team", "value": "ops"}])
    answer = simulator.call("ListTagsForResource", resourceArn=paint)
    assert answer["tags"] == [{"key": "team", "value": "ops"}]


def test_a_restart_knows_who_waits_for_a_worker(tmp_path: Path) -> None:
    process = SimulatorProcess(journal=tmp_path / "journal")
    with process as first:
        first.call("CreateActivity", name="paint")
        arn = first.create("workflow", _painting())
        for number in range(2):
            first.start(arn, {"wall": number})
        token = _poll(first)["taskToken"]
    with process as second:
        assert _poll(second)["input"] == '{"wall": 1}'
        assert _poll(second) == {}
        second.call("SendTaskSuccess", taskToken=token, output="1")

"""A failed distributed Map is taken up again with its parent, child by child."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.simulator.control import Control, SimulatorProcess
from tests.test_simulator.conftest import chain, refusal, types
from tests.test_simulator.definitions import spread

Run = Callable[..., str]
PHOTOS = {"photos": ["a", "b", "c"]}


def _children(simulator: Control, execution: str, **fields: Any) -> list[Any]:
    """In the order of the items."""
    runs = simulator.call("ListMapRuns", executionArn=execution)["mapRuns"]
    rows = simulator.call("ListExecutions", mapRunArn=runs[0]["mapRunArn"], **fields)["executions"]
    inputs = {row["executionArn"]: simulator.execution(row["executionArn"]) for row in rows}
    return sorted(inputs.values(), key=lambda one: one["input"])


def _finish(simulator: Control, child: Any, error: str | None = None) -> None:
    token = simulator.tokens(child["executionArn"])[0]["token"]
    if error is None:
        simulator.call("SendTaskSuccess", taskToken=token, output=child["input"])
    else:
        simulator.call("SendTaskFailure", taskToken=token, error=error)


def _failed(simulator: Control, run: Run, **fields: Any) -> str:
    """One child succeeded, one failed, the third was aborted or never began."""
    execution = run(spread(**fields), PHOTOS)
    first, second = _children(simulator, execution)[:2]
    _finish(simulator, first)
    _finish(simulator, second, "Bad")
    return execution


def test_a_child_is_redriven_by_its_map_run_only(simulator: Control, run: Run) -> None:
    execution = _failed(simulator, run)
    succeeded, failed, aborted = _children(simulator, execution)
    assert succeeded["redriveStatus"] == "NOT_REDRIVABLE"
    assert failed["redriveStatus"] == aborted["redriveStatus"] == "REDRIVABLE_BY_MAP_RUN"
    given = {"executionArn": failed["executionArn"]}
    assert refusal(simulator.call, "RedriveExecution", **given).code == "ExecutionNotRedrivable"
    assert simulator.execution(execution)["redriveStatus"] == "REDRIVABLE"


def test_a_tolerated_failure_is_not_redrivable(simulator: Control, run: Run) -> None:
    execution = _failed(simulator, run, ToleratedFailureCount=1)
    assert simulator.execution(execution)["status"] == "RUNNING"
    assert _children(simulator, execution)[1]["redriveStatus"] == "NOT_REDRIVABLE"


def test_the_same_run_goes_on_with_what_did_not_succeed(simulator: Control, run: Run) -> None:
    execution = _failed(simulator, run)
    simulator.call("RedriveExecution", executionArn=execution)
    assert [one["status"] for one in _children(simulator, execution)] == [
        "SUCCEEDED",
        "RUNNING",
        "RUNNING",
    ]
    events = simulator.history(execution)
    assert chain(events)[6:] == [
        (7, 6, "ExecutionFailed"),
        (8, 7, "ExecutionRedriven"),
        (9, 8, "MapRunRedriven"),
    ]
    assert events[8]["mapRunRedrivenEventDetails"]["redriveCount"] == 1
    assert len(simulator.call("ListMapRuns", executionArn=execution)["mapRuns"]) == 1


def test_a_redriven_child_goes_on_in_its_own_history(simulator: Control, run: Run) -> None:
    execution = _failed(simulator, run)
    old = simulator.history(_children(simulator, execution)[1]["executionArn"])
    simulator.call("RedriveExecution", executionArn=execution)
    child = _children(simulator, execution)[1]
    events = simulator.history(child["executionArn"])
    assert events[: len(old)] == old
    assert types(events)[len(old) :] == [
        "ExecutionRedriven",
        "TaskScheduled",
        "TaskStarted",
        "TaskSubmitted",
    ]
    assert child["redriveCount"] == 1


def test_the_output_has_the_earlier_results_too(simulator: Control, run: Run) -> None:
    execution = _failed(simulator, run)
    simulator.call("RedriveExecution", executionArn=execution)
    for child in _children(simulator, execution)[1:]:
        _finish(simulator, child)
    assert json.loads(simulator.execution(execution)["output"]) == ["a", "b", "c"]
    described = simulator.call(
        "DescribeMapRun", mapRunArn=_children(simulator, execution)[0]["mapRunArn"]
    )
    assert (described["status"], described["redriveCount"]) == ("SUCCEEDED", 1)
    assert described["executionCounts"]["succeeded"] == 3


def _waiting_for_redrive(simulator: Control, run: Run) -> str:
    """Two children failed, and one at a time is redriven."""
    execution = run(spread(MaxConcurrency=1, ToleratedFailureCount=1), PHOTOS)
    for _ in range(2):
        running = _children(simulator, execution, statusFilter="RUNNING")
        _finish(simulator, running[0], "Bad")
    simulator.call("RedriveExecution", executionArn=execution)
    return execution


def test_pending_redrive_is_a_status_of_children(simulator: Control, run: Run) -> None:
    execution = _waiting_for_redrive(simulator, run)
    first, second = _children(simulator, execution)
    assert (first["status"], second["status"]) == ("RUNNING", "PENDING_REDRIVE")
    assert _children(simulator, execution, statusFilter="PENDING_REDRIVE") == [second]
    described = simulator.call("DescribeMapRun", mapRunArn=first["mapRunArn"])
    counts = {key: value for key, value in described["executionCounts"].items() if value}
    assert counts == {"running": 1, "pendingRedrive": 1, "pending": 1, "total": 3}


def test_the_next_is_redriven_when_one_ends(simulator: Control, run: Run) -> None:
    execution = _waiting_for_redrive(simulator, run)
    for _ in range(3):
        _finish(simulator, _children(simulator, execution, statusFilter="RUNNING")[0])
    assert json.loads(simulator.execution(execution)["output"]) == ["a", "b", "c"]


def test_a_stop_gives_pending_children_their_end_back(simulator: Control, run: Run) -> None:
    execution = _waiting_for_redrive(simulator, run)
    simulator.call("StopExecution", executionArn=execution)
    statuses = [one["status"] for one in _children(simulator, execution)]
    assert statuses == ["ABORTED", "FAILED"]
    simulator.call("RedriveExecution", executionArn=execution)
    assert len(_children(simulator, execution, statusFilter="PENDING_REDRIVE")) == 1


def test_children_that_ended_too_long_ago_fail_for_good(simulator: Control, run: Run) -> None:
    execution = run(spread(ToleratedFailureCount=1), PHOTOS)
    first, second, _ = _children(simulator, execution)
    _finish(simulator, first, "Bad")
    simulator.advance(15 * 86_400)
    _finish(simulator, second, "Bad")
    described = simulator.call("DescribeMapRun", mapRunArn=first["mapRunArn"])
    assert described["executionCounts"]["failuresNotRedrivable"] == 1
    simulator.call("RedriveExecution", executionArn=execution)
    statuses = [one["status"] for one in _children(simulator, execution)]
    assert statuses == ["FAILED", "RUNNING", "RUNNING"]


def test_a_restart_knows_map_runs_and_their_children(tmp_path: Path) -> None:
    process = SimulatorProcess(journal=tmp_path / "journal")
    before = process.start()
    execution = before.start(before.create("workflow", spread(MaxConcurrency=2)), PHOTOS)
    _finish(before, _children(before, execution)[0], "Bad")
    before.call("RedriveExecution", executionArn=execution)
    children = _children(before, execution)
    tokens = [task["token_sha256"] for task in before.tokens()]
    process.kill()
    with process as after:
        assert _children(after, execution) == children
        assert [task["token_sha256"] for task in after.tokens()] == tokens
        while running := _children(after, execution, statusFilter="RUNNING"):
            _finish(after, running[0])
        assert after.execution(execution)["status"] == "SUCCEEDED"

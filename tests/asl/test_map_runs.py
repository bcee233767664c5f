"""Map Runs in a parent's history: from when until when each may have children at work."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from callbacks.asl.definition import can_wait, children_of, parse_definition
from tests.asl.histories import BEGAN, Script, callback, machine


def _started(script: Script, previous: int = 0, arn: str = "arn:run") -> int:
    return script.add("MapRunStarted", script.map_start("Files", previous, 0), mapRunArn=arn)


def _open_runs(script: Script) -> list[str]:
    return [run.arn for run in script.read().map_runs if run.is_open]


def test_a_map_run_is_at_work_from_its_start() -> None:
    script = Script()
    number = _started(script)

    (run,) = script.read().map_runs

    assert (run.arn, run.state, run.is_open) == ("arn:run", "Files", True)
    assert run.started_at == BEGAN + timedelta(seconds=number)


def test_it_is_over_when_its_map_exits() -> None:
    script = Script()
    exited = script.exit("Files", _started(script), "Map")

    (run,) = script.read().map_runs

    assert run.ended_at == BEGAN + timedelta(seconds=exited)


@pytest.mark.parametrize("end", ["MapRunSucceeded", "MapRunFailed", "MapRunAborted"])
def test_it_is_over_with_an_event_of_its_own(end: str) -> None:
    script = Script()
    script.add(end, _started(script))

    assert _open_runs(script) == []


def test_another_attempt_of_the_map_is_another_run() -> None:
    script = Script()
    failed = script.add("MapRunFailed", _started(script), error="Bad")
    again = script.add("MapStateStarted", failed)
    script.add("MapRunStarted", again, mapRunArn="arn:again")

    assert _open_runs(script) == ["arn:again"]


def test_a_siblings_failure_ends_it_without_saying_which() -> None:
    script = Script()
    both = script.parallel_start("Both", 0)
    _started(script, both)
    failed = script.add("FailStateEntered", both, "stateEnteredEventDetails", name="No", input="")
    script.add("MapRunAborted", failed)
    script.add("ParallelStateFailed", failed)

    assert _open_runs(script) == []


@pytest.mark.parametrize("end", ["ExecutionAborted", "ExecutionFailed", "ExecutionTimedOut"])
def test_it_is_over_with_the_execution(end: str) -> None:
    script = Script()
    _started(script)
    script.add(end, 0)

    assert _open_runs(script) == []


def _redriven() -> tuple[Script, int]:
    script = Script()
    script.add("MapRunFailed", _started(script), error="Bad")
    script.add("ExecutionFailed", len(script.events), error="Bad")
    return script, script.add("ExecutionRedriven", len(script.events), redriveCount=1)


def test_a_redriven_execution_alone_does_not_take_it_up_again() -> None:
    script, _ = _redriven()

    assert _open_runs(script) == []


def test_redriven_it_goes_on_until_it_ends_anew() -> None:
    script, redriven = _redriven()
    goes_on = script.add("MapRunRedriven", redriven, mapRunArn="arn:run", redriveCount=1)
    assert _open_runs(script) == ["arn:run"]
    assert script.read().is_moving

    script.add("MapRunSucceeded", goes_on)

    assert _open_runs(script) == []


def test_the_redrive_of_a_run_that_nobody_saw_start_is_passed_over() -> None:
    script, redriven = _redriven()
    script.add("MapRunRedriven", redriven, mapRunArn="arn:other", redriveCount=1)

    assert _open_runs(script) == []


def _map(config: Any, **fields: Any) -> dict[str, Any]:
    processor = {"ProcessorConfig": config, "StartAt": "Ask", "States": {"Ask": callback()}}
    return {"Type": "Map", "ItemProcessor": processor, "End": True, **fields}


def _children(state: dict[str, Any], **fields: Any) -> str | None:
    definition = machine({"Each": state}, **fields)
    return children_of(definition, definition.states["Each"])


def test_children_run_the_item_processor() -> None:
    text = _children(_map({"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}))

    assert text is not None
    definition = parse_definition(text)
    assert (list(definition.states), can_wait(definition)) == (["Ask"], True)


def test_children_speak_the_language_of_the_machine() -> None:
    text = _children(_map({"Mode": "DISTRIBUTED"}), QueryLanguage="JSONata")

    assert json.loads(text or "")["QueryLanguage"] == "JSONata"


def test_express_children_are_nothing_to_follow() -> None:
    assert _children(_map({"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"})) is None


def test_a_configuration_of_no_known_form_is_no_obstacle() -> None:
    assert _children(_map("odd")) is not None

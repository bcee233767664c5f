"""A distributed Map whose items come out of an object in S3."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.simulator.control import Control, SimulatorProcess
from tests.test_simulator.conftest import chain
from tests.test_simulator.definitions import machine, passing, spread

Run = Callable[..., str]


def _reading(input_type: str = "JSON", config: Any = None, **fields: Any) -> dict[str, Any]:
    reader = {
        "Resource": "arn:aws:states:::s3:getObject",
        "ReaderConfig": {"InputType": input_type, **(config or {})},
        "Parameters": {"Bucket": "photos", "Key.$": "$.key"},
    }
    return spread(machine(A=passing()), ItemReader=reader, **fields)


def _output(simulator: Control, run: Run, definition: Any) -> Any:
    ended = simulator.execution(run(definition, {"key": "list"}))
    return json.loads(ended["output"])


def test_the_items_are_read_after_the_map_run_started(simulator: Control, run: Run) -> None:
    simulator.put_object("photos", "list", '["a","b"]')
    execution = run(_reading(), {"key": "list"})
    events = simulator.history(execution)
    assert events[2]["mapStateStartedEventDetails"] == {"length": 0}
    assert json.loads(simulator.execution(execution)["output"]) == ["a", "b"]


@pytest.mark.parametrize(
    ("config", "items"),
    [
        ({"CSVHeaderLocation": "FIRST_ROW"}, [{"x": "1", "y": "2"}, {"x": "3", "y": ""}]),
        ({"CSVHeaderLocation": "FIRST_ROW", "MaxItems": 1}, [{"x": "1", "y": "2"}]),
        ({"CSVHeaderLocation": "GIVEN", "CSVHeaders": ["n"]}, [{"n": "x"}, {"n": "1"}, {"n": "3"}]),
    ],
)
def test_rows_become_objects(simulator: Control, run: Run, config: Any, items: Any) -> None:
    simulator.put_object("photos", "list", "x,y\n1,2\n3\n")
    assert _output(simulator, run, _reading("CSV", config)) == items


def test_items_that_are_read_are_selected_and_batched_too(simulator: Control, run: Run) -> None:
    simulator.put_object("photos", "list", "[1,2,3]")
    fields = {
        "ItemSelector": {"n.$": "$$.Map.Item.Value"},
        "ItemBatcher": {"MaxItemsPerBatch": 2},
    }
    output = _output(simulator, run, _reading(**fields))
    assert output == [{"Items": [{"n": 1}, {"n": 2}]}, {"Items": [{"n": 3}]}]


@pytest.mark.parametrize("text", [None, "{", '{"a":1}'])
def test_what_cannot_be_read_fails_the_map_run(
    simulator: Control, run: Run, text: str | None
) -> None:
    if text is not None:
        simulator.put_object("photos", "list", text)
    execution = run(_reading(), {"key": "list"})
    assert chain(simulator.history(execution))[3:] == [
        (4, 3, "MapRunStarted"),
        (5, 4, "MapRunFailed"),
        (6, 5, "MapStateFailed"),
        (7, 6, "ExecutionFailed"),
    ]
    assert simulator.execution(execution)["error"] == "States.ItemReaderFailed"


def test_a_redrive_reads_again_in_another_map_run(simulator: Control, run: Run) -> None:
    execution = run(_reading(), {"key": "list"})
    simulator.put_object("photos", "list", "[1]")
    simulator.call("RedriveExecution", executionArn=execution)
    assert simulator.execution(execution)["output"] == "[1]"
    runs = simulator.call("ListMapRuns", executionArn=execution)["mapRuns"]
    assert len(runs) == 2


def test_a_restart_reads_the_same_items(tmp_path: Path) -> None:
    process = SimulatorProcess(journal=tmp_path / "journal")
    with process as first:
        first.put_object("photos", "list", "[1,2]")
        execution = first.start(first.create("workflow", _reading()), {"key": "list"})
        first.put_object("photos", "list", "[3]")
    with process as second:
        assert second.execution(execution)["output"] == "[1,2]"

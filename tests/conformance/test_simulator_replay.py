"""The simulator against real AWS: each recorded execution, run again, gives its events."""

from __future__ import annotations

import json
import os
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.objects import object_of
from tests.simulator.replay import as_since_2024, differences, replay, run_to_the_end

FOLDER = os.environ.get("HOLDPOINT_RECORDINGS")
ENOUGH = 0.98
LANGUAGES = ("JSONPath", "JSONata", "mixed")
pytestmark = pytest.mark.skipif(
    not FOLDER, reason="HOLDPOINT_RECORDINGS does not name the folder of AWS recordings"
)
MASKED_TIME = "the input's timestamp is a stand-in, so the Wait has nothing to wait for"
# Recordings that do not agree, each with its reason; one that agrees must not be in here.
DEPARTURES = {
    "apigetway-task-service.invoke-with-headers-singlestringheader": (
        "AWS checks the Parameters against API Gateway's own model; the simulator knows no models"
    ),
    "timeouts.service-lambda-map-timeout": (
        "four tasks time out at one instant; AWS noted the second and third in the other order"
    ),
    "wait.wait-timestamppath-000000z": MASKED_TIME,
    "wait.wait-timestamppath-z": MASKED_TIME,
}


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


@cache
def recordings() -> dict[str, Any]:
    """Every recording that has its definition."""
    paths = sorted(Path(FOLDER or ".").glob("executions/*.json")) if FOLDER else []
    found = [_read(path) for path in paths]
    return {one["id"]: one for one in found if one["definition"]}


REPLAYABLE = list(recordings())


@pytest.mark.parametrize("name", [name for name in REPLAYABLE if name not in DEPARTURES])
def test_a_replay_gives_the_recorded_chain_of_events(name: str) -> None:
    recording = recordings()[name]
    assert differences(recording, replay(recording, object_of(name))) == []


@pytest.mark.parametrize("name", DEPARTURES)
def test_a_named_departure_really_departs(name: str) -> None:
    recording = recordings()[name]
    assert differences(recording, replay(recording)) != []


@pytest.mark.parametrize("language", LANGUAGES)
def test_nearly_all_recordings_of_a_language_agree(language: str) -> None:
    of_it = [name for name, one in recordings().items() if one["query_language"] == language]
    assert of_it
    assert 1 - len(DEPARTURES.keys() & set(of_it)) / len(of_it) >= ENOUGH


def test_only_the_older_recordings_link_the_exit_of_a_distributed_map_differently() -> None:
    """AWS changed it between the two; a newer one that does it again would be news."""
    changed = [
        datetime.strptime(one["recorded"], "%d-%m-%Y, %H:%M:%S")  # noqa: DTZ007 - has no zone
        for one in recordings().values()
        if as_since_2024(one["events"]) != one["events"]
    ]
    assert changed
    assert max(changed).year == 2024
    assert max(changed).month <= 8


def choices() -> list[tuple[str, Any]]:
    paths = sorted(Path(FOLDER or ".").glob("choice/*.json")) if FOLDER else []
    return [(one["id"], one["cases"]) for one in map(_read, paths)]


@pytest.mark.parametrize(("name", "cases"), choices())
def test_a_choice_takes_the_recorded_branch(name: str, cases: Any) -> None:
    for case in cases:
        output = run_to_the_end(case["definition"], case["input"])
        assert output is not None, case
        assert json.loads(output) == case["output"], case

"""What `python -m tests.conformance` prints and how it exits."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.__main__ import main

_DETAILS = {"taskScheduledEventDetails": {"resource": "a.waitForTaskToken", "resourceType": "sqs"}}
_EVENTS: list[dict[str, Any]] = [
    {"id": 1, "previousEventId": 0, "type": "ExecutionStarted"},
    {"id": 2, "previousEventId": 0, "type": "TaskStateEntered",
     "stateEnteredEventDetails": {"name": "Ask", "input": {"n": 1}}},
    {"id": 3, "previousEventId": 2, "type": "TaskScheduled", **_DETAILS},
    {"id": 4, "previousEventId": 3, "type": "TaskFailed"},
]  # fmt: skip


def _folder(tmp_path: Path, **task: Any) -> str:
    expected = {
        "state": "Ask",
        "id": 3,
        "kind": "task",
        "callback": True,
        "attempt": 1,
        "closed_by": {"id": 4, "type": "TaskFailed"},
        **task,
    }
    recording = {
        "id": "ask",
        "definition": None,
        "input": {},
        "status": None,
        "events": _EVENTS,
        "expect": {"tasks": [expected]},
    }
    (tmp_path / "executions").mkdir()
    (tmp_path / "executions" / "ask.json").write_text(json.dumps(recording))
    return str(tmp_path)


def _last_line(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    figures: dict[str, Any] = json.loads(capsys.readouterr().out.splitlines()[-1])
    return figures["history"]


def test_an_agreeing_recording_is_exact(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([_folder(tmp_path)]) == 0

    assert _last_line(capsys) == {
        "cases": 1,
        "exact": 1,
        "cannot_predict": 0,
        "wrong": 0,
        "wrong_ids": [],
    }


@pytest.mark.parametrize(
    "wrong",
    [
        {"closed_by": None},
        {"closed_by": {"id": 3, "type": "TaskFailed"}},
        {"attempt": 2},
        {"callback": False},
        {"state": "Other"},
        {"id": 2},
    ],
)
def test_a_differing_recording_is_named_and_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], wrong: dict[str, Any]
) -> None:
    assert main([_folder(tmp_path, **wrong)]) == 1

    assert _last_line(capsys)["wrong_ids"] == ["ask"]


def test_an_empty_folder_proves_nothing(tmp_path: Path) -> None:
    (tmp_path / "executions").mkdir()

    assert main([str(tmp_path)]) == 1
    assert main([str(tmp_path / "nowhere")]) == 2

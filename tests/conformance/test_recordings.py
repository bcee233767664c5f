"""Every recorded execution gives the tasks and closings that its links alone show."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from callbacks.asl.definition import parse_definition
from callbacks.asl.history import read_history
from tests.conformance.history import differences
from tests.conformance.recordings import Recording, recordings

_FOLDER = os.environ.get("HOLDPOINT_RECORDINGS", "")
_RECORDINGS = list(recordings(Path(_FOLDER))) if _FOLDER else []

pytestmark = pytest.mark.skipif(
    not _FOLDER,
    reason="HOLDPOINT_RECORDINGS is not set: nothing was held against what real AWS did",
)


@pytest.fixture(params=_RECORDINGS or [None], ids=lambda r: r.id if r else "no recordings")
def recording(request: pytest.FixtureRequest) -> Recording:
    return request.param


def test_the_folder_has_recordings() -> None:
    assert len(_RECORDINGS) >= 300


def test_tasks_and_closings_agree_at_every_prefix(recording: Recording) -> None:
    assert differences(recording) == []


def test_nothing_waits_once_the_execution_has_ended(recording: Recording) -> None:
    history = read_history(events=recording.events, definition=None)

    assert history.ended is not None or recording.status is None
    assert history.ended is None or history.waiting == ()


@pytest.mark.parametrize(
    "recording", [r for r in _RECORDINGS if r.definition], indirect=True, ids=lambda r: r.id
)
def test_every_task_that_passes_its_token_gives_it(recording: Recording) -> None:
    definition = parse_definition(recording.definition or "")
    history = read_history(events=recording.events, definition=definition)

    for task in history.tasks:
        state = definition.state(task.state)
        if task.waits and state is not None and state.passes_token:
            assert task.token_state == "found"

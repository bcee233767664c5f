"""The mirror of a history that is read on has the very rows of one that is read whole each time."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from callbacks.sync import reading
from tests import making
from tests.conformance.recordings import Recording, recordings
from tests.sync.telling import Mirrored, Told

_FOLDER = os.environ.get("HOLDPOINT_RECORDINGS", "")
_RECORDINGS = list(recordings(Path(_FOLDER))) if _FOLDER else []

pytestmark = pytest.mark.skipif(
    not _FOLDER,
    reason="HOLDPOINT_RECORDINGS is not set: nothing was held against what real AWS did",
)


def _writes_rows(recording: Recording) -> bool:
    """Nothing is kept without its definition; little is written without a task or Map Run."""
    is_at_work = any(event["type"].startswith("MapRun") for event in recording.events)
    return recording.definition is not None and (is_at_work or bool(recording.expect["tasks"]))


def _cuts(recording: Recording) -> list[list[int]]:
    """Event by event; and where somebody waits, from each event to the last in one step."""
    last = len(recording.events)
    steps = [list(range(1, last + 1))]
    if any(task["callback"] for task in recording.expect["tasks"]):
        steps += [[cut, last] for cut in range(1, last)]
    return steps


@pytest.mark.django_db
@pytest.mark.parametrize(
    "recording", list(filter(_writes_rows, _RECORDINGS)), ids=lambda recording: recording.id
)
def test_reading_on_writes_what_reading_the_whole_writes(
    recording: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = making.make_machine(definition=recording.definition or "")
    for cuts in _cuts(recording):
        whole = Mirrored(machine, Told(recording.events))
        monkeypatch.setattr(reading, "LARGEST_PAGE", 1_000)
        whole.read_at(cuts)
        rows = whole.rows()
        whole.forget()

        on = Mirrored(machine, Told(recording.events))
        monkeypatch.setattr(reading, "LARGEST_PAGE", 1)
        on.read_at(cuts)

        assert on.rows() == rows
        assert on.told.calls == {"start": 1, "end": len(cuts) - 1}
        assert (on.skeleton is None) == (recording.status is not None)
        on.forget()

"""A history that is read on from a skeleton gives what the whole gives, wherever it was cut."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from callbacks.asl.definition import Definition, parse_definition
from callbacks.asl.history import CallbackTask, History, read_history
from callbacks.asl.skeleton import events_of, lacks_payload, skeleton_of
from tests.conformance.recordings import Recording, recordings

_FOLDER = os.environ.get("HOLDPOINT_RECORDINGS", "")
_RECORDINGS = list(recordings(Path(_FOLDER))) if _FOLDER else []

pytestmark = pytest.mark.skipif(
    not _FOLDER,
    reason="HOLDPOINT_RECORDINGS is not set: nothing was held against what real AWS did",
)


@pytest.mark.parametrize("recording", _RECORDINGS, ids=lambda recording: recording.id)
def test_every_history_read_on_equals_the_whole(recording: Recording) -> None:
    for definition in _definitions(recording):
        whole = [
            read_history(events=recording.events[:last], definition=definition)
            for last in range(1, len(recording.events) + 1)
        ]
        for known, history in enumerate(whole, start=1):
            skeleton = skeleton_of(events=recording.events[:known], history=history)
            assert (skeleton is None) == (history.ended is not None)
            bare = events_of(skeleton) if skeleton else recording.events[:known]
            for last in range(known, len(recording.events) + 1):
                events = [*bare, *recording.events[known:last]]
                read_on = read_history(events=events, definition=definition)
                assert _without_old_payloads(read_on, known) == _without_old_payloads(
                    whole[last - 1], known
                )
                assert not lacks_payload(history=read_on, events=events, bare_upto=known)


def _definitions(recording: Recording) -> Iterator[Definition | None]:
    yield None
    if recording.definition:
        yield parse_definition(recording.definition)


def _without_old_payloads(history: History, known: int) -> History:
    return replace(history, tasks=tuple(_bare_task(task, known) for task in history.tasks))


def _bare_task(task: CallbackTask, known: int) -> CallbackTask:
    """What is scheduled by then is in the mirror, and so is what closed by then."""
    if task.scheduled_event_id > known:
        return task
    closed = task.closed
    if closed is not None and closed.event_id <= known:
        closed = replace(closed, output=None, error=None, cause=None)
    payloads = {"input": "", "parameters": "", "context": None, "token": None, "token_state": ""}
    return replace(task, closed=closed, **payloads)

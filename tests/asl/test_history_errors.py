"""Histories that cannot be folded without guessing say so; nothing else raises."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callbacks.asl.history import HistoryError, read_history
from tests.asl.histories import BEGAN, Script, aws_token


def _script() -> Script:
    script = Script()
    script.add("TaskSucceeded", script.wait("Approve", 0), output="1")
    return script


def test_no_events_are_no_history() -> None:
    with pytest.raises(HistoryError, match="no events"):
        read_history(events=[], definition=None)


def test_a_hole_is_named() -> None:
    script = _script()
    del script.events[3]

    with pytest.raises(HistoryError, match="event 4 is missing: event 5"):
        script.read()


def test_a_doubled_event_is_named() -> None:
    script = _script()
    script.events.insert(3, script.events[3])

    with pytest.raises(HistoryError, match="event 4 stands in place 5"):
        script.read()


def test_a_history_must_begin_at_its_beginning() -> None:
    with pytest.raises(HistoryError, match="event 1 is missing"):
        read_history(events=_script().events[2:], definition=None)


def test_reverse_order_is_refused() -> None:
    with pytest.raises(HistoryError):
        read_history(events=_script().events[::-1], definition=None)


def test_a_link_forward_is_refused() -> None:
    script = _script()
    script.events[2]["previousEventId"] = 5

    with pytest.raises(HistoryError, match="event 3 does not hang on an earlier event"):
        script.read()


def test_a_task_of_unknown_resource_is_refused() -> None:
    script = Script()
    scheduled = script.add("TaskScheduled", script.enter("Approve", 0))
    script.events[scheduled - 1].pop("taskScheduledEventDetails")

    with pytest.raises(HistoryError, match=r"event 3 \(TaskScheduled\) has no details"):
        script.read()


def test_an_unreadable_time_is_refused_without_showing_it() -> None:
    script = _script()
    script.events[2]["timestamp"] = aws_token("time")

    with pytest.raises(HistoryError, match="event 3 has no readable time") as caught:
        script.read()
    assert "AQCE" not in str(caught.value)


def test_an_ending_of_one_of_two_tasks_is_not_guessed() -> None:
    script = Script()
    started = script.parallel_start("Both", 0)
    script.wait("Left", started)
    script.wait("Right", started)
    script.add("TaskTimedOut", 0)

    with pytest.raises(HistoryError, match="does not say which task"):
        script.read()


def test_a_task_after_the_end_is_refused() -> None:
    script = Script()
    waiting = script.wait("Approve", 0)
    script.add("ExecutionAborted", 0)
    script.attempt(waiting)

    with pytest.raises(HistoryError, match="after the execution's end"):
        script.read()


_KINDS = st.sampled_from(
    [
        *(f"{noun}{end}" for noun in ("Task", "Activity", "LambdaFunction")
          for end in ("Scheduled", "Started", "Succeeded", "Failed", "TimedOut")),
        *(f"{kind}State{end}" for kind in ("Task", "Map", "Parallel", "Pass")
          for end in ("Entered", "Exited", "Started", "Failed", "Aborted", "Succeeded")),
        *(f"MapIteration{end}" for end in ("Started", "Succeeded", "Failed", "Aborted")),
        "ExecutionFailed", "ExecutionRedriven", "ExecutionAborted", "EvaluationFailed",
        "MapRunStarted", "TaskSubmitted", "Unheard", "",
    ]
)  # fmt: skip
_DETAILS = st.one_of(
    st.none(),
    st.text(max_size=3),
    st.fixed_dictionaries(
        {},
        optional={
            "name": st.sampled_from(["A", "B", "C"]),
            "state": st.sampled_from(["A", "B"]),
            "index": st.integers(0, 2),
            "resource": st.sampled_from(["sendMessage.waitForTaskToken", "x.sync"]),
            "parameters": st.sampled_from(["{}", "{", '{"Task": {"Token": "abc"}}']),
            "input": st.sampled_from(["{}", "null", 7]),
            "timeoutInSeconds": st.sampled_from([5, True, "5", None]),
        },
    ),
)


@st.composite
def _any_events(draw: st.DrawFn) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = []
    for number, kind in enumerate(draw(st.lists(_KINDS, min_size=1, max_size=40)), start=1):
        name = f"{kind[:1].lower()}{kind[1:]}EventDetails"
        for end in ("Entered", "Exited"):
            if kind.endswith(f"State{end}"):
                name = f"state{end}EventDetails"
        previous = draw(st.integers(0, number - 1))
        event = {"id": number, "type": kind, "previousEventId": previous, "timestamp": BEGAN}
        events.append({**event, name: draw(_DETAILS)})
    return events


@given(_any_events())
def test_whatever_the_events_only_a_history_error_is_raised(events: list[dict[str, Any]]) -> None:
    try:
        history = read_history(events=events, definition=None)
    except HistoryError:
        return
    assert history.last_event_id == len(events)
    assert history.ended is None or history.waiting == ()


@given(_any_events())
def test_whatever_the_events_a_closed_task_stays_closed(events: list[dict[str, Any]]) -> None:
    closed: dict[int, int] = {}
    for last in range(1, len(events) + 1):
        try:
            history = read_history(events=events[:last], definition=None)
        except HistoryError:
            return
        now = {t.scheduled_event_id: t.closed.event_id for t in history.tasks if t.closed}
        assert closed.items() <= now.items()
        closed = now

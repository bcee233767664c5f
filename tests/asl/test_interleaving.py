"""However branches interleave, as long as links are kept, the same tasks come out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from callbacks.asl.history import History, read_history
from tests.asl.histories import BEGAN, Script, aws_token, callback, machine

_DEFINITION = machine(
    {
        "Both": {
            "Type": "Parallel",
            "End": True,
            "Branches": [
                {"StartAt": f"Ask{n}", "States": {f"Ask{n}": callback()}} for n in range(4)
            ]
            + [
                {
                    "StartAt": "Photos",
                    "States": {
                        "Photos": {
                            "Type": "Map",
                            "End": True,
                            "ItemProcessor": {
                                "StartAt": "Review",
                                "States": {"Review": callback()},
                            },
                        }
                    },
                }
            ],
        }
    }
)


@dataclass(frozen=True)
class Strand:
    """One branch or iteration: how often its task is tried and how that ends."""

    state: str
    tries: int
    ending: str | None
    index: int | None = None


@st.composite
def _strands(draw: st.DrawFn) -> list[Strand]:
    def strand(state: str, index: int | None = None) -> Strand:
        endings = st.sampled_from([None, "TaskSucceeded", "TaskFailed"])
        return Strand(state, draw(st.integers(1, 3)), draw(endings), index)

    branches = [strand(f"Ask{n}") for n in range(draw(st.integers(1, 4)))]
    return branches + [strand("Review", n) for n in range(draw(st.integers(0, 3)))]


def _written(strands: list[Strand]) -> Script:
    """One strand after the other: the order that the others are permutations of."""
    script = Script()
    started = script.parallel_start("Both", 0)
    photos = script.map_start("Photos", started, 3)
    for strand in strands:
        _write(script, strand, started, photos)
    return script


def _write(script: Script, strand: Strand, started: int, photos: int) -> None:
    before = started
    if strand.index is not None:
        before = script.iteration("Started", photos, "Photos", strand.index)
    at = script.enter(strand.state, before)
    for number in range(strand.tries):
        if number:
            at = script.add("TaskTimedOut", at, error="States.Timeout")
        at = script.attempt(at, aws_token(f"{strand.state}{strand.index}{number}"))
    if strand.ending:
        at = script.add(strand.ending, at)
    if strand.ending == "TaskSucceeded":
        script.exit(strand.state, at)


def _renumbered(events: list[dict[str, Any]], order: list[int]) -> list[dict[str, Any]]:
    new_ids = {0: 0} | {old: new for new, old in enumerate(order, start=1)}
    by_id = {event["id"]: event for event in events}
    return [
        {
            **by_id[old],
            "id": new_ids[old],
            "previousEventId": new_ids[by_id[old]["previousEventId"]],
            "timestamp": BEGAN,
        }
        for old in order
    ]


@st.composite
def _shuffled(draw: st.DrawFn) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """A history, and the same with its events in another order that keeps every link."""
    events = _written(draw(_strands())).events
    followers: dict[int, list[int]] = {}
    for event in events[1:]:
        followers.setdefault(event["previousEventId"] or 1, []).append(event["id"])
    order, ready = [], [1]
    while ready:
        order.append(ready.pop(draw(st.integers(0, len(ready) - 1))))
        ready += followers.get(order[-1], [])
    return events, _renumbered(events, order)


def _facts(history: History) -> set[tuple[Any, ...]]:
    return {
        (
            task.state,
            task.iteration,
            task.entry_number,
            task.attempt,
            task.token,
            task.closed.kind if task.closed else None,
        )
        for task in history.tasks
    }


@given(_shuffled())
def test_order_between_branches_makes_no_difference(
    histories: tuple[list[dict[str, Any]], list[dict[str, Any]]],
) -> None:
    written, shuffled = histories

    first = read_history(events=written, definition=_DEFINITION)
    second = read_history(events=shuffled, definition=_DEFINITION)

    assert _facts(first) == _facts(second)
    assert len(first.waiting) == len(second.waiting)


@given(_shuffled())
def test_every_task_is_found_with_its_own_token(
    histories: tuple[list[dict[str, Any]], list[dict[str, Any]]],
) -> None:
    history = read_history(events=histories[1], definition=_DEFINITION)

    tokens = [task.token for task in history.tasks]

    assert None not in tokens
    assert len(set(tokens)) == len(tokens)

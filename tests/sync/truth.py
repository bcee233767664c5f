"""What became of each callback task, read off the simulator's histories by their links alone.

It shares nothing with what it judges. Known are the workflows of `tests.sync.course`: at most one
Parallel or Map deep, so that the first thing that ends around a task is what ends it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from callbacks.models import CallbackTask, Execution
from tests.simulator.control import Control

Event = dict[str, Any]
# Redrive count and the id of the scheduled event.
Key = tuple[int, int]
# The kind of the closing, and the event where it is the task's own; "" while it waits.
Ending = tuple[str, int | None]

OPEN: Ending = ("", None)
_OWN = {"TaskSucceeded": "succeeded", "TaskFailed": "failed", "TaskTimedOut": "timed_out"}
_UNDER_WAY = ("TaskStarted", "TaskSubmitted")
_AROUND = ("ParallelStateFailed", "MapStateFailed")
_EXECUTION = {
    "ExecutionFailed": "execution_failed",
    "ExecutionAborted": "stopped",
    "ExecutionTimedOut": "execution_timed_out",
}


def endings(history: Sequence[Event]) -> dict[Key, Ending]:
    """Every callback task of an execution and how it ended."""
    following: dict[int, list[Event]] = {}
    for event in history:
        following.setdefault(event["previousEventId"], []).append(event)
    found: dict[Key, Ending] = {}
    redrives = 0
    for event in history:
        redrives += event["type"] == "ExecutionRedriven"
        if event["type"] == "TaskScheduled" and _waits(event):
            ending = _own(event, following) or _around(history[event["id"] :])
            found[redrives, event["id"]] = ending
    return found


def _waits(event: Event) -> bool:
    return str(event["taskScheduledEventDetails"]["resource"]).endswith(".waitForTaskToken")


def _own(event: Event, following: Mapping[int, list[Event]]) -> Ending | None:
    for after in following.get(event["id"], ()):
        if after["type"] in _OWN:
            return _OWN[after["type"]], after["id"]
        if after["type"] in _UNDER_WAY:
            return _own(after, following)
    return None


def _around(later: Iterable[Event]) -> Ending:
    for event in later:
        if event["type"] in _AROUND:
            return "sibling_failed", None
        if event["type"] in _EXECUTION:
            return _EXECUTION[event["type"]], None
    return OPEN


def mirrored() -> dict[str, dict[Key, Ending]]:
    """The same as the mirror has it, by the execution's ARN."""
    found: dict[str, dict[Key, Ending]] = {}
    rows = CallbackTask.objects.values_list(
        "execution__arn", "redrive_count", "scheduled_event_id", "closed_kind", "closed_event_id"
    )
    for arn, redrives, scheduled, kind, event_id in rows:
        own = event_id if kind in _OWN.values() else None
        found.setdefault(arn, {})[redrives, scheduled] = (kind, own)
    return found


def with_children(simulator: Control, arns: Iterable[str]) -> Iterator[str]:
    """These executions, and the children of their distributed Maps."""
    for arn in arns:
        yield arn
        for run in simulator.call("ListMapRuns", executionArn=arn)["mapRuns"]:
            lines = simulator.call("ListExecutions", mapRunArn=run["mapRunArn"])["executions"]
            yield from (line["executionArn"] for line in lines)


def waiting_differs(simulator: Control) -> set[tuple[str, int, int]]:
    """Tasks that wait here or there, and not in both."""
    truly = {
        (one["execution_arn"], one["redrive_count"], one["event_id"]) for one in simulator.tokens()
    }
    rows = CallbackTask.objects.waiting()
    return truly ^ set(rows.values_list("execution__arn", "redrive_count", "scheduled_event_id"))


def differences(simulator: Control, arns: Iterable[str]) -> list[str]:
    """Where the mirror departs from the truth about these executions, in words.

    What else the mirror has, and what it lacks, counts too: every execution with its status, every
    task that waits or waited with what ended it.
    """
    all_of_them = list(with_children(simulator, arns))
    statuses = dict(Execution.objects.values_list("arn", "status"))
    tasks = mirrored()
    found = [f"{arn} is too much" for arn in (statuses.keys() | tasks.keys()) - set(all_of_them)]
    for arn in all_of_them:
        found += _differences_of(simulator, arn, statuses.get(arn), tasks.get(arn, {}))
    waiting = waiting_differs(simulator)
    return [*found, *(f"{one} waits here or there only" for one in waiting)]


def _differences_of(
    simulator: Control, arn: str, status: str | None, tasks: Mapping[Key, Ending]
) -> Iterator[str]:
    truly = simulator.execution(arn)["status"]
    # Until its turn comes, the mirror says of a child how it ended before the redrive.
    may_be = {"FAILED", "ABORTED", "TIMED_OUT"} if truly == "PENDING_REDRIVE" else {truly}
    if status not in may_be:
        yield f"{arn} is {status}, truly {truly}"
    expected = endings(simulator.history(arn))
    for key in expected.keys() | tasks.keys():
        if expected.get(key) != tasks.get(key):
            yield f"{arn} task {key} is {tasks.get(key)}, truly {expected.get(key)}"

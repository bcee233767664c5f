"""How many wait at each step of a workflow, and how long such waits took that are over."""

from __future__ import annotations

import math
import uuid
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from django.db.models import QuerySet

from callbacks.models import OPEN_TASKS, CallbackTask, StateMachine, TaskStatus
from callbacks.queries.paging import COUNT_LIMIT
from callbacks.queries.past_answers import said_no
from callbacks.queries.sight import Sight
from callbacks.queries.workflows import BoundedCount, tasks_in

# The usual wait is told of at most so many, the newest.
SAMPLE = 2000
# What of the usual waits is looked back at.
LOOK_BACK = timedelta(days=30)
# Answers are counted by how long they took, up to so many seconds each, and beyond the last.
ANSWER_BOUNDS = (60, 300, 900, 3_600, 14_400, 43_200, 86_400)
# Map Runs of a workflow that are looked into for that, the newest.
MAP_RUNS = 200


@dataclass(frozen=True, slots=True)
class UsualWait:
    """Of so many waits at one step that are over; times in seconds."""

    count: int
    median: float
    # 95 of 100 took no longer.
    p95: float
    ran_out: int
    # Of those that were answered: how many up to each of ANSWER_BOUNDS and beyond the last, and how
    # many of all with a yes.
    answered: tuple[int, ...]
    approved: int

    @property
    def answers(self) -> int:
        return sum(self.answered)


@dataclass(frozen=True, slots=True)
class _Wait:
    """One that is over."""

    seconds: float
    status: str
    kind: str
    # Rejected from here by a success that says no.
    said_no: bool


@dataclass(frozen=True, slots=True)
class UsualWaits:
    by_state: Mapping[str, UsualWait]
    count: int
    # Of all steps together.
    all: UsualWait | None = None

    @property
    def is_part(self) -> bool:
        """Whether older ones were left out."""
        return self.count >= SAMPLE


def open_by_state(
    *, workflow: StateMachine, sight: Sight, status: TaskStatus, states: Collection[str]
) -> Mapping[str, int]:
    """How many wait (or run) at each step, COUNT_LIMIT + 1 at most; one query, or two for many.

    Also at steps that are not among `states`, which today's definition names.
    """
    # In the order of the indexes of lists, which then are read only as far as is counted.
    ordered = tasks_in(workflow=workflow, sight=sight).order_by("dies_earliest", "id")
    tasks = ordered.filter(status=status)
    first = Counter(tasks.values_list("state", flat=True)[: COUNT_LIMIT + 1])
    if first.total() <= COUNT_LIMIT:
        return first
    return _counted(workflow, tasks, sorted({*states, *first}))


def _counted(
    workflow: StateMachine, tasks: QuerySet[CallbackTask], states: Collection[str]
) -> Mapping[str, int]:
    """Each step by itself, so that one with many hides no other: one query."""
    counts = {
        f"of_{number}": BoundedCount(tasks.filter(state=state).values("pk")[: COUNT_LIMIT + 1])
        for number, state in enumerate(states)
    }
    (row,) = StateMachine.objects.filter(pk=workflow.pk).values_list(*counts.values())
    return {state: number for state, number in zip(states, row, strict=True) if number}


def usual_waits(
    *, workflow: StateMachine, tasks: QuerySet[CallbackTask], since: datetime
) -> UsualWaits:
    """Of all waits that ended since then, however they did, or the newest SAMPLE: two queries.

    `tasks`: those that the reader may know of. Found over the executions, not by the name: of a
    workflow that seldom runs there are few of those, and of one that often runs the newest tasks
    are soon enough.
    """
    rows = _ended(tasks, since).filter(execution__state_machine_id__in=_machines(workflow))
    waits: dict[str, list[_Wait]] = defaultdict(list)
    for state, *row in rows.values_list("state", *_COLUMNS)[:SAMPLE]:
        waits[state].append(_wait(*row))
    return UsualWaits(
        by_state={state: found for state, those in waits.items() if (found := _usual(those))},
        count=sum(map(len, waits.values())),
        all=_usual([wait for those in waits.values() for wait in those]),
    )


def newest_waits(*, tasks: QuerySet[CallbackTask], since: datetime) -> UsualWait | None:
    """The same of the newest SAMPLE of all workflows: one query."""
    rows = _ended(tasks, since).filter(status=TaskStatus.ANSWERED).values_list(*_COLUMNS)
    return _usual([_wait(*row) for row in rows[:SAMPLE]])


_COLUMNS = ("waiting_since", "closed_at", "status", "closed_kind", "said_no")


def _ended(tasks: QuerySet[CallbackTask], since: datetime) -> QuerySet[CallbackTask]:
    return (
        tasks.filter(changed_at__gte=since, closed_at__gte=since, early_completion=False)
        .annotate(said_no=said_no())
        .exclude(status__in=OPEN_TASKS)
        .order_by("-changed_at")
    )


def _wait(began: datetime, ended: datetime | None, *told: Any) -> _Wait:
    seconds = max(0.0, (ended - began).total_seconds()) if ended else 0.0
    return _Wait(seconds, *told)


def _machines(workflow: StateMachine) -> list[uuid.UUID]:
    """The state machine and its newest Map Runs, whose children run under them."""
    runs = StateMachine.objects.filter(parent__state_machine=workflow).order_by(
        "-parent__started_at", "id"
    )
    return [workflow.pk, *runs.values_list("pk", flat=True)[:MAP_RUNS]]


def _usual(waits: Sequence[_Wait]) -> UsualWait | None:
    if not waits:
        return None
    ordered = sorted(wait.seconds for wait in waits)
    answers = [wait for wait in waits if wait.status == TaskStatus.ANSWERED]
    counts = Counter(bisect_left(ANSWER_BOUNDS, wait.seconds) for wait in answers)
    return UsualWait(
        count=len(ordered),
        median=median(ordered),
        p95=ordered[math.ceil(len(ordered) * 0.95) - 1],
        ran_out=sum(wait.status == TaskStatus.TIMED_OUT for wait in waits),
        answered=tuple(counts[number] for number in range(len(ANSWER_BOUNDS) + 1)),
        approved=sum(wait.kind == "succeeded" and not wait.said_no for wait in answers),
    )

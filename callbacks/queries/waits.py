"""How many wait at each step of a workflow, and how long such waits took that are over."""

from __future__ import annotations

import math
import uuid
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from django.db.models import QuerySet

from callbacks.models import OPEN_TASKS, CallbackTask, StateMachine, TaskStatus
from callbacks.queries.paging import COUNT_LIMIT
from callbacks.queries.sight import Sight, visible_tasks
from callbacks.queries.workflows import BoundedCount, tasks_in

# The usual wait is told of at most so many, the newest.
SAMPLE = 2000
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


@dataclass(frozen=True, slots=True)
class UsualWaits:
    by_state: Mapping[str, UsualWait]
    count: int

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


def usual_waits(*, workflow: StateMachine, sight: Sight, since: datetime) -> UsualWaits:
    """Of all waits that ended since then, however they did, or the newest SAMPLE: two queries.

    Found over the executions, not by the name: of a workflow that seldom runs there are few of
    those, and of one that often runs the newest tasks are soon enough.
    """
    rows = (
        visible_tasks(sight)
        .filter(
            execution__state_machine_id__in=_machines(workflow),
            changed_at__gte=since,
            closed_at__gte=since,
            early_completion=False,
        )
        .exclude(status__in=OPEN_TASKS)
        .order_by("-changed_at")
        .values_list("state", "waiting_since", "closed_at", "status")[:SAMPLE]
    )
    waits: dict[str, list[float]] = defaultdict(list)
    ran_out: Counter[str] = Counter()
    for state, began, ended, status in rows:
        waits[state].append(max(0.0, (ended - began).total_seconds()) if ended else 0.0)
        ran_out[state] += status == TaskStatus.TIMED_OUT
    return UsualWaits(
        by_state={state: _usual(took, ran_out[state]) for state, took in waits.items()},
        count=sum(map(len, waits.values())),
    )


def _machines(workflow: StateMachine) -> list[uuid.UUID]:
    """The state machine and its newest Map Runs, whose children run under them."""
    runs = StateMachine.objects.filter(parent__state_machine=workflow).order_by(
        "-parent__started_at", "id"
    )
    return [workflow.pk, *runs.values_list("pk", flat=True)[:MAP_RUNS]]


def _usual(took: list[float], ran_out: int) -> UsualWait:
    ordered = sorted(took)
    return UsualWait(
        count=len(ordered),
        median=median(ordered),
        p95=ordered[math.ceil(len(ordered) * 0.95) - 1],
        ran_out=ran_out,
    )

"""The Map Runs of an execution, and what waits in their children and in the Map Runs of those."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, Q

from callbacks.models import Execution, ExecutionStatus, StateMachine, TaskStatus
from callbacks.queries.paging import COUNT_LIMIT
from callbacks.queries.sight import Sight, visible_tasks
from callbacks.queries.workflows import BoundedCount

# Maps inside the children of Maps, as deep as anybody nests them.
DEEPEST_MAPS = 3
# A loop around a distributed Map makes a run each time.
RUNS_SHOWN = 20


@dataclass(frozen=True, slots=True)
class MapRunLine:
    """`waiting` counts what the reader may see, up to more than COUNT_LIMIT."""

    id: uuid.UUID
    arn: str
    over_at: datetime | None
    waiting: int


def map_runs_of(*, execution: Execution, sight: Sight) -> Sequence[MapRunLine]:
    """Those at work, then those that were over last; RUNS_SHOWN + 1 at most.

    One query; where there are any two more, and one for each depth of Maps in Maps.
    """
    rows = StateMachine.objects.filter(parent=execution)
    ordered = rows.order_by(F("over_at").desc(nulls_first=True), "arn")
    runs = ordered.values_list("id", "arn", "over_at")[: RUNS_SHOWN + 1]
    counts = _waiting_in([key for key, _arn, _over_at in runs], execution, sight)
    return tuple(MapRunLine(*run, waiting) for run, waiting in zip(runs, counts, strict=True))


def arn_of(*, map_run_id: uuid.UUID) -> str:
    """Or "" where it is not known: one query."""
    rows = StateMachine.objects.filter(pk=map_run_id, parent__isnull=False)
    return rows.values_list("arn", flat=True).first() or ""


def inside(*, map_run_id: uuid.UUID) -> Q:
    """Of tasks that wait: they are of its children, or of the Map Runs of those.

    Asks one query, and one more for each depth of Maps in Maps.
    """
    return _of_children(_families([map_run_id])[map_run_id])


def _families(map_run_ids: Sequence[uuid.UUID]) -> Mapping[uuid.UUID, Sequence[uuid.UUID]]:
    """Each of these runs with the runs in its children.

    Named one by one: of a list inside a list no database knows how short it is.
    """
    outermost = {key: key for key in map_run_ids}
    level: Sequence[uuid.UUID] = map_run_ids
    for _ in range(DEEPEST_MAPS - 1):
        rows = StateMachine.objects.filter(
            parent__state_machine__in=level, parent__status=ExecutionStatus.RUNNING
        ).values_list("id", "parent__state_machine_id")
        found = {key: outermost[around] for key, around in rows if around is not None}
        if not found:
            break
        outermost |= found
        level = list(found)
    families: dict[uuid.UUID, list[uuid.UUID]] = defaultdict(list)
    for key, root in outermost.items():
        families[root].append(key)
    return families


def _of_children(map_run_ids: Sequence[uuid.UUID]) -> Q:
    # Nothing waits in an execution that is over, and most children soon are.
    return Q(execution__state_machine__in=map_run_ids, execution__status=ExecutionStatus.RUNNING)


def _waiting_in(
    map_run_ids: Sequence[uuid.UUID], execution: Execution, sight: Sight
) -> Sequence[int]:
    """How many the reader may see in each, counted one by one: so each is found by its children."""
    if not map_run_ids:
        return ()
    families = _families(map_run_ids)
    tasks = visible_tasks(sight).filter(status=TaskStatus.WAITING).order_by()
    counts = [
        BoundedCount(tasks.filter(_of_children(families[key])).values("pk")[: COUNT_LIMIT + 1])
        for key in map_run_ids
    ]
    (row,) = Execution.objects.filter(pk=execution.pk).values_list(*counts)
    return tuple(row)

"""The Map Runs of an execution, and what waits in their children and in the Map Runs of those."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, F, OuterRef, Q

from callbacks.models import Connection, Execution, ExecutionStatus, StateMachine, TaskStatus
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


@dataclass(frozen=True, slots=True)
class MapRunFacts:
    """A Map Run, and the execution that it is a part of."""

    id: uuid.UUID
    arn: str
    execution_id: uuid.UUID


def map_runs_of(*, execution: Execution, sight: Sight) -> Sequence[MapRunLine]:
    """Those at work, then those that were over last; RUNS_SHOWN + 1 at most.

    One query; where there are any two more, and one for each depth of Maps in Maps.
    """
    rows = StateMachine.objects.filter(parent=execution)
    ordered = rows.order_by(F("over_at").desc(nulls_first=True), "arn")
    runs = ordered.values_list("id", "arn", "over_at")[: RUNS_SHOWN + 1]
    counts = _waiting_in([key for key, _arn, _over_at in runs], execution, sight)
    return tuple(MapRunLine(*run, waiting) for run, waiting in zip(runs, counts, strict=True))


def names_of(*, map_run_id: uuid.UUID, sight: Sight) -> tuple[str, str] | None:
    """Its ARN and the definition of the run that it is a part of: one query.

    None where there is none, or where the reader may see nothing of what it held.
    """
    rows = StateMachine.objects.filter(pk=map_run_id, parent__isnull=False)
    if not sight.sees_all:
        theirs = visible_tasks(sight).filter(execution__state_machine=OuterRef("pk"))
        rows = rows.filter(Exists(theirs))
    row = rows.values_list("arn", "parent__definition__text").first()
    return (row[0], row[1] or "") if row else None


def map_runs_around(*, executions: Iterable[Execution]) -> Mapping[uuid.UUID, MapRunFacts]:
    """By the id of the execution, where it is the child of one: one query, or none."""
    items = [one.pk for one in executions if one.is_item]
    if not items:
        return {}
    rows = Execution.objects.filter(pk__in=items, state_machine__parent__isnull=False)
    names = (f"state_machine__{name}" for name in ("id", "arn", "parent_id"))
    return {key: MapRunFacts(*run) for key, *run in rows.values_list("pk", *names)}


def find_map_runs(*, text: str) -> Sequence[uuid.UUID]:
    """Those that an id or an ARN names: one query."""
    rows = StateMachine.objects.filter(parent__isnull=False)
    if text.startswith("arn:"):
        # With every connection, by which the index of ARNs begins.
        rows = rows.filter(connection__in=Connection.objects.values("pk"), arn=text)
    else:
        rows = rows.filter(pk=uuid.UUID(text))
    return tuple(rows.values_list("pk", flat=True))


def inside(*, map_run_id: uuid.UUID) -> Q:
    """Of tasks that wait: they are of its children, or of the Map Runs of those.

    Asks one query, and one more for each depth of Maps in Maps.
    """
    return _of_children(_families([map_run_id])[map_run_id])


def ever_inside(*, map_run_ids: Sequence[uuid.UUID]) -> Q:
    """The same of all tasks, also of those that are over."""
    families = _families(map_run_ids, only_running=False)
    within = [key for family in families.values() for key in family]
    return Q(execution__state_machine__in=within)


def _families(
    map_run_ids: Sequence[uuid.UUID], *, only_running: bool = True
) -> Mapping[uuid.UUID, Sequence[uuid.UUID]]:
    """Each of these runs with the runs in its children.

    Named one by one: of a list inside a list no database knows how short it is.
    """
    outermost = {key: key for key in map_run_ids}
    level: Sequence[uuid.UUID] = map_run_ids
    running = {"parent__status": ExecutionStatus.RUNNING} if only_running else {}
    for _ in range(DEEPEST_MAPS - 1):
        rows = StateMachine.objects.filter(parent__state_machine__in=level, **running).values_list(
            "id", "parent__state_machine_id"
        )
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

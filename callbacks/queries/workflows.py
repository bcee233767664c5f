"""Workflows: their definitions, which of them one may see, and how many wait in each."""

from __future__ import annotations

import re
import uuid
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, IntegerField, OuterRef, Q, QuerySet, Subquery

from callbacks.models import (
    MAY_WAIT,
    CallbackTask,
    Definition,
    Measurement,
    StateMachine,
    TaskStatus,
    WorkflowFigures,
)
from callbacks.queries.paging import COUNT_LIMIT, PAGE_SIZE, BadCursor
from callbacks.queries.sight import Sight, visible_tasks

# Beside those in which something waits, the newest so many of an approver's requests tell which
# workflows are theirs: a page cannot pass over all that ever ended.
RECENT = 1000
_LISTED = (
    *(
        "name",
        "connection_id",
        "connection__name",
        "is_deleting",
        "tags",
        "tags_read_at",
        "definition__text",
    ),
    *(
        f"figures__{name}"
        for name in ("measured_at", "waiting", "ended", "ran_out", "median", "p95")
    ),
)
_CURSOR = re.compile(r"([0-9a-f]{32})-(.{1,80})", re.DOTALL)


class BoundedCount(Subquery):
    """How many rows the inner query has; it has to take no more than are counted."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) AS bounded)"
    output_field = IntegerField()


@dataclass(frozen=True, slots=True)
class NamePlace:
    """The place after which a page begins: the ordering name and the id of a row."""

    name: str
    id: uuid.UUID

    def __str__(self) -> str:
        return f"{self.id.hex}-{self.name}"


@dataclass(frozen=True, slots=True)
class WorkflowLine:
    """`waiting` counts what the reader may see, COUNT_LIMIT + 1 at most."""

    id: uuid.UUID
    name: str
    connection_id: uuid.UUID
    is_deleting: bool
    # None where sync has not read it yet.
    definition: Definition | None
    waiting: int
    tags: Mapping[str, str] | None
    connection_name: str
    # What was measured last; None before the first time.
    figures: WorkflowFigures | None = None


@dataclass(frozen=True, slots=True)
class WorkflowPage:
    lines: tuple[WorkflowLine, ...]
    next: NamePlace | None


@dataclass(frozen=True, slots=True)
class MirroredDefinition:
    """`text` is None where sync has not read it yet."""

    name: str
    connection: str
    text: str | None


def mirrored_definitions(*, connection: str | None) -> Iterator[MirroredDefinition]:
    """Today's definition of every state machine that AWS lists, by connection and name."""
    rows = StateMachine.objects.without_map_runs().filter(gone_at=None)
    if connection is not None:
        rows = rows.filter(connection__name=connection)
    ordered = rows.order_by("connection__name", "name", "id")
    columns = ordered.values_list("name", "connection__name", "definition__text")
    # Each may be a megabyte.
    return (MirroredDefinition(*row) for row in columns.iterator(chunk_size=50))


def parse_place(text: str) -> NamePlace | None:
    """Return None for an empty text. Raises BadCursor."""
    if not text:
        return None
    match = _CURSOR.fullmatch(text)
    if match is None:
        raise BadCursor(text[:60])
    return NamePlace(name=match[2], id=uuid.UUID(match[1]))


def list_workflows(
    *,
    sight: Sight,
    text: str,
    has_all: bool,
    place: NamePlace | None,
    limit: int = PAGE_SIZE,
) -> WorkflowPage:
    """One page by name: one query, and one more for an approver.

    `text` has to stand in the name. Without `has_all` only those in which somebody may wait.
    """
    rows = visible_workflows(sight).filter(gone_at=None, name__icontains=text)
    if not has_all:
        rows = rows.filter(MAY_WAIT)
    if place is not None:
        rows = rows.filter(Q(name__gt=place.name) | Q(name=place.name, id__gt=place.id))
    # In the order of their index, which then is read only as far as is counted.
    ordered = _waiting_in(sight).order_by("dies_earliest", "id")
    found = (
        rows.select_related("definition", "connection", "figures")
        .only(*_LISTED)
        .annotate(waiting=BoundedCount(ordered.values("pk")[: COUNT_LIMIT + 1]))
        .order_by("name", "id")[: limit + 1]
    )
    lines = tuple(_line(machine) for machine in found)
    last = lines[limit - 1] if len(lines) > limit else None
    return WorkflowPage(lines[:limit], NamePlace(last.name, last.id) if last else None)


def waiting_by_hour(*, since: datetime) -> list[tuple[int, int]]:
    """How many waited in all, the oldest first: unix seconds and count."""
    rows = Measurement.objects.filter(hour__gte=since).order_by("hour")
    return [(int(hour.timestamp()), n) for hour, n in rows.values_list("hour", "waiting")]


def find_workflow(*, workflow_id: uuid.UUID, sight: Sight) -> StateMachine | None:
    """The state machine, or None where this person may see nothing of it.

    One query; for an approver two, or three where only requests are theirs that ended long ago.
    """
    found = _with_all(visible_workflows(sight), workflow_id)
    if found is not None or sight.sees_all:
        return found
    theirs = visible_tasks(sight).filter(execution__state_machine=OuterRef("pk"))
    return _with_all(StateMachine.objects.without_map_runs().filter(Exists(theirs)), workflow_id)


def _with_all(rows: QuerySet[StateMachine], workflow_id: uuid.UUID) -> StateMachine | None:
    return rows.select_related("connection", "definition").filter(pk=workflow_id).first()


def visible_workflows(sight: Sight) -> QuerySet[StateMachine]:
    """All of them, or for an approver those of their requests: waiting ones and the newest."""
    machines = StateMachine.objects.without_map_runs()
    if sight.sees_all:
        return machines
    return machines.filter(Exists(_waiting_in(sight)) | _of_recent_requests(sight))


def tasks_in(*, workflow: StateMachine, sight: Sight) -> QuerySet[CallbackTask]:
    """The tasks of a workflow that one may see, of its Map Runs too: they bear its name."""
    return visible_tasks(sight).filter(
        connection_id=workflow.connection_id, state_machine_name=workflow.name
    )


def _waiting_in(sight: Sight) -> QuerySet[CallbackTask]:
    """What waits in the state machine of an outer query."""
    return visible_tasks(sight).filter(
        status=TaskStatus.WAITING,
        connection_id=OuterRef("connection_id"),
        state_machine_name=OuterRef("name"),
    )


def _of_recent_requests(sight: Sight) -> Q:
    newest = visible_tasks(sight).order_by("-changed_at")
    names: dict[uuid.UUID, set[str]] = defaultdict(set)
    for connection_id, name in newest.values_list("connection_id", "state_machine_name")[:RECENT]:
        names[connection_id].add(name)
    found = Q(pk__in=[])
    for connection_id, theirs in names.items():
        found |= Q(connection_id=connection_id, name__in=theirs)
    return found


def _line(machine: Any) -> WorkflowLine:
    return WorkflowLine(
        id=machine.pk,
        name=machine.name,
        connection_id=machine.connection_id,
        is_deleting=machine.is_deleting,
        definition=machine.definition,
        waiting=machine.waiting,
        tags=machine.known_tags,
        connection_name=machine.connection.name,
        figures=getattr(machine, "figures", None),
    )

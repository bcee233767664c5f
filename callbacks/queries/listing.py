"""Tasks for programs: any status, paged by key, with every answer to each."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from django.db.models import Q, QuerySet

from callbacks.models import CallbackTask, Decision
from callbacks.queries.map_runs import ever_inside, find_map_runs
from callbacks.queries.paging import Cursor, after
from callbacks.queries.searching import after_runs, count_found, in_order, text_condition
from callbacks.queries.tasks import Order

PAYLOADS = (
    "input",
    "context",
    "parameters",
    "variables",
    "closed_output",
    "closed_cause",
    "token_ciphertext",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListFilter:
    """`status` "" is any; `connection` is a name or an id, `map_run` an ARN or an id."""

    status: str = ""
    connection: str = ""
    state_machine: str = ""
    state: str = ""
    map_run: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Listed:
    tasks: Sequence[CallbackTask]
    next: Cursor | None


def list_tasks(
    *,
    tasks: QuerySet[CallbackTask],
    filters: ListFilter,
    order: Order,
    cursor: Cursor | None,
    limit: int,
) -> Listed:
    """One page without payloads: one query, one more where words are looked for.

    Where a Map Run is asked for two more, and one for each depth of Maps in Maps.
    """
    column, descending = order.column, order.is_descending
    rows = tasks.filter(_condition(filters))
    found = count_found(rows) if filters.text else None
    beyond = rows.filter(after(column, cursor, descending=descending))
    # Of all tasks few may be of one Map Run: those are found by their runs, and sorted.
    sort = after_runs if filters.map_run else partial(in_order, found=found)
    ordered = sort(beyond, column, descending=descending)
    if filters.map_run or found is not None:
        # What has the words or is of the run may have to be sorted: only its ids, not whole rows.
        sign = "-" if descending else ""
        chosen = CallbackTask.objects.filter(pk__in=ordered.values("pk")[: limit + 1])
        ordered = chosen.order_by(f"{sign}{column}", f"{sign}id")
    listed = list(without_payloads(ordered)[: limit + 1]) if found != 0 else []
    page = listed[:limit]
    last = page[-1] if len(listed) > limit else None
    return Listed(page, Cursor(at=getattr(last, column), id=last.pk) if last else None)


def without_payloads(tasks: QuerySet[CallbackTask]) -> QuerySet[CallbackTask]:
    """With all that a list shows of connection, run and policy; not what only one page shows."""
    around = ("execution__input", "execution__output", "execution__cause", "policy__output_schema")
    return tasks.select_related("connection", "policy", "execution").defer(*PAYLOADS, *around)


def answers_to(*, task_ids: Collection[uuid.UUID]) -> Mapping[uuid.UUID, list[Decision]]:
    """Every answer to these tasks with its signatures, the latest first: two queries."""
    rows = Decision.objects.filter(task_id__in=task_ids).defer("output", "cause")
    found: dict[uuid.UUID, list[Decision]] = defaultdict(list)
    for decision in rows.prefetch_related("votes").order_by("-decided_at", "-id"):
        found[decision.task_id].append(decision)
    return found


def _condition(filters: ListFilter) -> Q:
    exact = {
        "status": filters.status,
        "state_machine_name": filters.state_machine,
        "state": filters.state,
    }
    found = Q(**{name: value for name, value in exact.items() if value})
    if filters.connection:
        found &= _of_connection(filters.connection)
    if filters.map_run:
        found &= ever_inside(map_run_ids=find_map_runs(text=filters.map_run))
    return found & text_condition(filters.text)


def _of_connection(text: str) -> Q:
    try:
        return Q(connection_id=uuid.UUID(text))
    except ValueError:
        return Q(connection__name=text)

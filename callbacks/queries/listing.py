"""Tasks for programs: any status, paged by key, with every answer to each."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from callbacks.models import CallbackTask, Decision
from callbacks.queries.paging import Cursor, after
from callbacks.queries.tasks import Order, text_condition

PAYLOADS = ("input", "context", "parameters", "closed_output", "closed_cause", "token_ciphertext")


@dataclass(frozen=True, slots=True, kw_only=True)
class ListFilter:
    """`status` "" is any; `connection` is a name or an id."""

    status: str = ""
    connection: str = ""
    state_machine: str = ""
    state: str = ""
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
    """One page without payloads: one query."""
    column, sign = order.column, "-" if order.is_descending else ""
    rows = without_payloads(tasks).filter(
        _condition(filters), after(column, cursor, descending=order.is_descending)
    )
    found = list(rows.order_by(f"{sign}{column}", f"{sign}id")[: limit + 1])
    page = found[:limit]
    last = page[-1] if len(found) > limit else None
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
    return found & text_condition(filters.text)


def _of_connection(text: str) -> Q:
    try:
        return Q(connection_id=uuid.UUID(text))
    except ValueError:
        return Q(connection__name=text)

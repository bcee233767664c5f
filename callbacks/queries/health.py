"""What the health routes tell: does the database answer, does sync run, and the figures."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import DatabaseError
from django.db.models import Count, Sum

from callbacks.models import (
    CallbackTask,
    CallCount,
    Connection,
    ConnectionHealth,
    Decision,
    Execution,
    ExecutionStatus,
    OpinionCount,
    Pulse,
)


@dataclass(frozen=True, slots=True)
class SyncAge:
    """`passed_at`: when the latest pass ended or began; `age`: seconds of what is shown, or None
    where nothing was ever read."""

    connection: str
    passed_at: datetime | None
    age: float | None


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of a metric, with the values of its labels in their order."""

    labels: tuple[str, ...]
    value: float


def database_answers() -> bool:
    try:
        Connection.objects.exists()
    except DatabaseError:
        return False
    return True


def last_pulse() -> datetime | None:
    """Return when a message of beat's last reached a worker, or a pass ended (1 query)."""
    return Pulse.objects.order_by("-at").values_list("at", flat=True).first()


def sync_ages(*, now: datetime) -> list[SyncAge]:
    """Return one line per connection that is mirrored (1 query)."""
    rows = Connection.objects.enabled().select_related("health").order_by("name")
    return [_age(row, now) for row in rows]


def waiting_tasks() -> list[Figure]:
    rows = CallbackTask.objects.waiting().values_list("connection__name").annotate(n=Count("*"))
    return _figures(rows)


def executions_set_aside() -> list[Figure]:
    """Return how many run whose history cannot be used, by connection (1 query)."""
    rows = Execution.objects.filter(status=ExecutionStatus.RUNNING).exclude(problem="")
    return _figures(rows.values_list("connection__name").annotate(n=Count("*")))


def decisions_by_status() -> list[Figure]:
    return _figures(Decision.objects.values_list("status").annotate(n=Count("*")))


def calls(*, what: str) -> list[Figure]:
    """Return the sums of `calls`, `throttles` or `denials` by connection and operation."""
    rows = CallCount.objects.values_list("connection__name", "operation").annotate(n=Sum(what))
    return _figures(rows)


def second_opinions() -> list[Figure]:
    """How often AWS was asked for its own forecast, by connection and how it stood to ours."""
    rows = OpinionCount.objects.order_by("connection__name", "verdict")
    return _figures(rows.values_list("connection__name", "verdict", "number"))


def _age(connection: Connection, now: datetime) -> SyncAge:
    health: ConnectionHealth | None = getattr(connection, "health", None)
    if health is None:
        return SyncAge(connection=connection.name, passed_at=None, age=None)
    read_at = health.read_ok_at
    return SyncAge(
        connection=connection.name,
        passed_at=health.pass_finished_at,
        age=(now - read_at).total_seconds() if read_at else None,
    )


def _figures(rows: Iterable[tuple[object, ...]]) -> list[Figure]:
    return [
        Figure(tuple(str(label) for label in labels), float(str(value or 0)))
        for *labels, value in rows
    ]

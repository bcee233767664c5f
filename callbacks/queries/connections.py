"""Connections: what was counted of them, never what was estimated."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Max, Sum

from callbacks.models import (
    MAY_WAIT,
    CallbackTask,
    CallCount,
    Connection,
    ConnectionHealth,
    StateMachine,
    TaskStatus,
)

# What one person reads; the problems of more workflows than this stand in the log.
PROBLEM_LIMIT = 20


@dataclass(frozen=True, slots=True)
class Calls:
    """Calls of one operation in a span of whole hours."""

    operation: str
    calls: int
    throttles: int
    denials: int
    last_hour: datetime


@dataclass(frozen=True, slots=True)
class ConnectionLine:
    """One connection of the list; `health` is None before the first pass."""

    connection: Connection
    health: ConnectionHealth | None
    waiting: int
    throttles: int
    denials: int


@dataclass(frozen=True, slots=True)
class ConnectionDetail:
    line: ConnectionLine
    calls: tuple[Calls, ...]
    machines: int
    can_wait: int
    problems: tuple[tuple[str, str], ...]


def list_connections(*, now: datetime) -> tuple[ConnectionLine, ...]:
    """All of them by name: three queries."""
    connections = list(Connection.objects.select_related("health").order_by("name"))
    waiting = _waiting_by_connection()
    counts = _counts(since=hour_of(now) - timedelta(hours=1))
    return tuple(_line(connection, waiting, counts) for connection in connections)


def connection_detail(*, connection_id: uuid.UUID, now: datetime) -> ConnectionDetail | None:
    """One connection: six queries. None where there is none of this id."""
    connection = Connection.objects.select_related("health").filter(pk=connection_id).first()
    if connection is None:
        return None
    machines = StateMachine.objects.filter(connection=connection, gone_at=None)
    # A Map Run has problems of its own, but is no state machine.
    figures = machines.filter(parent=None).aggregate(
        machines=Count("id"), can_wait=Count("id", filter=MAY_WAIT)
    )
    problems = machines.exclude(problem="").order_by("name").values_list("name", "problem")
    return ConnectionDetail(
        line=_line(
            connection,
            _waiting_by_connection(),
            _counts(since=hour_of(now) - timedelta(hours=1)),
        ),
        calls=_calls(connection, since=hour_of(now) - timedelta(hours=23)),
        problems=tuple(problems[:PROBLEM_LIMIT]),
        **figures,
    )


def hour_of(now: datetime) -> datetime:
    return now.replace(minute=0, second=0, microsecond=0)


def _line(
    connection: Connection,
    waiting: Mapping[uuid.UUID, int],
    counts: Mapping[uuid.UUID, Mapping[str, Any]],
) -> ConnectionLine:
    count = counts.get(connection.pk, {})
    return ConnectionLine(
        connection=connection,
        health=getattr(connection, "health", None),
        waiting=waiting.get(connection.pk, 0),
        throttles=count.get("throttles", 0),
        denials=count.get("denials", 0),
    )


def _waiting_by_connection() -> dict[uuid.UUID, int]:
    # Few people open this page, and one pass over the waiting costs less than one per connection.
    rows = CallbackTask.objects.filter(status=TaskStatus.WAITING).values_list("connection_id")
    # Of rows, not of ids: the index of the waiting answers it alone.
    return dict(rows.annotate(n=Count("*")))


def _counts(*, since: datetime) -> dict[uuid.UUID, Mapping[str, Any]]:
    rows = CallCount.objects.filter(hour__gte=since).values("connection_id")
    return {
        row["connection_id"]: row
        for row in rows.annotate(throttles=Sum("throttles"), denials=Sum("denials"))
    }


def _calls(connection: Connection, *, since: datetime) -> tuple[Calls, ...]:
    rows = CallCount.objects.filter(connection=connection, hour__gte=since).values_list("operation")
    summed = rows.annotate(
        calls_made=Sum("calls"),
        throttled=Sum("throttles"),
        denied=Sum("denials"),
        last=Max("hour"),
    )
    return tuple(Calls(*row) for row in summed.order_by("operation"))

"""Connections: what was counted of them, never what was estimated."""

from __future__ import annotations

import shlex
import uuid
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Max, Q, Sum, Window
from django.db.models.functions import RowNumber

from callbacks.models import (
    MAY_WAIT,
    OPEN_TASKS,
    CallbackTask,
    CallBudget,
    CallCount,
    Connection,
    ConnectionHealth,
    Decision,
    DecisionStatus,
    StateMachine,
    TaskStatus,
)
from callbacks.queries.rights import Place

# What one person reads; the problems of more workflows than this stand in the log.
PROBLEM_LIMIT = 20
# An old throttle explains no new delay.
THROTTLE_COUNTS_FOR = timedelta(minutes=10)


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
    # The operations that AWS has throttled lately.
    slowed: tuple[str, ...]
    # Why its state machines and Map Runs could not be read, by name.
    problems: tuple[tuple[str, str], ...]

    @property
    def place(self) -> Place:
        """Where rights are judged."""
        return Place(self.connection, self.health, [problem for _name, problem in self.problems])


@dataclass(frozen=True, slots=True)
class ConnectionDetail:
    line: ConnectionLine
    calls: tuple[Calls, ...]
    machines: int
    can_wait: int


@dataclass(frozen=True, slots=True)
class Unsent:
    """Answers over one connection that are not out; `due` of them nothing else holds back."""

    held: int
    due: int


def unsent_answers(*, name: str, now: datetime) -> Unsent:
    """One query."""
    held, kept = Q(status=DecisionStatus.HELD), Q(status=DecisionStatus.SENDING, lease_until=None)
    rows = Decision.objects.unsettled().filter(
        held | kept, task__status__in=OPEN_TASKS, task__connection__name=name
    )
    found = rows.aggregate(
        held=Count("pk"),
        due=Count("pk", filter=Q(status=DecisionStatus.SENDING) | Q(send_after__lte=now)),
    )
    return Unsent(**found)


def is_held_by_switch(decision: Decision) -> bool:
    """Whether it is not out because its connection is off: one query, none where it is out."""
    rows = Connection.objects.filter(pk=decision.connection_id, is_enabled=False)
    return decision.is_unsent and rows.exists()


def switch_on_command(*, name: str) -> str:
    """What whoever runs Holdpoint types; no page does it."""
    return f"manage.py switch_connection {shlex.quote(name)} on"


def list_connections(*, now: datetime) -> tuple[ConnectionLine, ...]:
    """All of them by name: five queries."""
    return _lines(list(Connection.objects.select_related("health").order_by("name")), now)


def connection_detail(*, connection_id: uuid.UUID, now: datetime) -> ConnectionDetail | None:
    """One connection: seven queries. None where there is none of this id."""
    connection = Connection.objects.select_related("health").filter(pk=connection_id).first()
    if connection is None:
        return None
    machines = StateMachine.objects.without_map_runs().filter(connection=connection, gone_at=None)
    figures = machines.aggregate(machines=Count("id"), can_wait=Count("id", filter=MAY_WAIT))
    (line,) = _lines([connection], now)
    return ConnectionDetail(
        line=line,
        calls=_calls(connection, since=hour_of(now) - timedelta(hours=23)),
        **figures,
    )


def hour_of(now: datetime) -> datetime:
    return now.replace(minute=0, second=0, microsecond=0)


def _lines(connections: Collection[Connection], now: datetime) -> tuple[ConnectionLine, ...]:
    waiting = _waiting_by_connection()
    throttles = _throttles(since=hour_of(now) - timedelta(hours=1))
    slowed = _slowed(connections, since=now - THROTTLE_COUNTS_FOR)
    problems = _problems(connections)
    return tuple(
        ConnectionLine(
            connection=one,
            health=getattr(one, "health", None),
            waiting=waiting.get(one.pk, 0),
            throttles=throttles.get(one.pk, 0),
            slowed=tuple(slowed.get(one.pk, ())),
            problems=tuple(problems.get(one.pk, ())),
        )
        for one in connections
    )


def _problems(connections: Collection[Connection]) -> Mapping[uuid.UUID, list[tuple[str, str]]]:
    """The first of each connection by name. A Map Run has problems too, but is no state machine."""
    rows = StateMachine.objects.filter(connection__in=connections, gone_at=None)
    number = Window(RowNumber(), partition_by="connection_id", order_by="name")
    first = rows.exclude(problem="").annotate(number=number).filter(number__lte=PROBLEM_LIMIT)
    found: dict[uuid.UUID, list[tuple[str, str]]] = defaultdict(list)
    for key, name, problem in first.order_by("name").values_list(
        "connection_id", "name", "problem"
    ):
        found[key].append((name, problem))
    return found


def _waiting_by_connection() -> dict[uuid.UUID, int]:
    # Few people open this page, and one pass over the waiting costs less than one per connection.
    rows = CallbackTask.objects.filter(status=TaskStatus.WAITING).values_list("connection_id")
    # Of rows, not of ids: the index of the waiting answers it alone.
    return dict(rows.annotate(n=Count("*")))


def _throttles(*, since: datetime) -> dict[uuid.UUID, int]:
    rows = CallCount.objects.filter(hour__gte=since).values_list("connection_id")
    return dict(rows.annotate(n=Sum("throttles")))


def _slowed(
    connections: Collection[Connection], *, since: datetime
) -> Mapping[uuid.UUID, list[str]]:
    rows = CallBudget.objects.filter(connection__in=connections, throttled_at__gt=since)
    found: dict[uuid.UUID, list[str]] = defaultdict(list)
    for key, operation in rows.order_by("operation").values_list("connection_id", "operation"):
        found[key].append(operation)
    return found


def _calls(connection: Connection, *, since: datetime) -> tuple[Calls, ...]:
    rows = CallCount.objects.filter(connection=connection, hour__gte=since).values_list("operation")
    summed = rows.annotate(
        calls_made=Sum("calls"),
        throttled=Sum("throttles"),
        denied=Sum("denials"),
        last=Max("hour"),
    )
    return tuple(Calls(*row) for row in summed.order_by("operation"))

"""The executions of a connection that are to be read, as the mirror's rows say: the longest first.

Nothing is kept in memory from one pass to the next: what a list has shown is a row, and stays in
the queue until it has been read.
"""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q, QuerySet

from callbacks.models import Connection, Execution, ExecutionStatus, StateMachine
from callbacks.stepfunctions.rights import DENIED
from callbacks.sync.candidates import Candidate, Row, candidate, taking_turns
from callbacks.sync.follow import DENIED_PAUSE

_FIELDS = (
    "arn",
    "name",
    "version",
    "alias",
    "state_machine_id",
    "status",
    "started_at",
    "left_at",
    "last_event_id",
    "definition_id",
    "problem",
)
_RUNNING = Q(status=ExecutionStatus.RUNNING)


class Queue:
    def __init__(self, *, connection: Connection, now: datetime) -> None:
        self._now = now
        self._connection = connection
        self._rows = Execution.objects.filter(connection=connection)

    def urgent(self, *, most: int) -> list[Candidate]:
        """What decides who waits: missing ones, new ones and due ones in turn (three queries)."""
        denied = self._denied(until=self._now)
        queues = (self._left(), _without(denied, self._new()), _without(denied, self._due()))
        return list(taking_turns(*(_candidates(rows, most) for rows in queues)))[:most]

    def others(self, *, most: int) -> list[Candidate]:
        """What is over and why is not read yet, and what may have changed unnoticed, the longest
        unread first: two queries.

        In turn: neither a crowd that came and went nor one that waits keeps the other out.
        """
        rest = self._rows.filter(_RUNNING, left_at=None, read_at__lt=self._now, problem="")
        queues = (self._unread_ends(), rest.order_by("read_at"))
        return list(taking_turns(*(_candidates(rows, most) for rows in queues)))[:most]

    def has_more_unread_than(self, most: int) -> bool:
        """Whether so many new ones wait to be read: one query, however many there are."""
        return self.count_unread(most=most + 1) > most

    def count_unread(self, *, most: int) -> int:
        """How many were listed and never read, counted up to `most`: one query.

        Without those that AWS denies, also where it is about to be asked again: they take no calls.
        """
        denied = self._denied(until=self._now - DENIED_PAUSE)
        return _without(denied, self._new())[:most].count()

    def __len__(self) -> int:
        """All that a full pass reads."""
        is_open = _RUNNING | Q(read_next_at__isnull=False)
        return self._rows.filter(is_open).count()

    def _denied(self, *, until: datetime) -> QuerySet[StateMachine]:
        """Machines whose denied executions are left alone beyond this moment."""
        rows = StateMachine.objects.filter(connection=self._connection)
        return rows.filter(histories_denied_until__gt=until)

    def _left(self) -> QuerySet[Execution]:
        may = Q(problem="") | Q(read_next_at__lte=self._now)
        return self._rows.filter(_RUNNING & may, left_at__isnull=False).order_by("left_at")

    def _unread_ends(self) -> QuerySet[Execution]:
        rows = self._rows.filter(~_RUNNING, read_next_at__isnull=False)
        return rows.filter(read_next_at__lte=self._now).order_by("read_next_at")

    def _new(self) -> QuerySet[Execution]:
        rows = self._rows.filter(_RUNNING, read_at__isnull=True, left_at=None)
        return rows.filter(read_next_at__lte=self._now).order_by("started_at")

    def _due(self) -> QuerySet[Execution]:
        rows = self._rows.filter(_RUNNING, read_at__isnull=False, left_at=None)
        return rows.filter(read_next_at__lte=self._now).order_by("read_next_at")


def _without(denied: QuerySet[StateMachine], rows: QuerySet[Execution]) -> QuerySet[Execution]:
    """Without what was denied before: the rest is tried, a policy may allow some runs of many."""
    return rows.exclude(state_machine__in=denied.values("pk"), problem__startswith=DENIED)


def _candidates(rows: QuerySet[Execution], most: int) -> list[Candidate]:
    return [candidate(Row(*values)) for values in rows.values_list(*_FIELDS)[:most]]

"""Executions whose answers are not settled, and that the mirror has lost: found by the record.

What runs is listed and comes back by itself; what has ended meanwhile would never be read again.
Each is asked for until the mirror holds it: also one that AWS has forgotten, or whose state machine
is gone, gets its row, which then says so.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db.models import Exists, Min, OuterRef, QuerySet

from callbacks.models import (
    CallbackTask,
    Connection,
    Decision,
    Execution,
    Intake,
    IntakeStatus,
    StateMachine,
)
from callbacks.models.identity import state_machine_id
from callbacks.stepfunctions import ExecutionDetail, NotFound, Refused
from callbacks.sync.asking import Asking
from callbacks.sync.candidates import Candidate
from callbacks.sync.intake import PREFIX
from callbacks.sync.machines import keep_gone_machine
from callbacks.sync.plan import RUNNING, Target
from callbacks.sync.trouble import is_of_the_connection

OPERATION = "DescribeExecution"
# Of more, the next minute takes the next ones: those that AWS refuses to describe stay lost.
MOST = 50
TURN = 60.0


def lost_executions(connection: Connection, now: datetime) -> dict[str, datetime]:
    """ARNs of executions with an answer under way that the mirror does not hold.

    With the time of the first such answer; the oldest comes first. At most MOST of them, by one to
    three queries.
    """
    held = Execution.objects.filter(connection=connection, arn=OuterRef("execution_arn"))
    rows = Decision.objects.unsettled().filter(~Exists(held), connection_id=connection.pk)
    # Of a token that was handed over, the intake brings its task back, or says which run it was.
    handed = rows.filter(execution_arn__startswith=PREFIX)
    rows = rows.exclude(execution_arn__startswith=PREFIX)
    first = rows.values_list("execution_arn").annotate(first=Min("decided_at"))
    lost = sorted([*first, *_handed_over(handed)], key=lambda one: (one[1], one[0]))
    turns = max(1, math.ceil(len(lost) / MOST))
    # Longer than a pass is apart from the next, or some would never have theirs.
    turn = max(TURN, 2 * settings.SYNC_INTERVAL_SECONDS)
    start = int(now.timestamp() // turn) % turns * MOST
    return dict(lost[start : start + MOST])


def _handed_over(rows: QuerySet[Decision]) -> list[tuple[str, datetime]]:
    found = dict(rows.values_list("task_id", "decided_at"))
    if not found:
        return []
    there = CallbackTask.objects.filter(pk=OuterRef("pk"))
    merged = Intake.objects.filter(~Exists(there), pk__in=found, status=IntakeStatus.MERGED)
    return [(arn, found[pk]) for pk, arn in merged.values_list("pk", "execution_arn")]


def recover(*, asking: Asking, connection: Connection, now: datetime) -> Iterator[Candidate]:
    """Describe them and give those that no list brings back to the pass.

    Raises StepFunctionsError.
    """
    lost = lost_executions(connection, now)
    if not lost:
        return
    machines = _Machines(connection, now)
    for arn, answered_at in lost.items():
        if not asking.may(OPERATION):
            return
        found = _found(asking, machines, arn, answered_at)
        if found is not None:
            yield found


def _found(
    asking: Asking, machines: _Machines, arn: str, answered_at: datetime
) -> Candidate | None:
    try:
        detail = asking.reader.describe_execution(arn=arn)
    except NotFound:
        # AWS has forgotten it (90 days after its end). It began before it was answered.
        target = Target(arn=arn, name=_last(arn), started_at=answered_at, has_left=True)
        return Candidate(machine_id=machines.row_of(_machine_of(arn)), target=target)
    except Refused as exc:
        if is_of_the_connection(exc):
            raise
        # The others are not to wait for this one.
        asking.note(exc, is_common=False)
        return None
    machine = machines.row_of(detail.map_run_arn or detail.state_machine_arn)
    if detail.status == RUNNING and not machines.is_gone(machine):
        return None
    return Candidate(machine_id=machine, target=_target(detail))


class _Machines:
    """The mirrored state machines, read once; one that AWS no longer has gets its row, as gone."""

    def __init__(self, connection: Connection, now: datetime) -> None:
        self._connection = connection
        self._now = now
        rows = StateMachine.objects.filter(connection=connection)
        self._gone_at: dict[UUID, datetime | None] = dict(rows.values_list("pk", "gone_at"))

    def row_of(self, arn: str) -> UUID:
        key = state_machine_id(connection=self._connection.pk, arn=arn)
        if key not in self._gone_at:
            keep_gone_machine(connection=self._connection, arn=arn, now=self._now)
            self._gone_at[key] = self._now
        return key

    def is_gone(self, key: UUID) -> bool:
        return self._gone_at[key] is not None


def _target(detail: ExecutionDetail) -> Target:
    return Target(
        arn=detail.arn,
        name=detail.name or _last(detail.arn),
        started_at=detail.started_at,
        version=detail.version,
        alias=detail.alias,
        has_left=detail.status != RUNNING,
    )


def _machine_of(execution_arn: str) -> str:
    return execution_arn.rpartition(":")[0].replace(":execution:", ":stateMachine:")


def _last(arn: str) -> str:
    return arn.rpartition(":")[2]

"""Whether all has been done to find out where a token that was handed over belongs.

Sooner nobody may answer it by itself: the policy of its real request may ask for more.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q

from callbacks.models import (
    CallbackTask,
    Connection,
    ConnectionHealth,
    Execution,
    ExecutionStatus,
    Hint,
    Intake,
    StateMachine,
)


def may_yet_be_found(*, intake: Intake, named: Execution | None, now: datetime) -> bool:
    """Whether anything that could show it was not read since it came, and may be read.

    `named`: the execution that its worker named, where that has been read since.
    """
    connection, since = intake.connection, intake.at
    if now - since < timedelta(seconds=settings.INTAKE_LOOK_SECONDS):
        return True
    if named is not None and _waits_for_a_worker(named):
        # One of several steps, or of none that was named: whoever names the right one is heard.
        return True
    if _reading_is_denied(connection):
        return False
    return (
        Hint.objects.filter(connection=connection, execution_arn=intake.execution_arn).exists()
        or _is_to_be_listed(connection, since)
        or _is_to_be_read(connection, since)
    )


def _waits_for_a_worker(execution: Execution) -> bool:
    waiting = CallbackTask.objects.waiting().filter(execution=execution)
    return (
        execution.status == ExecutionStatus.RUNNING
        and waiting.exclude(
            token_state="held"  # noqa: S106 - a state
        ).exists()
    )


def _reading_is_denied(connection: Connection) -> bool:
    """As a whole, and not because of an outage."""
    health = ConnectionHealth.objects.filter(connection=connection, failing_since__isnull=False)
    return health.filter(error_code="denied").exists()


def _is_to_be_listed(connection: Connection, since: datetime) -> bool:
    health = ConnectionHealth.objects.filter(connection=connection)
    if not health.filter(machines_listed_at__gte=since).exists():
        return True
    machines = StateMachine.objects.filter(
        connection=connection, gone_at=None, problem="", definition__can_wait=True
    )
    return machines.filter(Q(listed_at=None) | Q(listed_at__lt=since)).exists()


def _is_to_be_read(connection: Connection, since: datetime) -> bool:
    """Began before it, and can have come to a new step since: one that waits as a whole has not,
    unless it was answered elsewhere, which is read at the latest when its turn comes.
    """
    tried = since + timedelta(seconds=settings.QUARANTINE_SECONDS)
    unread = Q(read_at=None) | Q(is_moving=True, read_at__lt=since)
    # What is set aside is tried again after its pause, and then all was done.
    not_tried = ~Q(problem="") & Q(read_next_at__lt=tried)
    rows = Execution.objects.filter(
        connection=connection, status=ExecutionStatus.RUNNING, started_at__lte=since
    )
    return rows.filter(Q(problem="") & unread | not_tried).exists()

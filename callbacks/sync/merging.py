"""Say of each token that was handed over where it belongs, once that can be said.

A callback task's own history shows its token, and it is adopted when it opens (`adopting.py`).
What is matched here is what no history shows, or what will never be read.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from callbacks.asl.deadline import LONGEST_EXECUTION
from callbacks.models import (
    CallbackTask,
    Connection,
    ConnectionHealth,
    Decision,
    Execution,
    ExecutionStatus,
    Hint,
    Intake,
    IntakeStatus,
    StateMachine,
    TaskStatus,
    TokenState,
)
from callbacks.models.identity import execution_id
from callbacks.sync.adopting import give_token, let_go_of_stand_in
from callbacks.sync.intake import close_unread, stand_in, task_with

# Of those that are open, so many a pass; the next one goes on.
MOST = 200
TOKEN_COLUMNS = ("token_ciphertext", "token_sha256", "token_length", "token_state")


# --- in each pass --------------------------------------------------------------------------------
def match_intakes(*, connection: Connection, now: datetime) -> None:
    """Say of each token that was handed over where it belongs, as far as the mirror knows now."""
    for key in _open_intakes(connection, now):
        with transaction.atomic():
            intake = Intake.objects.select_for_update().select_related("connection").get(pk=key)
            if intake.is_open:
                _match(intake, now)


def _open_intakes(connection: Connection, now: datetime) -> list[uuid.UUID]:
    """Those being looked up, and those on their own of which something can be said: one query."""
    read_since = Execution.objects.filter(
        connection=connection, arn=OuterRef("execution_arn"), read_at__gt=OuterRef("at")
    )
    standing = CallbackTask.objects.filter(pk=OuterRef("pk"))
    has_news = (
        Q(status=IntakeStatus.LOOKING)
        | ~Exists(standing)
        | Exists(standing.filter(status=TaskStatus.WAITING))
        & (Exists(read_since) | Q(at__lt=now - LONGEST_EXECUTION))
    )
    is_open = Q(status__in=[IntakeStatus.LOOKING, IntakeStatus.ALONE])
    rows = Intake.objects.filter(is_open & has_news, connection=connection).order_by("at")
    return list(rows.values_list("pk", flat=True)[:MOST])


def _match(intake: Intake, now: datetime) -> None:
    if not CallbackTask.objects.filter(pk=intake.pk).exists():
        # The mirror was rebuilt: nobody but us knows of it.
        stand_in(intake=intake, now=now)
    twin = task_with(connection=intake.connection, token_sha256=intake.token_sha256, but=intake.pk)
    if twin is not None and not _is_answered(intake):
        _merge_into(intake, twin)
        return
    execution = _execution_of(intake)
    if execution is not None and execution.read_at is not None and execution.read_at > intake.at:
        _match_in(execution, intake, now)
    elif now - intake.at >= LONGEST_EXECUTION:
        _close(intake, now, status=TaskStatus.TIMED_OUT)
    elif intake.status == IntakeStatus.LOOKING and _is_looked_up(intake, now):
        _leave_alone(intake, now)


def _is_answered(intake: Intake) -> bool:
    return Decision.objects.live().filter(task_id=intake.pk).exists()


def _execution_of(intake: Intake) -> Execution | None:
    if not intake.execution_arn:
        return None
    key = execution_id(connection=intake.connection_id, arn=intake.execution_arn)
    return Execution.objects.filter(pk=key).first()


def _match_in(execution: Execution, intake: Intake, now: datetime) -> None:
    """Its history does not show the token: an activity's, or one that was not passed on."""
    if execution.status != ExecutionStatus.RUNNING:
        _close(intake, now, status=TaskStatus.CLOSED)
        return
    if intake.status != IntakeStatus.LOOKING:
        return
    waiting = CallbackTask.objects.waiting().filter(execution=execution)
    waiting = waiting.exclude(token_state=TokenState.HELD)
    if intake.state:
        waiting = waiting.filter(state=intake.state)
    found = list(waiting.select_for_update(of=("self",))[:2])
    if len(found) == 1:
        give_token(intake, found[0])
        found[0].changed_at = now
        found[0].save(update_fields=["changed_at", *TOKEN_COLUMNS])
        _merge_into(intake, found[0].pk)
    else:
        # Several wait for one, or none that we know of. Nobody guesses, now or when all but one
        # of them have ended.
        _leave_alone(intake, now)


def _merge_into(intake: Intake, task_id: uuid.UUID) -> None:
    """The mirror's own task is the one to answer; the old link leads there."""
    intake.status, intake.task_id = IntakeStatus.MERGED, task_id
    intake.save(update_fields=["status", "task_id"])
    CallbackTask.objects.filter(pk=intake.pk).delete()
    let_go_of_stand_in(intake)


def _leave_alone(intake: Intake, now: datetime) -> None:
    """From now on it can be answered, under what is known of it."""
    intake.status = IntakeStatus.ALONE
    intake.save(update_fields=["status"])
    CallbackTask.objects.filter(pk=intake.pk).update(token_state=TokenState.HELD, changed_at=now)


def _close(intake: Intake, now: datetime, *, status: TaskStatus) -> None:
    task = CallbackTask.objects.get(pk=intake.pk)
    close_unread(task=task, status=status, at=now)


# --- whether all has been done to find it --------------------------------------------------------
def _is_looked_up(intake: Intake, now: datetime) -> bool:
    """Whether whatever could show this token has been read since it came, or cannot be read.

    Sooner nobody may answer it: the policy of its real request may ask for more.
    """
    if now - intake.at < timedelta(seconds=settings.INTAKE_LOOK_SECONDS):
        return False
    if intake.execution_arn:
        hints = Hint.objects.filter(
            connection=intake.connection, execution_arn=intake.execution_arn
        )
        return not hints.exists() and not _is_to_be_read(
            Q(arn=intake.execution_arn), intake.connection, intake.at
        )
    is_failing = ConnectionHealth.objects.filter(
        connection=intake.connection, failing_since__isnull=False
    ).exists()
    return is_failing or not (
        _is_to_be_listed(intake.connection, intake.at)
        or _is_to_be_read(Q(), intake.connection, intake.at)
    )


def _is_to_be_listed(connection: Connection, since: datetime) -> bool:
    machines = StateMachine.objects.filter(
        connection=connection, gone_at=None, problem="", definition__can_wait=True
    )
    return machines.filter(Q(listed_at=None) | Q(listed_at__lt=since)).exists()


def _is_to_be_read(which: Q, connection: Connection, since: datetime) -> bool:
    """What waits as a whole cannot have come to a new token."""
    rows = Execution.objects.filter(
        which, connection=connection, status=ExecutionStatus.RUNNING, problem=""
    )
    return rows.filter(Q(read_at=None) | Q(is_moving=True, read_at__lt=since)).exists()


def merged_task(*, intake_id: uuid.UUID) -> uuid.UUID | None:
    """The task that a token went to, by the id that its worker was given."""
    rows = Intake.objects.filter(pk=intake_id, status=IntakeStatus.MERGED)
    found: uuid.UUID | None = rows.values_list("task_id", flat=True).first()
    return found

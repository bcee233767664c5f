"""Say of each token that was handed over where it belongs, once that can be said.

A callback task's own history shows its token, and it is adopted when it opens (`adopting.py`).
What is matched here is what no history shows, or what will never be read.
"""

from __future__ import annotations

import logging
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q

from callbacks.asl.deadline import LONGEST_EXECUTION
from callbacks.models import (
    CallbackTask,
    Connection,
    Decision,
    Execution,
    ExecutionStatus,
    Intake,
    IntakeStatus,
    TaskStatus,
    TokenState,
)
from callbacks.models.identity import execution_id
from callbacks.models.secret import TokenUnreadable
from callbacks.sync.adopting import give_token
from callbacks.sync.intake import close_unread, stand_in, stand_in_arn, task_with
from callbacks.sync.looked_up import may_yet_be_found
from callbacks.sync.stand_ins import NEVER_A_STEP, NO_STEP, say_of

logger = logging.getLogger(__name__)

# So many a pass, those that were looked at least lately.
MOST = 200
TOKEN_COLUMNS = ("token_ciphertext", "token_sha256", "token_length", "token_state")
# How exactly our clock and AWS's are known to each other.
TOLERANCE = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class _Case:
    """One token with what it may belong to, all of it locked."""

    intake: Intake
    # What stands for it.
    task: CallbackTask
    # The execution that its worker named, where the mirror has read it since.
    named: Execution | None
    now: datetime
    # When it was handed over, by AWS's clock.
    at: datetime


def match_intakes(*, connection: Connection, now: datetime, lead: timedelta) -> None:
    """Once more for each that is open. `lead`: how far AWS's clock is ahead of ours."""
    for key in _open_intakes(connection, now):
        try:
            with transaction.atomic():
                case = _locked(key, now, lead)
                if case is not None:
                    _match(case)
        except TokenUnreadable:
            # Its key is gone. The others are not to wait for this one.
            logger.exception("The token of intake %s cannot be read.", key)
    unused = Execution.objects.filter(connection=connection, status=ExecutionStatus.UNREAD)
    unused.filter(~Exists(CallbackTask.objects.filter(execution=OuterRef("pk")))).delete()


def _open_intakes(connection: Connection, now: datetime) -> list[uuid.UUID]:
    """Being looked up; or on their own, and to be made anew or to end: one query."""
    standing = CallbackTask.objects.filter(pk=OuterRef("pk"))
    is_due = Q(status=IntakeStatus.LOOKING) | ~Exists(standing) | Q(at__lt=now - LONGEST_EXECUTION)
    is_open = Q(status__in=[IntakeStatus.LOOKING, IntakeStatus.ALONE])
    rows = Intake.objects.filter(is_open & is_due, connection=connection)
    rows = rows.order_by(F("looked_at").asc(nulls_first=True), "at")
    return list(rows.values_list("pk", flat=True)[:MOST])


def _locked(key: uuid.UUID, now: datetime, lead: timedelta) -> _Case | None:
    """Executions first and tasks after, as whoever else changes them; None where it is settled."""
    intake = Intake.objects.select_related("connection").get(pk=key)
    keys = [_key(intake, arn) for arn in (stand_in_arn(intake), intake.execution_arn) if arn]
    rows = Execution.objects.filter(pk__in=keys).order_by("pk")
    executions = {row.arn: row for row in rows.select_for_update(no_key=True)}
    task = CallbackTask.objects.select_for_update(of=("self",)).filter(pk=key).first()
    rows_of_it = Intake.objects.select_for_update(of=("self",)).select_related("connection")
    intake = rows_of_it.get(pk=key)
    Intake.objects.filter(pk=key).update(looked_at=now)
    if not intake.is_open:
        return None
    if task is None:
        # The mirror was rebuilt, and nobody but us knows of it.
        stand_in(intake=intake, now=now)
        return None
    if task.execution_id != _key(intake, stand_in_arn(intake)):
        return None
    named = executions.get(intake.execution_arn)
    if named is not None and (named.read_at is None or named.read_at <= intake.at):
        named = None
    return _Case(intake=intake, task=task, named=named, now=now, at=intake.at + lead)


def _key(intake: Intake, arn: str) -> uuid.UUID:
    return execution_id(connection=intake.connection_id, arn=arn)


def _match(case: _Case) -> None:
    intake = case.intake
    if case.now - intake.at >= LONGEST_EXECUTION:
        close_unread(task=case.task, status=TaskStatus.TIMED_OUT, at=case.now)
        return
    if Decision.objects.live().filter(task_id=case.task.pk).exists():
        return
    twin = task_with(token_sha256=intake.token_sha256, but=intake.pk)
    if twin is not None:
        _merge_into(case, twin)
    elif intake.status == IntakeStatus.LOOKING:
        steps = _steps_that_wait(case)
        if len(steps) == 1:
            give_token(intake, steps[0])
            steps[0].changed_at = case.now
            steps[0].save(update_fields=["changed_at", *TOKEN_COLUMNS])
            _merge_into(case, steps[0].pk)
            return
        _say_what_is_known(case)
        if not may_yet_be_found(intake=intake, named=case.named, now=case.now):
            _leave_alone(case)


def _say_what_is_known(case: _Case) -> None:
    """The run that was named was read since, and shows the token nowhere."""
    if case.named is not None:
        is_running = case.named.status == ExecutionStatus.RUNNING
        say_of(intakes=[case.intake.pk], problem=NO_STEP if is_running else NEVER_A_STEP)


def _steps_that_wait(case: _Case) -> list[CallbackTask]:
    """Of the named execution, and without a token of their own: an activity's, or one that was not
    passed on. What began later than the token was handed over has another one.
    """
    if case.named is None or case.named.status != ExecutionStatus.RUNNING:
        return []
    before = case.at + TOLERANCE
    is_activitys = Q(token_state=TokenState.ACTIVITY, started_at__lte=before)
    is_hidden = Q(
        token_state__in=[TokenState.MISSING, TokenState.AMBIGUOUS], waiting_since__lte=before
    )
    rows = CallbackTask.objects.waiting().filter(is_activitys | is_hidden, execution=case.named)
    if case.intake.state:
        rows = rows.filter(state=case.intake.state)
    return list(rows.select_for_update(of=("self",)).order_by("pk")[:2])


def _merge_into(case: _Case, task_id: uuid.UUID) -> None:
    """The mirror's own task is the one to answer; the old link leads there."""
    case.intake.status, case.intake.task_id = IntakeStatus.MERGED, task_id
    case.intake.save(update_fields=["status", "task_id"])
    case.task.delete()


def _leave_alone(case: _Case) -> None:
    """From now on it can be answered, under what is known of it."""
    case.intake.status = IntakeStatus.ALONE
    case.intake.save(update_fields=["status"])
    case.task.token_state, case.task.changed_at = TokenState.HELD, case.now
    case.task.save(update_fields=["token_state", "changed_at"])


def merged_task(*, intake_id: uuid.UUID) -> uuid.UUID | None:
    """The task that a token went to, by the id that its worker was given."""
    rows = Intake.objects.filter(pk=intake_id, status=IntakeStatus.MERGED)
    found: uuid.UUID | None = rows.values_list("task_id", flat=True).first()
    return found

"""Take in a task token that a worker hands over, and give it a task of its own until it is read."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.db.models import Case, When

from callbacks.asl.deadline import LONGEST_EXECUTION
from callbacks.audit import append
from callbacks.audit.actor import Actor
from callbacks.models import (
    CallbackTask,
    Connection,
    DeadlineKind,
    Decision,
    Execution,
    ExecutionStatus,
    Intake,
    IntakeStatus,
    Request,
    StateMachine,
    TaskStatus,
    TokenState,
)
from callbacks.models.identity import (
    execution_id,
    intake_id,
    intake_request_id,
    state_machine_id,
)
from callbacks.models.secret import encrypt_token, token_hash
from callbacks.sync.hinted import note_hints
from callbacks.sync.matching import UNKNOWN_WORKFLOW, Subject
from callbacks.sync.plan import UNREAD
from callbacks.sync.policies import current_policies, shown_columns
from callbacks.sync.stand_ins import say_of
from callbacks.sync.storable import Storable

# Where an ARN would stand. No ARN begins like it.
PREFIX = "intake:"
# Of a note in a list, in characters.
LONGEST_NOTE = 300


@dataclass(frozen=True, slots=True)
class Handed:
    """What a worker says: a token, and where it is from as far as it knows ("" where not)."""

    token: str = field(repr=False)
    execution_arn: str = ""
    state: str = ""
    note: str = ""


class TokenOver(Exception):
    """It was answered, or AWS says that it answers nothing any more."""


def take_in(*, connection: Connection, handed: Handed, actor: Actor, now: datetime) -> uuid.UUID:
    """Keep the token and have its execution looked up; return the id of the task that has it.

    The same token again gives the same task. Nothing that is said is believed but the token.
    Raises TokenOver, and AuditUnavailable, in which cases nothing is kept.
    """
    sha256 = token_hash(handed.token)
    key = intake_id(token_sha256=sha256)
    with transaction.atomic():
        row = Intake.objects.select_for_update().filter(pk=key).first()
        known = task_with(token_sha256=sha256) if row is None else row.task_id
        if known is not None:
            return known
        if row is None:
            values = _values(connection, handed, actor, now, key)
            # Perhaps handed over twice in the same moment.
            row, _ = Intake.objects.get_or_create(pk=key, defaults=values)
        elif not _hear_again(row, handed):
            return key
        _look_up(row, actor, now)
    return key


def _hear_again(row: Intake, handed: Handed) -> bool:
    """Whether its worker now says more of where it belongs. Raises TokenOver."""
    if row.status == IntakeStatus.OVER:
        raise TokenOver
    arn = handed.execution_arn or row.execution_arn
    state = Storable([handed.token]).text(handed.state, longest=80) or row.state
    if not row.is_open or (arn, state) == (row.execution_arn, row.state):
        return False
    if arn != row.execution_arn:
        say_of(intakes=[row.pk], problem="")
    row.execution_arn, row.state = arn, state
    if not Decision.objects.live().filter(task_id=row.pk).exists():
        row.status = IntakeStatus.LOOKING
        CallbackTask.objects.filter(pk=row.pk).update(token_state=TokenState.PENDING)
    row.save(update_fields=["execution_arn", "state", "status"])
    return True


def _look_up(row: Intake, actor: Actor, now: datetime) -> None:
    stand_in(intake=row, now=now)
    if row.execution_arn:
        note_hints(connection=row.connection, arns=[row.execution_arn], now=now)
    append(
        kind="token_handed_over",
        now=now,
        actor=actor,
        task_id=row.pk,
        facts={
            "connection_name": row.connection.name,
            "execution_arn": row.execution_arn,
            "state": row.state,
        },
        personal={"note": row.note},
    )


def task_with(*, token_sha256: str, but: uuid.UUID | None = None) -> uuid.UUID | None:
    """The task that the mirror found this token in; of several attempts, the one that waits.

    Whatever connection it is of: two may be of the same account, and AWS's tokens are its own.
    """
    rows = CallbackTask.objects.filter(token_sha256=token_sha256)
    if but is not None:
        rows = rows.exclude(pk=but)
    waiting_first = Case(When(status=TaskStatus.WAITING, then=0), default=1)
    rows = rows.order_by(waiting_first, "-redrive_count", "-scheduled_event_id")
    found: uuid.UUID | None = rows.values_list("pk", flat=True).first()
    return found


def connection_of(*, handed: Handed, among: Sequence[Connection]) -> Connection | None:
    """The one whose mirror has the token, any where several have it: it is one task then.

    Else the only one whose mirror has the execution.
    """
    holding = CallbackTask.objects.filter(token_sha256=token_hash(handed.token))
    known = {*holding.values_list("connection_id", flat=True)}
    found = [one for one in among if one.pk in known]
    if found or not handed.execution_arn:
        return found[0] if found else None
    runs = Execution.objects.filter(connection__in=among, arn=handed.execution_arn)
    known = {*runs.values_list("connection_id", flat=True)}
    found = [one for one in among if one.pk in known]
    return found[0] if len(found) == 1 else None


def _values(
    connection: Connection, handed: Handed, actor: Actor, now: datetime, key: uuid.UUID
) -> dict[str, object]:
    storable = Storable([handed.token])
    return {
        "connection": connection,
        "request_id": intake_request_id(key),
        "execution_arn": handed.execution_arn,
        "state": storable.text(handed.state, longest=80),
        "note": storable.text(handed.note),
        "by": actor.user,
        "by_name": actor.name,
        "at": now,
        "token_ciphertext": encrypt_token(token=handed.token, task_id=key),
        "token_sha256": token_hash(handed.token),
        "token_length": len(handed.token),
    }


def stand_in(*, intake: Intake, now: datetime) -> None:
    """Make the task that stands for it, with what hangs above a task: all that is known of it."""
    name = workflow_of(intake.execution_arn)
    machine = _machine(intake.connection, name, now)
    execution = _execution(machine, intake)
    request, _ = Request.objects.get_or_create(
        id=intake_request_id(intake.pk),
        defaults={"execution": execution, "state": intake.state},
    )
    subject = Subject(
        connection=intake.connection.name, state_machine=name, state=intake.state, is_unread=True
    )
    dies = intake.at + LONGEST_EXECUTION
    CallbackTask.objects.get_or_create(
        id=intake.pk,
        defaults={
            "request": request,
            "execution": execution,
            "connection": intake.connection,
            "scheduled_event_id": 0,
            "resource": "",
            "state_machine_name": name,
            "state": intake.state,
            **shown_columns(subject=subject, policies=current_policies()),
            **_told(intake),
            "waiting_since": intake.at,
            "dies_earliest": dies,
            "dies_latest": dies,
            "deadline_kind": DeadlineKind.UNKNOWN,
            "deadline_reason": UNREAD,
            "changed_at": now,
            "token_state": _token_state(intake),
            "token_ciphertext": intake.token_ciphertext,
            "token_sha256": intake.token_sha256,
            "token_length": intake.token_length,
        },
    )


def _token_state(intake: Intake) -> TokenState:
    return TokenState.HELD if intake.status == IntakeStatus.ALONE else TokenState.PENDING


def workflow_of(execution_arn: str) -> str:
    """The name in `…:execution:NAME:…`, or in `…:execution:NAME/LABEL:…` of a Map Run's child."""
    if not execution_arn:
        return UNKNOWN_WORKFLOW
    return execution_arn.split(":")[6].partition("/")[0][:80]


def _told(intake: Intake) -> dict[str, object]:
    """What people read of it: the worker's own words."""
    first, _, rest = intake.note.strip().partition("\n")
    run = intake.execution_arn.rpartition(":")[2]
    fields = (
        ("Note", rest.strip()[:LONGEST_NOTE]),
        ("Handed over by", intake.by_name),
        ("Run", run),
    )
    return {
        "headline": (first or f"Handed over by {intake.by_name}")[:LONGEST_NOTE],
        "key_fields": [[label, text] for label, text in fields if text],
    }


def _machine(connection: Connection, name: str, now: datetime) -> StateMachine:
    """In no list of AWS's, so that no pass asks for it."""
    arn = f"{PREFIX}{name}"
    machine, _ = StateMachine.objects.get_or_create(
        id=state_machine_id(connection=connection.pk, arn=arn),
        defaults={"connection": connection, "arn": arn, "name": name, "gone_at": now},
    )
    return machine


def _execution(machine: StateMachine, intake: Intake) -> Execution:
    arn = stand_in_arn(intake)
    execution, _ = Execution.objects.get_or_create(
        id=execution_id(connection=machine.connection_id, arn=arn),
        defaults={
            "connection_id": machine.connection_id,
            "state_machine": machine,
            "arn": arn,
            # As of every execution, the last part of its ARN.
            "name": intake.token_sha256,
            "status": ExecutionStatus.UNREAD,
            "started_at": intake.at,
            "ordered_at": intake.at,
            "is_moving": False,
        },
    )
    return execution


def close_unread(
    *, task: CallbackTask, status: TaskStatus, at: datetime, answered_here: bool = False
) -> None:
    """It is over, and nobody but AWS knows more. Refreshes `task`."""
    rows = CallbackTask.objects.waiting().filter(
        pk=task.pk, execution__status=ExecutionStatus.UNREAD
    )
    closed = rows.update(
        status=status,
        closed_kind=UNREAD,
        closed_at=at,
        changed_at=at,
        answered_here=answered_here,
    )
    if closed:
        # The task keeps what masks its token; here it is not needed again.
        Intake.objects.filter(pk=task.pk).update(status=IntakeStatus.OVER, token_ciphertext=None)
    task.refresh_from_db()


def stand_in_arn(intake: Intake) -> str:
    return f"{PREFIX}{intake.token_sha256}"

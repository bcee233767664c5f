"""Carry an action out: claim it, call AWS once outside any transaction, write what AWS said.

As with answers: from the claim on only the outcome is open, one request goes on the wire, and a
lost reply is looked up in AWS (`settle`) before anything is repeated.
"""

from __future__ import annotations

import logging
import time
import uuid
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import Error

from callbacks.audit import AuditUnavailable, rollback, sink
from callbacks.decisions.claims import session_of, worker_name
from callbacks.decisions.moves import Superseded
from callbacks.models import (
    CallbackTask,
    Connection,
    Execution,
    RescueAction,
    RescueKind,
    RescueStatus,
)
from callbacks.models.secret import TokenUnreadable, decrypt_token
from callbacks.rescue.looking import look_at
from callbacks.rescue.moves import move
from callbacks.rescue.replies import note_reply, refuse, release
from callbacks.stepfunctions import (
    NotFound,
    Refused,
    RefusedKind,
    Reply,
    Sender,
    StepFunctionsError,
)

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Claim:
    """The right to make one call; `taken` is monotonic, so that no clock lengthens it."""

    action: RescueAction
    connection: Connection
    at: datetime
    taken: float
    # The name of the role session that the call is made in; "" where no role is assumed.
    session: str

    @property
    def now(self) -> datetime:
        return self.at + timedelta(seconds=time.monotonic() - self.taken)

    @property
    def is_fresh(self) -> bool:
        return time.monotonic() - self.taken < float(settings.SEND_LEASE_SECONDS) / 2


def carry_out(*, action_id: uuid.UUID, now: datetime) -> None:
    """Do it if it is due and nobody else is at it."""
    action = RescueAction.objects.filter(pk=action_id).first()
    if action is None or not is_due(action, now):
        return
    if not _has_waited_long(action, now) or _is_still_meant(action, now):
        call_again(action=action, now=now)


def call_again(*, action: RescueAction, now: datetime) -> None:
    """Claim and call; for a repeat the caller has just seen that AWS did not do it."""
    connection = Connection.objects.filter(pk=action.connection_id).first()
    if connection is None:
        logger.error("Connection %s of action %s is gone.", action.connection_id, action.pk)
        return
    if not connection.is_enabled:
        # It waits: nothing is sent over it until it is switched on again.
        logger.debug("Action %s is not to be sent now.", action.pk)
        return
    try:
        session = session_of(connection=connection, person=action.asked_by_id)
        _take(action, session, now)
        claim = _Claim(action, connection, now, time.monotonic(), session)
        if _is_recorded(claim):
            note_reply(action=action, said=_call(claim), now=claim.now)
    except Superseded:
        logger.info("Action %s is in other hands.", action.pk)


def is_due(action: RescueAction, now: datetime) -> bool:
    """Asked for, or claimed before by a call that certainly changed nothing."""
    if action.status == RescueStatus.REQUESTED:
        return True
    released = action.status == RescueStatus.SENDING and action.lease_until is None
    return released and action.look_after is not None and action.look_after <= now


def _has_waited_long(action: RescueAction, now: datetime) -> bool:
    """Never called for, though asked for a while ago: its connection was off, or no worker ran."""
    of_the_run = action.kind != RescueKind.HEARTBEAT
    waited = now - action.asked_at
    return (
        of_the_run
        and action.status == RescueStatus.REQUESTED
        and waited > timedelta(seconds=settings.SEND_LEASE_SECONDS)
    )


def _is_still_meant(action: RescueAction, now: datetime) -> bool:
    """Whether it may be called for: a run that was redriven since is not the one they meant.

    Asks AWS, for after a while the mirror may not know it yet.
    """
    execution = Execution.objects.select_related("connection").filter(rescues=action).first()
    if execution is None or not execution.connection.is_enabled:
        # The claim goes by the connection.
        return True
    try:
        seen = look_at(execution=execution, now=now)
    except (NotFound, Refused):
        # The call itself is told the same, or is allowed where a look is not.
        return True
    except StepFunctionsError as exc:
        logger.info("The run of action %s cannot be looked at now: %s", action.pk, exc)
        return False
    if seen.redrive_count <= action.redrive_count:
        return True
    with suppress(Superseded):
        refuse(action=action, now=now, outcome="overtaken")
    return False


def _take(action: RescueAction, session: str, now: datetime) -> None:
    move(
        action=action,
        to=RescueStatus.SENDING,
        now=now,
        facts={"worker": worker_name()},
        personal={"session": session},
        generation=action.generation + 1,
        claimed_at=now,
        claimed_by=worker_name(),
        lease_until=now + timedelta(seconds=settings.SEND_LEASE_SECONDS),
        look_after=None,
    )


def _is_recorded(claim: _Claim) -> bool:
    """Whether every audit line so far also stands outside the database; else keep it for later."""
    try:
        rollback.refuse_while_open()
        sink.catch_up()
    except (AuditUnavailable, Error):
        logger.exception("Action %s is not sent: it cannot be recorded.", claim.action.pk)
        release(
            action=claim.action,
            code="AuditUnavailable",
            message="The audit record cannot be written.",
            now=claim.now,
        )
        return False
    return True


def _call(claim: _Claim) -> Reply | StepFunctionsError | TokenUnreadable:
    sender = Sender(
        access=claim.connection.access_as(claim.session),
        connect_timeout=settings.SEND_CONNECT_SECONDS,
        read_timeout=settings.SEND_READ_SECONDS,
    )
    try:
        # They may take their time, so before the claim's age is asked.
        sender.require_credentials()
        if not claim.is_fresh:
            raise Superseded
        return _request(claim.action, sender)
    except TokenUnreadable as exc:
        return exc
    except Refused as exc:
        if exc.kind == RefusedKind.EXPIRED_CREDENTIALS:
            sender.renew_credentials()
        return exc
    except StepFunctionsError as exc:
        return exc


def _request(action: RescueAction, sender: Sender) -> Reply:
    """One request. A token lives in here and nowhere above."""
    if action.kind == RescueKind.STOP:
        return sender.stop_execution(
            execution_arn=action.execution_arn, error=action.error, cause=action.cause
        )
    if action.kind == RescueKind.REDRIVE:
        # The same for every repeat, by which AWS knows it for one.
        return sender.redrive_execution(
            execution_arn=action.execution_arn, client_token=str(action.pk)
        )
    return sender.send_task_heartbeat(token=_token(action))


def _token(action: RescueAction) -> str:
    task = CallbackTask.objects.only("token_ciphertext").filter(rescues=action).first()
    if task is None or task.token_ciphertext is None:
        raise TokenUnreadable(f"No token is kept for task {action.task_id}.")
    return decrypt_token(ciphertext=bytes(task.token_ciphertext), task_id=task.pk)

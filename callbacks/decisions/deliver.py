"""Send a decision: claim it, call AWS once outside any transaction, write what AWS said.

From the claim on the answer is frozen and cannot be taken back. A fence cannot reach AWS, so a
pause between the last check and the socket stays possible; as every send of a decision has the
same bytes and a token works once, a second send is harmless.
"""

from __future__ import annotations

import logging
import time
import uuid
from datetime import datetime, timedelta

from django.conf import settings

from callbacks.audit import AuditUnavailable, sink
from callbacks.audit.actor import SYSTEM
from callbacks.decisions import pauses
from callbacks.decisions.claims import Claim, session_of, worker_name
from callbacks.decisions.moves import Superseded, move
from callbacks.decisions.replies import note, release
from callbacks.decisions.votes import recount, void
from callbacks.models import CallbackTask, Decision, DecisionStatus, VoidOutcome
from callbacks.models.secret import TokenUnreadable, decrypt_token
from callbacks.stepfunctions import Refused, RefusedKind, Reply, Sender, StepFunctionsError

logger = logging.getLogger(__name__)

# Of a task whose texts may be long, only this is needed to send.
NEEDED = (
    "status",
    "dies_earliest",
    "token_ciphertext",
    "connection",
    "execution__last_event_id",
    "execution__arn",
)


def deliver(*, decision_id: uuid.UUID, now: datetime) -> None:
    """Send the decision if it is due and nobody else is at it; otherwise do nothing but say so."""
    decision = _read(decision_id)
    claim = _claim(decision, now) if decision and is_due(decision, now) else None
    if claim is None:
        logger.debug("Decision %s is not to be sent now.", decision_id)
        return
    _send(claim)


def _read(decision_id: uuid.UUID) -> Decision | None:
    return Decision.objects.filter(pk=decision_id).first()


def send_again(*, decision: Decision, now: datetime) -> None:
    """Send the same bytes once more: the caller has just seen that the task still waits."""
    claim = _claim(decision, now)
    if claim is not None:
        _send(claim)


def is_due(decision: Decision, now: datetime) -> bool:
    """Held and its window over, or claimed before by a call that certainly changed nothing."""
    if decision.status == DecisionStatus.HELD:
        return decision.send_after <= now
    if decision.status == DecisionStatus.SENDING:
        released = decision.lease_until is None
        return released and decision.look_after is not None and decision.look_after <= now
    return False


def _claim(decision: Decision, now: datetime) -> Claim | None:
    """Take the decision for one call; None where that is not to be made, or not now."""
    task = _task(decision.task_id)
    if task is None or not task.is_open:
        # Nothing can be sent any more; the settling names who or what was first.
        return None
    if not task.connection.is_enabled:
        # Nothing is sent over it until it is switched on again.
        return None
    pause = pauses.find_pause(connection_id=decision.connection_id)
    try:
        if decision.claimed_at is None and decision.execution_arn != task.execution.arn:
            # Its run was read since: there is more to see, and perhaps another policy.
            void(decision=decision, why=VoidOutcome.RUN_READ, actor=SYSTEM, now=now)
            return None
        # Nothing was called yet: what its signatures are worth is asked at each try.
        if decision.claimed_at is None and not recount(decision=decision, now=now):
            return None
        if pause is not None and not pause.take_turn(now=now):
            pauses.wait(decision=decision, pause=pause, dies=task.dies_earliest, now=now)
            return None
        session = session_of(connection=task.connection, person=decision.decided_by_id)
        _take(decision, task, session, now)
    except Superseded:
        # Two had the same message, and the other was faster.
        return None
    return Claim(
        decision=decision,
        task=task,
        at=now,
        taken=time.monotonic(),
        session=session,
        is_probe=pause is not None,
    )


def _task(task_id: uuid.UUID) -> CallbackTask | None:
    with_all = CallbackTask.objects.select_related("execution", "connection")
    return with_all.only(*NEEDED).filter(pk=task_id).first()


def _take(decision: Decision, task: CallbackTask, session: str, now: datetime) -> None:
    known = decision.event_id_before
    move(
        decision=decision,
        to=DecisionStatus.SENDING,
        now=now,
        facts={"worker": worker_name()},
        personal={"session": session},
        generation=decision.generation + 1,
        claimed_at=now,
        claimed_by=worker_name(),
        lease_until=now + timedelta(seconds=settings.SEND_LEASE_SECONDS),
        look_after=None,
        # The last event known before the first call; later claims keep it.
        event_id_before=task.execution.last_event_id if known is None else known,
    )


def _send(claim: Claim) -> None:
    try:
        if _is_recorded(claim):
            _conclude(claim, _call(claim))
    except Superseded:
        # Our lease ran out and another worker took over. Its outcome counts, ours is dropped.
        logger.warning("Decision %s was taken over while it was sent.", claim.decision.pk)


def _is_recorded(claim: Claim) -> bool:
    """Whether every audit line so far also stands outside the database; else keep it for later."""
    try:
        sink.ensure_written(claim.decision.pk)
    except AuditUnavailable:
        logger.exception("Decision %s is not sent: it cannot be recorded.", claim.decision.pk)
        release(claim=claim, code="AuditUnavailable", message="The audit record cannot be written.")
        return False
    return True


def _call(claim: Claim) -> Reply | StepFunctionsError | TokenUnreadable:
    """Call AWS once. The token lives in this function and nowhere above it."""
    decision, sender, token = claim.decision, _sender(claim), ""
    try:
        # They may take their time, so before the token is in hand and the claim's age is asked.
        sender.require_credentials()
        token = _token(claim.task)
        if not claim.is_fresh:
            raise Superseded
        if decision.output is not None:
            return sender.send_task_success(token=token, output=decision.output_text)
        return sender.send_task_failure(token=token, error=decision.error, cause=decision.cause)
    except TokenUnreadable as exc:
        return exc
    except Refused as exc:
        if exc.kind == RefusedKind.EXPIRED_CREDENTIALS:
            sender.renew_credentials()
        return exc
    except StepFunctionsError as exc:
        return exc
    finally:
        token = ""


def _sender(claim: Claim) -> Sender:
    return Sender(
        access=claim.task.connection.access_as(claim.session),
        connect_timeout=settings.SEND_CONNECT_SECONDS,
        read_timeout=settings.SEND_READ_SECONDS,
    )


def _token(task: CallbackTask) -> str:
    if task.token_ciphertext is None:
        raise TokenUnreadable(f"No token is kept for task {task.pk}.")
    return decrypt_token(ciphertext=bytes(task.token_ciphertext), task_id=task.pk)


def _conclude(claim: Claim, said: Reply | StepFunctionsError | TokenUnreadable) -> None:
    # What it says of the connection holds also where the claim was lost meanwhile.
    if not isinstance(said, TokenUnreadable):
        pauses.follow(
            connection_id=claim.decision.connection_id,
            said=said,
            is_probe=claim.is_probe,
            now=claim.now,
        )
    note(claim=claim, said=said)

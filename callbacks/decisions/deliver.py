"""Send a decision: claim it, call AWS once outside any transaction, write what AWS said.

From the claim on the answer is frozen and cannot be taken back. A fence cannot reach AWS, so a
pause between the last check and the socket stays possible; as every send of a decision has the
same bytes and a token works once, a second send is harmless.
"""

from __future__ import annotations

import logging
import os
import random
import socket
import time
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from callbacks.audit import AuditUnavailable, sink
from callbacks.decisions.moves import Superseded, move
from callbacks.models import CallbackTask, Connection, Decision, DecisionStatus
from callbacks.models.secret import TokenUnreadable, decrypt_token
from callbacks.stepfunctions import (
    InvalidOutput,
    NotSent,
    NotSentKind,
    Refused,
    RefusedKind,
    Reply,
    Sender,
    StepFunctionsError,
    TaskGone,
    Throttled,
)

logger = logging.getLogger(__name__)

# How often credentials that had ended are renewed for one answer.
RENEWALS = 2


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to make one call. `taken` is monotonic: no clock change can lengthen a lease."""

    decision: Decision
    at: datetime
    taken: float

    @property
    def age(self) -> timedelta:
        return timedelta(seconds=time.monotonic() - self.taken)

    @property
    def now(self) -> datetime:
        return self.at + self.age

    @property
    def is_fresh(self) -> bool:
        return self.age.total_seconds() < float(settings.SEND_LEASE_SECONDS) / 2


def deliver(*, decision_id: uuid.UUID, now: datetime) -> None:
    """Send the decision if it is due and nobody else is at it; otherwise do nothing but say so."""
    with transaction.atomic():
        decision = Decision.objects.select_for_update(of=("self",)).filter(pk=decision_id).first()
        claim = _claim(decision, now) if decision and is_due(decision, now) else None
    if claim is None:
        logger.debug("Decision %s is not to be sent now.", decision_id)
        return
    _send(claim)


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


def worker_name() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"[:80]


def _claim(decision: Decision, now: datetime) -> Claim | None:
    """Take the decision for one call; None where somebody was faster or the wait is over."""
    task = CallbackTask.objects.select_related("execution").filter(pk=decision.task_id).first()
    if task is None or not task.is_waiting:
        # Nothing can be sent any more; the settling names who or what was first.
        return None
    known = decision.event_id_before
    try:
        move(
            decision=decision,
            to=DecisionStatus.SENDING,
            now=now,
            facts={"worker": worker_name()},
            generation=decision.generation + 1,
            claimed_at=now,
            claimed_by=worker_name(),
            lease_until=now + timedelta(seconds=settings.SEND_LEASE_SECONDS),
            look_after=None,
            # The last event known before the first call; later claims keep it.
            event_id_before=task.execution.last_event_id if known is None else known,
        )
    except Superseded:
        return None
    return Claim(decision=decision, at=now, taken=time.monotonic())


def _send(claim: Claim) -> None:
    try:
        if _is_recorded(claim):
            _note(claim, _call(claim))
    except Superseded:
        # Our lease ran out and another worker took over. Its outcome counts, ours is dropped.
        logger.warning("Decision %s was taken over while it was sent.", claim.decision.pk)


def _is_recorded(claim: Claim) -> bool:
    """Whether every audit line so far also stands outside the database; else keep it for later."""
    try:
        sink.ensure_written(claim.decision.pk)
    except AuditUnavailable:
        logger.exception("Decision %s is not sent: it cannot be recorded.", claim.decision.pk)
        _release(claim, code="AuditUnavailable", message="The audit record cannot be written.")
        return False
    return True


def _call(claim: Claim) -> Reply | StepFunctionsError | TokenUnreadable:
    """Call AWS once. The token lives in this function and nowhere above it."""
    decision = claim.decision
    try:
        sender, token = _sender(decision), _token(decision)
    except (Connection.DoesNotExist, CallbackTask.DoesNotExist):
        return _gone()
    except TokenUnreadable as exc:
        return exc
    try:
        if not claim.is_fresh:
            raise Superseded
        if decision.output is not None:
            return sender.send_task_success(token=token, output=decision.output_text)
        return sender.send_task_failure(token=token, error=decision.error, cause=decision.cause)
    except Refused as exc:
        if exc.kind == RefusedKind.EXPIRED_CREDENTIALS:
            sender.renew_credentials()
        return exc
    except StepFunctionsError as exc:
        return exc
    finally:
        token = ""


def _gone() -> NotSent:
    """Dropped from the mirror since the claim. Ids are made of identities, so it may come back."""
    return NotSent(
        kind=NotSentKind.UNREACHABLE,
        operation="",
        code="ConnectionGone",
        message="The connection or the task is not in the mirror now.",
    )


def _sender(decision: Decision) -> Sender:
    connection = Connection.objects.get(pk=decision.connection_id)
    return Sender(
        access=connection.access,
        connect_timeout=settings.SEND_CONNECT_SECONDS,
        read_timeout=settings.SEND_READ_SECONDS,
    )


def _token(decision: Decision) -> str:
    task = CallbackTask.objects.only("token_ciphertext").get(pk=decision.task_id)
    if task.token_ciphertext is None:
        raise TokenUnreadable(f"No token is kept for task {task.pk}.")
    return decrypt_token(ciphertext=bytes(task.token_ciphertext), task_id=task.pk)


def _note(claim: Claim, said: Reply | StepFunctionsError | TokenUnreadable) -> None:
    if isinstance(said, Reply):
        _note_taken(claim, said)
    elif isinstance(said, TokenUnreadable):
        _refuse(claim, code="TokenUnreadable", message=str(said), outcome="token_unreadable")
    elif _may_pass(claim.decision, said):
        _release(claim, code=said.code, message=said.message)
    elif said.certainly_not_applied:
        _refuse(
            claim,
            code=said.code,
            message=said.message,
            outcome=_why_refused(said),
            outcome_facts=_what_is_missing(said),
        )
    else:
        _doubt(claim, said)


def _may_pass(decision: Decision, error: StepFunctionsError) -> bool:
    """Certainly not applied, and by itself likely to go away: the same bytes again, later."""
    if isinstance(error, Refused) and error.kind == RefusedKind.EXPIRED_CREDENTIALS:
        # Credentials were asked for anew; where they are still too old, that is no accident.
        # Tries that failed for other reasons do not count.
        return decision.answer_code != error.code or decision.looks < RENEWALS
    return isinstance(error, Throttled) or (
        isinstance(error, NotSent) and error.kind == NotSentKind.UNREACHABLE
    )


def _why_refused(error: StepFunctionsError) -> str:
    if isinstance(error, Refused | NotSent):
        return str(error.kind)
    return "invalid_output" if isinstance(error, InvalidOutput) else "other"


def _what_is_missing(error: StepFunctionsError) -> dict[str, str]:
    if not isinstance(error, Refused):
        return {}
    return {"action": error.action or "", "resource": error.resource or ""}


def _note_taken(claim: Claim, reply: Reply) -> None:
    move(
        decision=claim.decision,
        to=DecisionStatus.SENT,
        now=claim.now,
        facts={"aws_request_id": reply.request_id},
        aws_request_id=reply.request_id,
        first_sent_at=claim.decision.first_sent_at or claim.now,
        answer_code="",
        answer_message="",
        lease_until=None,
        look_after=claim.now,
        looks=0,
    )


def _release(claim: Claim, *, code: str, message: str) -> None:
    """Keep the answer for another try. It stays `sending`: once claimed, it is not taken back."""
    pause = settings.SEND_RETRY_SECONDS * random.uniform(1.0, 1.5)  # noqa: S311 - jitter
    move(
        decision=claim.decision,
        to=DecisionStatus.SENDING,
        now=claim.now,
        kind="answer_not_sent",
        facts={"code": code},
        answer_code=code,
        answer_message=message,
        lease_until=None,
        look_after=claim.now + timedelta(seconds=pause),
        # How often in a row for this reason.
        looks=claim.decision.looks + 1 if claim.decision.answer_code == code else 1,
    )


def _refuse(
    claim: Claim,
    *,
    code: str,
    message: str,
    outcome: str,
    outcome_facts: dict[str, str] | None = None,
) -> None:
    move(
        decision=claim.decision,
        to=DecisionStatus.REFUSED,
        now=claim.now,
        facts={"code": code},
        answer_code=code,
        answer_message=message,
        lease_until=None,
        look_after=None,
        outcome=outcome,
        outcome_facts=outcome_facts or {},
    )


def _doubt(claim: Claim, error: StepFunctionsError) -> None:
    """AWS may have taken it, now or before: from here on only the history tells."""
    # A spent token says that this call changed nothing: where no earlier one may have, an equal
    # answer in the history is somebody else's.
    may_be_ours = not isinstance(error, TaskGone)
    before = claim.decision.first_sent_at
    move(
        decision=claim.decision,
        to=DecisionStatus.UNKNOWN,
        now=claim.now,
        facts={"code": error.code},
        answer_code=error.code,
        answer_message=error.message,
        first_sent_at=before or (claim.now if may_be_ours else None),
        lease_until=None,
        look_after=claim.now,
        looks=0,
    )

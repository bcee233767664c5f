"""Write an answer down: the row that is frozen from here on, and its entry in the audit chain."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import IntegrityError, transaction

from callbacks.audit import append
from callbacks.audit.actor import Actor
from callbacks.decisions.answer import Answer
from callbacks.decisions.errors import AlreadyDecided, DecisionError, SameIdOtherAnswer
from callbacks.models import CallbackTask, Decision, DecisionStatus


def record(
    *,
    task: CallbackTask,
    decision_id: uuid.UUID,
    answer: Answer,
    actor: Actor,
    now: datetime,
    status: DecisionStatus,
    send_after: datetime,
    shown_sha256: str,
    forecast: str,
) -> Decision:
    """Insert the decision with its audit entry, in the caller's transaction.

    `shown_sha256` is the consent digest of what holds at this moment, `forecast` the verdict.

    Raises AlreadyDecided or SameIdOtherAnswer where a constraint says so, and AuditUnavailable.
    """
    decision = Decision(
        **_who_and_what(task),
        shown_sha256=shown_sha256,
        forecast=forecast,
        id=decision_id,
        direction=answer.direction,
        output=answer.output,
        error=answer.error if answer.output is None else "",
        cause=answer.cause if answer.output is None else "",
        payload_sha256=answer.payload_sha256,
        payload_bytes=answer.payload_length,
        reason=answer.reason,
        decided_by=actor.user,
        decided_by_name=actor.name,
        decided_at=now,
        channel=actor.channel,
        status=status,
        status_at=now,
        send_after=send_after,
    )
    try:
        with transaction.atomic():
            decision.save(force_insert=True)
    except IntegrityError:
        raise _met(decision) from None
    append(
        kind="answer_decided",
        now=now,
        actor=actor,
        decision_id=decision.pk,
        task_id=task.pk,
        facts=audit_facts(decision),
        personal={"reason": decision.reason},
    )
    return decision


def _met(decision: Decision) -> DecisionError:
    """What was there already: the constraints are the net under the lock, which is per task."""
    live = Decision.objects.live().filter(task_id=decision.task_id).first()
    same_id = Decision.objects.filter(pk=decision.pk, task_id=decision.task_id).first()
    return AlreadyDecided(live) if live else SameIdOtherAnswer(same_id)


def _who_and_what(task: CallbackTask) -> dict[str, object]:
    """The task and the rule as text, which outlive the mirror."""
    execution, connection, policy = task.execution, task.execution.connection, task.policy
    return {
        "task_id": task.pk,
        "request_id": task.request_id,
        "connection_id": connection.pk,
        "connection_name": connection.name,
        "region": connection.region,
        "state_machine_name": task.state_machine_name,
        "execution_arn": execution.arn,
        "execution_name": execution.name,
        "state": task.state,
        "iteration": task.iteration,
        "attempt": task.attempt,
        "redrive_count": task.redrive_count,
        "scheduled_event_id": task.scheduled_event_id,
        "headline": task.headline,
        "policy_id": policy.pk,
        "policy_name": policy.name,
        "policy_version": policy.version,
    }


def audit_facts(decision: Decision) -> dict[str, str | int]:
    """What the entry of an answer says of it; `audit.kept_rows` holds the row against it."""
    return {
        "direction": decision.direction,
        "meaning": _meaning(decision),
        "payload_sha256": decision.payload_sha256,
        "payload_bytes": decision.payload_bytes,
        "connection_name": decision.connection_name,
        "region": decision.region,
        "state_machine_name": decision.state_machine_name,
        "execution_arn": decision.execution_arn,
        "state": decision.state,
        "iteration": decision.iteration,
        "scheduled_event_id": decision.scheduled_event_id,
        "redrive_count": decision.redrive_count,
        "policy": decision.policy_name,
        "policy_version": decision.policy_version,
        "shown_sha256": decision.shown_sha256,
        "forecast": decision.forecast,
    }


def _meaning(decision: Decision) -> str:
    """What the signature says, as 21 CFR 11.50 asks of a record: to be read without our tables."""
    if decision.output is None:
        return f"reject as {decision.error}" if decision.error else "reject"
    return str(decision.direction)

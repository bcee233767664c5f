"""Write an action down: the row that is frozen from here on, and its entry in the audit chain."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from callbacks.audit import Actor
from callbacks.decisions.hints import hint
from callbacks.models import (
    OPEN_RESCUES,
    CallbackTask,
    Execution,
    RescueAction,
    RescueKind,
    RescueStatus,
    User,
)
from callbacks.rescue import rules
from callbacks.rescue.errors import AlreadyUnderWay, RescueError, SameIdOtherAction
from callbacks.rescue.moves import note


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody asks for, before it is looked at."""

    id: uuid.UUID
    kind: RescueKind
    actor: Actor
    now: datetime
    reason: str
    error: str = ""
    cause: str = ""


@dataclass(frozen=True, slots=True)
class Losses:
    """What a stop of the run would end."""

    waiting_tasks: int
    # Answers from here that are not confirmed yet.
    live_answers: int

    @property
    def needs_name(self) -> bool:
        return rules.needs_name(waiting_tasks=self.waiting_tasks, live_answers=self.live_answers)


def record(
    *,
    wish: Wish,
    execution: Execution,
    user: User,
    task: CallbackTask | None = None,
    losses: Losses | None = None,
) -> RescueAction:
    """Insert the action with its audit entry, in the caller's transaction.

    Raises AlreadyUnderWay or SameIdOtherAction where a constraint says so, and AuditUnavailable.
    """
    action = RescueAction(
        id=wish.id,
        kind=wish.kind,
        **_what(execution, task),
        error=wish.error,
        cause=wish.cause,
        reason=wish.reason,
        waiting_tasks=losses.waiting_tasks if losses else 0,
        live_answers=losses.live_answers if losses else 0,
        asked_by=user,
        asked_by_name=wish.actor.name,
        asked_at=wish.now,
        channel=wish.actor.channel,
        status=RescueStatus.REQUESTED,
        status_at=wish.now,
        look_after=wish.now,
    )
    try:
        with transaction.atomic():
            action.save(force_insert=True)
    except IntegrityError:
        raise _met(action) from None
    note(
        action=action,
        step="requested",
        now=wish.now,
        actor=wish.actor,
        facts=_audit_facts(action),
        personal={"reason": wish.reason},
    )
    transaction.on_commit(lambda: hint("carry_out_rescue", action.pk))
    return action


def _met(action: RescueAction) -> RescueError:
    """Another one is open, or the id was used in the same moment for another run."""
    rows = RescueAction.objects.filter(kind=action.kind, status__in=OPEN_RESCUES)
    found = rows.filter(execution_id=action.execution_id).first()
    if found is not None:
        return AlreadyUnderWay(found)
    return SameIdOtherAction(RescueAction.objects.get(pk=action.pk))


def _what(execution: Execution, task: CallbackTask | None) -> Mapping[str, Any]:
    """The run and the task as text, which outlive the mirror."""
    connection = execution.connection
    return {
        "execution": execution,
        "task": task,
        "connection_id": connection.pk,
        "connection_name": connection.name,
        "region": connection.region,
        "state_machine_name": execution.state_machine.name,
        "execution_arn": execution.arn,
        "execution_name": execution.name,
        "redrive_count": task.redrive_count if task else execution.redrive_count,
        "state": task.state if task else "",
        "iteration": task.iteration if task else "",
        "scheduled_event_id": task.scheduled_event_id if task else None,
    }


def _audit_facts(action: RescueAction) -> dict[str, str | int]:
    payload = action.error.encode() + b"\0" + action.cause.encode()
    facts: dict[str, str | int] = {"redrive_count": action.redrive_count}
    if action.kind == RescueKind.HEARTBEAT:
        facts |= {"state": action.state, "scheduled_event_id": action.scheduled_event_id or 0}
    if action.kind == RescueKind.STOP:
        facts |= {
            "payload_sha256": hashlib.sha256(payload).hexdigest(),
            "waiting_tasks": action.waiting_tasks,
            "live_answers": action.live_answers,
        }
    return facts

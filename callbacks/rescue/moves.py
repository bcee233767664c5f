"""The one way an action changes state: conditional on how it was read, with its audit line."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from callbacks.audit import append
from callbacks.audit.actor import SYSTEM, Actor
from callbacks.decisions.moves import Superseded
from callbacks.models import RescueAction, RescueStatus


def move(
    *,
    action: RescueAction,
    to: RescueStatus,
    now: datetime,
    step: str = "",
    facts: Mapping[str, str | int] | None = None,
    personal: Mapping[str, str] | None = None,
    **changes: Any,
) -> None:
    """Write the new state where status and generation are still those of `action`.

    Raises Superseded where they are not, and AuditUnavailable (nothing written) where the step
    cannot be recorded. Refreshes `action` in place.
    """
    changes |= {"status": to, "status_at": now}
    with transaction.atomic():
        moved = RescueAction.objects.filter(
            pk=action.pk, status=action.status, generation=action.generation
        ).update(**changes)
        if moved != 1:
            raise Superseded
        generation = changes.get("generation", action.generation)
        note(
            action=action,
            step=step or to,
            now=now,
            facts={"generation": generation, **(facts or {})},
            personal=personal,
        )
    for field, value in changes.items():
        setattr(action, field, value)


def note(
    *,
    action: RescueAction,
    step: str,
    now: datetime,
    actor: Actor = SYSTEM,
    facts: Mapping[str, str | int] | None = None,
    personal: Mapping[str, str] | None = None,
) -> None:
    """Add the audit entry of one step, in the caller's transaction. Raises AuditUnavailable."""
    append(
        kind=f"{action.kind}_{step}",
        now=now,
        actor=actor,
        task_id=action.task_id,
        facts={"action": str(action.pk), "execution_arn": action.execution_arn, **(facts or {})},
        personal=personal,
    )

"""The one way a decision changes state: conditional on how it was read, with its audit line."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from callbacks.audit import append
from callbacks.audit.actor import SYSTEM, Actor
from callbacks.models import Decision, DecisionStatus


class Superseded(Exception):
    """Somebody else moved this decision since it was read; nothing was written."""


def move(
    *,
    decision: Decision,
    to: DecisionStatus,
    now: datetime,
    actor: Actor = SYSTEM,
    facts: Mapping[str, str | int] | None = None,
    personal: Mapping[str, str] | None = None,
    kind: str = "",
    **changes: Any,
) -> None:
    """Write the new state where status and generation are still those of `decision`.

    Raises Superseded where they are not, and AuditUnavailable (nothing written) where the step
    cannot be recorded. Refreshes `decision` in place.
    """
    changes |= {"status": to, "status_at": now}
    with transaction.atomic():
        moved = Decision.objects.filter(
            pk=decision.pk, status=decision.status, generation=decision.generation
        ).update(**changes)
        if moved != 1:
            raise Superseded
        append(
            kind=kind or f"answer_{to}",
            now=now,
            actor=actor,
            decision_id=decision.pk,
            task_id=decision.task_id,
            facts={
                "payload_sha256": decision.payload_sha256,
                "generation": changes.get("generation", decision.generation),
                **(facts or {}),
            },
            personal=personal,
        )
    for field, value in changes.items():
        setattr(decision, field, value)

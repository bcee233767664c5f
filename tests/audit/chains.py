"""Chains to test with, and tampering by somebody who owns the database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from django.db import connection, transaction

from callbacks.audit import SYSTEM, Actor, append, triggers
from callbacks.models import AuditEntry, Decision

NOW = datetime(2026, 3, 1, 9, 30, 15, 123457, tzinfo=UTC)


def add(kind: str = "signed_in", *, actor: Actor = SYSTEM, **fields: Any) -> AuditEntry:
    with transaction.atomic():
        return append(kind=kind, now=NOW, actor=actor, **({"facts": {}} | fields))


def record(decision: Decision, *, kind: str = "answer_decided") -> AuditEntry:
    """Append the entry that a decision must have."""
    return add(
        kind,
        actor=Actor(user=decision.decided_by, channel="page"),
        decision_id=decision.pk,
        task_id=decision.task_id,
        facts={"direction": decision.direction, "payload_sha256": decision.payload_sha256},
        personal={"reason": decision.reason},
    )


@contextmanager
def without_triggers() -> Iterator[None]:
    triggers.drop(connection)
    yield
    triggers.create(connection)


def tamper(statement: str, *params: object) -> None:
    """Run a statement as the database's owner would, who can take the triggers off."""
    with without_triggers(), connection.cursor() as cursor:
        cursor.execute(statement, params)

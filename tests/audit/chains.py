"""Chains to test with, and tampering by somebody who owns the database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from io import StringIO
from typing import Any

from django.core.management import call_command
from django.db import connection, transaction

from callbacks.audit import SYSTEM, Actor, append, triggers
from callbacks.decisions.recording import audit_facts
from callbacks.models import AuditEntry, Decision

NOW = datetime(2026, 3, 1, 9, 30, 15, 123457, tzinfo=UTC)


def add(
    kind: str = "signed_in", *, actor: Actor = SYSTEM, now: datetime = NOW, **fields: Any
) -> AuditEntry:
    with transaction.atomic():
        return append(kind=kind, now=now, actor=actor, **({"facts": {}} | fields))


def record(decision: Decision, *, kind: str = "answer_decided") -> AuditEntry:
    """Append the entry that a decision must have."""
    return add(
        kind,
        actor=Actor(user=decision.decided_by, channel=decision.channel),
        now=decision.decided_at,
        decision_id=decision.pk,
        task_id=decision.task_id,
        facts=audit_facts(decision),
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


def run_verify(*args: str) -> tuple[int, str]:
    """Run `manage.py verify_audit`; return its exit code and all that it said."""
    out = StringIO()
    try:
        call_command("verify_audit", *args, stdout=out, stderr=out)
    except SystemExit as exc:
        return int(str(exc.code)), out.getvalue()
    return 0, out.getvalue()

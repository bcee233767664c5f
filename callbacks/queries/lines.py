"""Audit entries as pages list them, with the role session in which something was sent."""

from __future__ import annotations

from django.db.models import OuterRef, QuerySet, Subquery

from callbacks.models import AuditEntry, AuditPersonal


def lines() -> QuerySet[AuditEntry]:
    """All entries; no query more than without the session."""
    sessions = AuditPersonal.objects.filter(entry=OuterRef("pk"), field="session")
    return AuditEntry.objects.annotate(session=Subquery(sessions.values("value")[:1]))


def session_of(line: AuditEntry) -> str:
    """ "" where nothing was sent, no role is assumed, or the name was erased."""
    return str(line.__dict__.get("session") or "")

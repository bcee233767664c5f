"""How the audit record stands outside the database: last checkpoint, and what was rolled back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from callbacks.audit import AuditUnavailable, keys
from callbacks.audit.checkpoint import open_checkpoint
from callbacks.audit.notes import BadNote
from callbacks.models import AuditRollback, AuditTree


@dataclass(frozen=True, slots=True)
class LastCheckpoint:
    """`size` is None where no key that is trusted here has signed what the database keeps."""

    at: datetime
    size: int | None = None
    key_id: str = ""
    note: str = ""


def last_checkpoint() -> LastCheckpoint | None:
    """One query; None before the first checkpoint."""
    row = AuditTree.objects.first()
    if row is None:
        return None
    try:
        signed = open_checkpoint(row.note, trusted=keys.trusted())
    except (AuditUnavailable, BadNote):
        return LastCheckpoint(at=row.at)
    checkpoint = signed.checkpoint
    return LastCheckpoint(
        at=checkpoint.at, size=checkpoint.size, key_id=signed.key_id, note=signed.note
    )


def open_rollbacks() -> list[AuditRollback]:
    """What nobody has acknowledged yet; as long as there is one, nothing is sent."""
    return list(AuditRollback.objects.filter(acknowledged_seq=None).order_by("pk"))

"""A database that lost entries which stand outside it: found, said, and acknowledged by somebody.

Until then nothing is sent: the people's picture, and ours, may be older than what AWS was told.
"""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Callable, Collection
from datetime import datetime
from io import FileIO
from pathlib import Path

from django.db import Error, transaction
from django.db.models.functions import Now

from callbacks.audit.actor import Actor
from callbacks.audit.chain import append
from callbacks.audit.errors import AuditRolledBack, AuditUnavailable
from callbacks.audit.files import locked
from callbacks.audit.walk import last_seq
from callbacks.models import AuditEntry, AuditRollback

KIND = "audit_rollback_acknowledged"


def refuse_while_open() -> None:
    """Raises AuditRolledBack as long as something found anywhere was not acknowledged."""
    found = AuditRollback.objects.filter(acknowledged_seq=None).first()
    if found is not None:
        raise AuditRolledBack(_words(found))


def refuse_unless_acknowledged(
    *, source: Path | str, seq: int, digest: str, common: Callable[[], int]
) -> None:
    """Keep that entry `seq` with this hash stands at `source` and not in the database.

    Raises AuditRolledBack until somebody has acknowledged exactly that. `common` is asked only
    the first time: it reads much.
    """
    found = AuditRollback.objects.filter(outside_hash=digest).first()
    if found is None:
        found, _ = AuditRollback.objects.get_or_create(
            outside_hash=digest,
            defaults={
                "found_at": Now(),
                "source": f"{socket.gethostname()}:{source}"[-300:],
                "outside_seq": seq,
                "common_seq": common(),
            },
        )
    if found.acknowledged_seq is None:
        raise AuditRolledBack(_words(found))


def acknowledge(
    *, ids: Collection[int], reason: str, actor: Actor, now: datetime
) -> list[AuditEntry]:
    """Record that somebody took note of what was lost; the chain goes on from where it is.

    Raises AuditUnavailable. What others have acknowledged meanwhile is left as it is.
    """
    try:
        with transaction.atomic():
            rows = AuditRollback.objects.select_for_update().order_by("pk")
            found = list(rows.filter(pk__in=ids, acknowledged_seq=None))
            return [_acknowledge(row, reason=reason, actor=actor, now=now) for row in found]
    except Error as exc:
        raise AuditUnavailable("The acknowledgement could not be recorded.") from exc


def put_aside(file: FileIO, path: Path, *, seq: int, digest: str) -> Path:
    """Keep the file's content under another name and empty it; its lock stays held."""
    aside = path.with_name(f"{path.stem}.lost-{seq}-{digest[:8]}{path.suffix}")
    with path.open("rb") as source, locked(aside) as kept:
        kept.truncate(0)
        shutil.copyfileobj(source, kept)
        os.fsync(kept.fileno())
    file.truncate(0)
    return aside


def _acknowledge(row: AuditRollback, *, reason: str, actor: Actor, now: datetime) -> AuditEntry:
    entry = append(
        kind=KIND,
        now=now,
        actor=actor,
        facts={
            "place": row.source.rpartition("/")[2],
            "outside_entries": row.outside_seq,
            "outside_hash": row.outside_hash,
            "common_entries": row.common_seq,
            "database_entries": last_seq(),
        },
        personal={"reason": reason},
    )
    row.acknowledged_seq = entry.chain_seq
    row.save(update_fields=["acknowledged_seq"])
    return entry


def _words(row: AuditRollback) -> str:
    return (
        f"{row.source} ends with entry {row.outside_seq}, which the database does not have: it was "
        "rolled back, or the file belongs to another database. See verify_audit and the audit page."
    )

"""Append one entry to the hash chain, inside the transaction of what it records.

A lock serialises all appends until the transaction ends: locking the last row instead forks the
chain, because two writers may read the same last row before either has written.
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import Error, connection
from django.db.transaction import TransactionManagementError

from callbacks.audit.actor import Actor
from callbacks.audit.envelope import (
    GENESIS,
    SALT_LENGTH,
    Envelope,
    Fact,
    commitment,
    entry_hash,
    microseconds,
)
from callbacks.audit.errors import AuditUnavailable
from callbacks.models import AuditEntry, AuditPersonal

# Any number, as long as nobody else takes an advisory lock by it: "hold" in ASCII.
LOCK_KEY = 0x686F6C64


def append(
    *,
    kind: str,
    now: datetime,
    actor: Actor,
    facts: Mapping[str, Fact],
    decision_id: uuid.UUID | None = None,
    task_id: uuid.UUID | None = None,
    personal: Mapping[str, str] | None = None,
) -> AuditEntry:
    """Add an entry to the chain; it stands when the caller's transaction is committed.

    `facts` go into the chain for ever, so they hold no payload, no token and nothing personal.
    `personal` values, and the actor's name and address, stand beside it and may be erased. Make it
    the last statement of the transaction: until its end every other append waits.
    Raises AuditUnavailable where the database refuses; the caller's work must then not happen.
    """
    if not connection.in_atomic_block:
        raise TransactionManagementError("An audit entry is part of the transaction it records.")
    values = _salted(_about(actor) | dict(personal or {}))
    try:
        seq, previous = _take_place()
        envelope = Envelope(
            seq=seq,
            kind=kind,
            at=microseconds(now),
            actor=_text(actor.user.pk if actor.user else None),
            channel=actor.channel,
            authentication=actor.authentication,
            decision=_text(decision_id),
            task=_text(task_id),
            facts=_checked(facts),
            personal={v.field: commitment(salt=v.salt, value=v.value) for v in values},
            previous=previous,
        )
        return _insert(envelope, now=now, decision_id=decision_id, task_id=task_id, values=values)
    except Error as exc:
        raise AuditUnavailable(f"The audit entry {kind!r} could not be written.") from exc


@dataclass(frozen=True, slots=True)
class _Value:
    field: str
    salt: str
    value: str


def _about(actor: Actor) -> dict[str, str]:
    # Holdpoint's own name is nobody's personal value.
    name = actor.name if actor.user else ""
    return {"actor_name": name, "actor_address": actor.address}


def _salted(personal: Mapping[str, str]) -> list[_Value]:
    return [
        _Value(field, secrets.token_hex(SALT_LENGTH // 2), value)
        for field, value in personal.items()
        if value
    ]


def _checked(facts: Mapping[str, Fact]) -> dict[str, Fact]:
    for name, value in facts.items():
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise TypeError(f"The audit fact {name!r} is neither a string nor an integer.")
    # Enumerations become the plain strings that they are.
    return {name: str(v) if isinstance(v, str) else int(v) for name, v in facts.items()}


def _take_place() -> tuple[int, str]:
    """Wait for our turn; return our number and the hash of the entry before us."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK_KEY])
    # On SQLite our transactions begin IMMEDIATE (settings): to be in one is to hold the lock.
    last = AuditEntry.objects.order_by("-chain_seq").values_list("chain_seq", "entry_hash").first()
    return (last[0] + 1, last[1]) if last else (1, GENESIS)


def _insert(
    envelope: Envelope,
    *,
    now: datetime,
    decision_id: uuid.UUID | None,
    task_id: uuid.UUID | None,
    values: list[_Value],
) -> AuditEntry:
    body = envelope.text()
    entry = AuditEntry(
        chain_seq=envelope.seq,
        kind=envelope.kind,
        at=now,
        actor_id=int(envelope.actor) if envelope.actor else None,
        decision_id=decision_id,
        task_id=task_id,
        body=body,
        previous_hash=envelope.previous,
        entry_hash=entry_hash(body),
    )
    entry.save(force_insert=True)
    AuditPersonal.objects.bulk_create(
        [AuditPersonal(entry=entry, field=v.field, salt=v.salt, value=v.value) for v in values]
    )
    return entry


def _text(key: uuid.UUID | int | None) -> str:
    return "" if key is None else str(key)

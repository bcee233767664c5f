"""The audit record as a list: newest entry first, by its number in the chain."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet

from callbacks.audit.envelope import BadEnvelope, Fact, read_envelope
from callbacks.models import AuditEntry, AuditPersonal, CallbackTask, Decision
from callbacks.queries.paging import PAGE_SIZE


@dataclass(frozen=True, slots=True)
class AuditFilter:
    kind: str = ""
    person: str = ""
    about: uuid.UUID | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class AuditLine:
    """One entry. `facts` is None where the text in the database is not one that we wrote."""

    seq: int
    kind: str
    at: datetime
    actor_id: int | None
    channel: str
    decision_id: uuid.UUID | None
    task_id: uuid.UUID | None
    entry_hash: str
    facts: Mapping[str, Fact] | None
    personal: Mapping[str, str]
    headline: str
    # What proves it: the text that the hash covers, and the salts of the personal values.
    body: str = field(repr=False)
    salts: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class AuditPage:
    lines: tuple[AuditLine, ...]
    next: int | None


@dataclass(frozen=True, slots=True)
class ChainEnd:
    """The last entry: numbers have no gaps, so `seq` is also how many entries there are."""

    seq: int
    entry_hash: str
    at: datetime


def chain_end() -> ChainEnd | None:
    """One query, by the primary key."""
    row = AuditEntry.objects.order_by("-chain_seq").values_list("chain_seq", "entry_hash", "at")
    last = row.first()
    return ChainEnd(*last) if last else None


def list_audit(*, filters: AuditFilter, before: int | None, limit: int = PAGE_SIZE) -> AuditPage:
    """One page: four queries (entries, their personal values, headlines of answers and tasks)."""
    rows = _rows(filters)
    if before is not None:
        rows = rows.filter(chain_seq__lt=before)
    found = list(rows.order_by("-chain_seq")[: limit + 1])
    entries = found[:limit]
    personal = _personal([entry.chain_seq for entry in entries])
    headlines = _headlines(entries)
    lines = tuple(_line(entry, personal[entry.chain_seq], headlines) for entry in entries)
    return AuditPage(lines=lines, next=entries[-1].chain_seq if len(found) > limit else None)


def count_audit(*, filters: AuditFilter, before: int) -> int:
    return _rows(filters).filter(chain_seq__lt=before).count()


def _rows(filters: AuditFilter) -> QuerySet[AuditEntry]:
    rows = AuditEntry.objects.all()
    if filters.kind:
        rows = rows.filter(kind=filters.kind)
    if filters.about:
        rows = rows.filter(Q(decision_id=filters.about) | Q(task_id=filters.about))
    if filters.since:
        rows = rows.filter(at__gte=filters.since)
    if filters.until:
        rows = rows.filter(at__lt=filters.until)
    if filters.person:
        named = AuditPersonal.objects.filter(
            entry_id=OuterRef("pk"),
            field__in=("actor_name", "username"),
            value__icontains=filters.person,
        )
        rows = rows.filter(Exists(named))
    return rows


def _personal(numbers: Collection[int]) -> dict[int, list[AuditPersonal]]:
    values: dict[int, list[AuditPersonal]] = defaultdict(list)
    for one in AuditPersonal.objects.filter(entry_id__in=numbers):
        values[one.entry_id].append(one)
    return values


def _headlines(entries: Collection[AuditEntry]) -> dict[uuid.UUID, str]:
    """By id of the decision and of the task; the mirror may have forgotten the task."""
    decisions = {entry.decision_id for entry in entries if entry.decision_id}
    tasks = {entry.task_id for entry in entries if entry.task_id}
    return {
        **dict(CallbackTask.objects.filter(id__in=tasks).values_list("id", "headline")),
        **dict(Decision.objects.filter(id__in=decisions).values_list("id", "headline")),
    }


def _line(
    entry: AuditEntry, personal: Collection[AuditPersonal], headlines: Mapping[uuid.UUID, str]
) -> AuditLine:
    channel, facts = _envelope(entry)
    known = [headlines.get(key, "") for key in (entry.decision_id, entry.task_id) if key]
    return AuditLine(
        seq=entry.chain_seq,
        kind=entry.kind,
        at=entry.at,
        actor_id=entry.actor_id,
        channel=channel,
        decision_id=entry.decision_id,
        task_id=entry.task_id,
        entry_hash=entry.entry_hash,
        facts=facts,
        personal={one.field: one.value for one in personal},
        headline=next(filter(None, known), ""),
        body=entry.body,
        salts={one.field: one.salt for one in personal},
    )


def _envelope(entry: AuditEntry) -> tuple[str, Mapping[str, Fact] | None]:
    try:
        envelope = read_envelope(entry.body)
    except BadEnvelope:
        # Shown as such: somebody else wrote into the table, and verify_audit names it.
        return "", None
    return envelope.channel, envelope.facts

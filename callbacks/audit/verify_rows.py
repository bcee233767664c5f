"""Hold the rows of the record against its entries, row by entry and entry by row."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

from callbacks.audit.envelope import Envelope, commitment, read_envelope
from callbacks.audit.faults import Fault
from callbacks.audit.kept_rows import KEPT, Kept
from callbacks.models import AuditEntry

PAGE = 200
PERSONAL_NAMES = {"actor_name": "name", "reason": "reason"}


def verify_rows() -> dict[str, int]:
    """Return how many rows of each kind hold, once the chain itself does. Raises Fault."""
    return {kept.name: verify_kept(kept) for kept in KEPT}


def verify_kept(kept: Kept) -> int:
    """The same of one kind."""
    recorded: set[str] = set()
    last = _check_entries(kept, 0, recorded)
    keys = kept.rows().order_by("pk").values_list("pk", flat=True).iterator()
    unseen = [str(key) for key in keys if str(key) not in recorded]
    if unseen:
        # People go on meanwhile: what has a row by now has its entry, too, maybe a later one.
        _check_entries(kept, last, recorded)
    for key in unseen:
        if key not in recorded:
            raise Fault(0, f"{kept.name} {key} was never recorded")
    return len(recorded)


def _check_entries(kept: Kept, after: int, recorded: set[str]) -> int:
    """Hold the later entries against their rows, and add those; return the last one's number."""
    for page in _entries(kept, after):
        envelopes = [read_envelope(entry.body) for entry in page]
        rows = _rows(kept, [kept.key(envelope) for envelope in envelopes])
        for entry, envelope in zip(page, envelopes, strict=True):
            key = kept.key(envelope)
            if key in recorded:
                raise Fault(envelope.seq, f"{kept.name} {key} was recorded before")
            if key not in rows:
                raise Fault(envelope.seq, f"{kept.name} {key} that it recorded is missing")
            _check(kept, rows[key], entry, envelope)
            recorded.add(key)
        after = page[-1].chain_seq
    return after


def _check(kept: Kept, row: Any, entry: AuditEntry, envelope: Envelope) -> None:
    for what, (ours, recorded) in kept.told(row, envelope).items():
        if ours != recorded:
            what = what.replace("_", " ")
            raise Fault(envelope.seq, f"{kept.name} {row.pk} has another {what} than it recorded")
    salts = {one.field: one.salt for one in entry.personal.all()}
    for field, ours in kept.personal(row).items():
        if not _is_recorded(ours, salts.get(field), envelope.personal.get(field, "")):
            what = PERSONAL_NAMES[field]
            raise Fault(envelope.seq, f"{kept.name} {row.pk} has another {what} than it recorded")


def _is_recorded(ours: str, salt: str | None, committed: str) -> bool:
    if salt is None:
        return ours == committed == ""
    # Once erased, nobody can tell any more.
    return salt == "" or commitment(salt=salt, value=ours) == committed


def _rows(kept: Kept, keys: list[str]) -> dict[str, Any]:
    found = kept.rows().filter(pk__in=[key for key in keys if _is_key(key)])
    return {str(row.pk): row for row in found}


def _is_key(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text
    except ValueError:
        return False


def _entries(kept: Kept, after: int) -> Iterator[list[AuditEntry]]:
    rows = AuditEntry.objects.filter(kind__in=kept.kinds).order_by("chain_seq")
    while page := list(rows.filter(chain_seq__gt=after).prefetch_related("personal")[:PAGE]):
        yield page
        after = page[-1].chain_seq

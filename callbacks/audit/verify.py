"""Check the audit record: every link and hash, the columns, the personal values, the file sink.

Reads only. The first bad entry is the finding: what stands after it proves nothing any more.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from callbacks.audit.envelope import (
    GENESIS,
    BadEnvelope,
    Envelope,
    entry_hash,
    is_committed,
    microseconds,
    read_envelope,
)
from callbacks.audit.faults import Fault
from callbacks.audit.lines import BadLine, Line, read_lines
from callbacks.audit.verify_checkpoints import Watch
from callbacks.audit.walk import entry_hashes
from callbacks.models import AuditEntry, AuditPersonal
from callbacks.models.record import RecordQuerySet

PAGE = 500


@dataclass(frozen=True, slots=True)
class Verdict:
    """How much holds: the number of entries and the hash of the last one."""

    entries: int
    head: str


def verify_chain(watch: Watch | None = None) -> Verdict:
    """Check the chain in the database, with what stands beside it. Raises Fault."""
    watch = watch or Watch()
    verdict = Verdict(entries=0, head=GENESIS)
    for entry in _entries():
        envelope = _check_link(entry.body, entry.entry_hash, after=verdict)
        _check_columns(entry, envelope)
        _check_personal(entry, envelope)
        watch.see(envelope, entry.entry_hash)
        verdict = Verdict(entries=envelope.seq, head=entry.entry_hash)
    watch.end()
    return verdict


def verify_file(path: Path, watch: Watch | None = None) -> Verdict:
    """Check a file of entries by itself, without the database. Raises Fault and OSError."""
    watch = watch or Watch()
    verdict = Verdict(entries=0, head=GENESIS)
    for line in _lines(path):
        envelope = _check_link(line.body, line.entry_hash, after=verdict)
        watch.see(envelope, line.entry_hash)
        verdict = Verdict(entries=envelope.seq, head=line.entry_hash)
    watch.end()
    return verdict


def compare_with_file(path: Path) -> int:
    """Check that the file tells the database's story, up to where it has got; return how far.

    The file may be behind: it is brought up to date before each send. A file that is ahead shows
    that the database has lost entries. Raises Fault and OSError.
    """
    seq = 0
    for line, digest in zip_longest(_lines(path), (digest for _, digest in entry_hashes())):
        if line is None:
            break
        seq += 1
        if digest is None:
            raise Fault(seq, "the audit file has it and the database has not; it was rolled back")
        if entry_hash(line.body) != digest or line.entry_hash != digest:
            raise Fault(seq, "the audit file and the database differ")
    return seq


def _check_link(body: str, digest: str, *, after: Verdict) -> Envelope:
    seq = after.entries + 1
    if entry_hash(body) != digest:
        raise Fault(seq, "its text does not have the hash that stands beside it")
    try:
        envelope = read_envelope(body)
    except BadEnvelope as exc:
        raise Fault(seq, str(exc)) from exc
    if envelope.seq < seq:
        what = f"the last says that it is entry {envelope.seq}: one was put in"
        raise Fault(seq, what, max(envelope.seq, 1))
    if envelope.seq != seq:
        raise Fault(seq, f"it is missing, entry {envelope.seq} stands in its place")
    if envelope.previous != after.head:
        # Either may have been altered, with its hash made anew.
        raise Fault(seq, "the last does not continue the one before it", max(seq - 1, 1))
    return envelope


def _check_columns(entry: AuditEntry, envelope: Envelope) -> None:
    columns = {
        "chain_seq": (entry.chain_seq, envelope.seq),
        "kind": (entry.kind, envelope.kind),
        "at": (microseconds(entry.at), envelope.at),
        "actor_id": (_text(entry.actor_id), envelope.actor),
        "decision_id": (_text(entry.decision_id), envelope.decision),
        "task_id": (_text(entry.task_id), envelope.task),
        "previous_hash": (entry.previous_hash, envelope.previous),
    }
    for name, (column, chained) in columns.items():
        if column != chained:
            raise Fault(envelope.seq, f"its column {name} says something else than its text")


def _check_personal(entry: AuditEntry, envelope: Envelope) -> None:
    values: dict[str, AuditPersonal] = {row.field: row for row in entry.personal.all()}
    if values.keys() != envelope.personal.keys():
        raise Fault(envelope.seq, "its personal values are not the ones that were recorded")
    for name, row in values.items():
        if not is_committed(salt=row.salt, value=row.value, to=envelope.personal[name]):
            raise Fault(envelope.seq, f"its personal value {name} was altered")


def _text(key: object) -> str:
    return "" if key is None else str(key)


def _lines(path: Path) -> Iterator[Line]:
    number = 0
    try:
        for line in read_lines(path):
            number += 1
            yield line
    except BadLine as exc:
        raise Fault(number + 1, str(exc)) from exc


def _entries() -> Iterator[AuditEntry]:
    after = -1  # the column allows 0, the chain does not
    while page := list(_after(after).prefetch_related("personal")[:PAGE]):
        yield from page
        after = page[-1].chain_seq


def _after(seq: int) -> RecordQuerySet:
    return AuditEntry.objects.filter(chain_seq__gt=seq).order_by("chain_seq")

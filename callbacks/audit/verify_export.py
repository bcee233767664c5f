"""Check a whole export of the record (JSON lines of `GET /audit/export`), without the database.

Each line has its evidence, and what stands beside it for people must say the same, but for the
headline, which is the request's of today. A part of the record proves nothing: whoever has the file
could have written its entries anew.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from callbacks.audit.checkpoint import Signed, open_checkpoint
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
from callbacks.audit.notes import BadNote, Verifier
from callbacks.audit.verify import Verdict
from callbacks.audit.verify_checkpoints import Watch

# What a line has; the headline alone is not compared with the evidence.
NAMES = frozenset({
    "seq", "at", "kind", "actor", "channel", "decision", "task", "headline", "facts", "personal",
    "entry_hash", "evidence",
})  # fmt: skip


class PartOnly(Exception):
    """The export was asked for with a filter."""


@dataclass(frozen=True, slots=True)
class _Personal:
    value: str
    salt: str


def is_export(path: Path) -> bool:
    """Whether it is an export rather than an audit file. Raises OSError."""
    with path.open("rb") as file:
        return file.readline().startswith((b'{"seq"', b'{"checkpoint"'))


def last_checkpoint(path: Path, *, trusted: Iterable[Verifier]) -> list[Signed]:
    """The checkpoint that the export ends with, if one counted. Raises PartOnly, Fault, OSError."""
    with path.open("rb") as file:
        line = _line_at(file, _offsets(file)[-1])
    last = _object(line)
    if last.keys() != {"checkpoint", "is_whole"} or not line.endswith(b"\n"):
        raise Fault(0, "the last line, which has the checkpoint, is missing: the file was cut off")
    if last["is_whole"] is not True:
        raise PartOnly
    note = last["checkpoint"]
    try:
        return [] if note is None else [open_checkpoint(str(note), trusted=trusted)]
    except BadNote as exc:
        raise Fault(0, f"the checkpoint at its end does not count: {exc}") from exc


def verify_export(path: Path, watch: Watch) -> Verdict:
    """Check all entries, from the first on. Raises Fault and OSError."""
    verdict = Verdict(entries=0, head=GENESIS)
    for entry in _oldest_first(path):
        envelope = _check_entry(entry)
        _check_place(envelope, after=verdict)
        watch.see(envelope, entry["entry_hash"])
        verdict = Verdict(entries=envelope.seq, head=entry["entry_hash"])
    watch.end()
    return verdict


def _check_place(envelope: Envelope, *, after: Verdict) -> None:
    seq = after.entries + 1
    if envelope.seq != seq:
        raise Fault(seq, f"entry {envelope.seq} stands in its place")
    if envelope.previous != after.head:
        raise Fault(seq, "it does not continue the one before it", max(seq - 1, 1))


def _check_entry(entry: Mapping[str, Any]) -> Envelope:
    envelope, personal = _evidence(entry)
    if entry.keys() != NAMES:
        raise Fault(envelope.seq, "its line has not the names that an export has")
    if entry_hash(entry["evidence"]["body"]) != entry.get("entry_hash"):
        raise Fault(envelope.seq, "its text does not have the hash that stands beside it")
    for name, (shown, proved) in _told(entry, envelope).items():
        if shown != proved:
            raise Fault(envelope.seq, f"its {name} says something else than its text")
    _check_personal(entry, envelope, personal)
    return envelope


def _evidence(entry: Mapping[str, Any]) -> tuple[Envelope, dict[str, _Personal]]:
    try:
        evidence = entry["evidence"]
        personal = {
            name: _Personal(value=one["value"], salt=one["salt"])
            for name, one in evidence["personal"].items()
        }
        # Text that no UTF-8 can hold is none that we wrote.
        json.dumps(entry, ensure_ascii=False).encode()
        return read_envelope(evidence["body"]), personal
    except (TypeError, KeyError, AttributeError, UnicodeEncodeError, BadEnvelope) as exc:
        raise Fault(0, f"a line has no evidence that can be read: {str(entry)[:80]}") from exc


def _told(entry: Mapping[str, Any], envelope: Envelope) -> dict[str, tuple[object, object]]:
    """What stands beside the evidence, for people and programs, and what is proved."""
    return {
        "seq": (entry.get("seq"), envelope.seq),
        "kind": (entry.get("kind"), envelope.kind),
        "at": (_moment(entry.get("at")), envelope.at),
        "actor": (_text(_actor(entry).get("id")), envelope.actor),
        "channel": (entry.get("channel"), envelope.channel),
        "decision": (_text(entry.get("decision")), envelope.decision),
        "task": (_text(entry.get("task")), envelope.task),
        "facts": (entry.get("facts"), dict(envelope.facts)),
    }


def _check_personal(
    entry: Mapping[str, Any], envelope: Envelope, kept: Mapping[str, _Personal]
) -> None:
    if kept.keys() != envelope.personal.keys():
        raise Fault(envelope.seq, "its personal values are not the ones that were recorded")
    for name, one in kept.items():
        if not is_committed(salt=one.salt, value=one.value, to=envelope.personal[name]):
            raise Fault(envelope.seq, f"its personal value {name} was altered")
    # As the API shows them: who acted stands with the actor.
    values = {name: one.value for name, one in kept.items()}
    who = values.pop("actor_name", "") or values.get("system_user", "")
    if (_actor(entry).get("name"), entry.get("personal")) != (who, values):
        raise Fault(envelope.seq, "its personal values say something else than its evidence")


def _oldest_first(path: Path) -> Iterator[dict[str, Any]]:
    """The export has the newest first; its last line, which has the checkpoint, is left out."""
    with path.open("rb") as file:
        for offset in reversed(_offsets(file)[:-1]):
            yield _object(_line_at(file, offset))


def _offsets(file: Any) -> list[int]:
    """Where each line begins; [0] for an empty file."""
    file.seek(0)
    offsets, at = [], 0
    for line in file:
        offsets.append(at)
        at += len(line)
    return offsets or [0]


def _line_at(file: Any, offset: int) -> bytes:
    file.seek(offset)
    line: bytes = file.readline()
    return line


def _object(line: bytes) -> dict[str, Any]:
    try:
        loaded = json.loads(line, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        return {}
    return loaded if isinstance(loaded, dict) else {}


def _actor(entry: Mapping[str, Any]) -> dict[str, Any]:
    actor = entry.get("actor")
    return actor if isinstance(actor, dict) else {}


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Readers differ in which of two values of one name they take."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice")
    return found


def _moment(text: object) -> int | None:
    try:
        return microseconds(datetime.fromisoformat(str(text)))
    except (ValueError, TypeError):
        return None


def _text(key: object) -> str:
    return "" if key is None else str(key)

"""One checkpoint of the audit chain (C2SP tlog-checkpoint) as text, and back: pure.

    origin
    number of entries
    base64 of the Merkle root over their hashes
    at 2026-03-01T09:30:15.123457Z
    head <hash of the last entry>
    readings <after id> <up to id> <how many> <SHA-256 over them>

The last three are extension lines: other tools for checkpoints read past them.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from callbacks.audit.notes import BadNote, Signer, Verifier, open_note

AT_FORMAT = "%Y-%m-%dT%H:%M:%S.%fZ"
NUMBER = "(0|[1-9][0-9]{0,17})"
HASH = "([0-9a-f]{64})"
BODY = re.compile(
    r"(?P<origin>[^\n]+)\n"
    rf"(?P<size>{NUMBER})\n"
    r"(?P<root>[A-Za-z0-9+/]{43}=)\n"
    r"at (?P<at>[0-9T:.Z-]{27})\n"
    rf"head (?P<head>{HASH})\n"
    rf"readings (?P<after>{NUMBER}) (?P<upto>{NUMBER}) (?P<count>{NUMBER}) (?P<digest>{HASH})\n"
)


@dataclass(frozen=True, slots=True)
class Readings:
    """The rows that one checkpoint commits: ids above `after` up to `upto`."""

    after: int
    upto: int
    count: int
    digest: str


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What was true of the chain at a moment: it had `size` entries, with this Merkle root.

    `head` is the hash of the last of them: it pins the chain too, and can be compared at once.
    """

    origin: str
    size: int
    root: bytes
    at: datetime
    head: str
    readings: Readings

    def text(self) -> str:
        rows = self.readings
        lines = (
            self.origin,
            str(self.size),
            base64.b64encode(self.root).decode(),
            f"at {self.at.astimezone(UTC).strftime(AT_FORMAT)}",
            f"head {self.head}",
            f"readings {rows.after} {rows.upto} {rows.count} {rows.digest}",
        )
        return "".join(f"{line}\n" for line in lines)


@dataclass(frozen=True, slots=True)
class Signed:
    """A checkpoint whose signature was verified."""

    checkpoint: Checkpoint
    note: str
    key_id: str


def sign(checkpoint: Checkpoint, *, signer: Signer) -> Signed:
    note = signer.sign(checkpoint.text())
    return Signed(checkpoint=checkpoint, note=note, key_id=signer.verifier.key_id.hex())


def open_checkpoint(note: str, *, trusted: Iterable[Verifier]) -> Signed:
    """Return the checkpoint of a note that somebody trusted has signed. Raises BadNote."""
    text, verifier = open_note(note, trusted=trusted)
    checkpoint = _read(text)
    if checkpoint.origin != verifier.name:
        raise BadNote("its origin is not the one that signed it")
    return Signed(checkpoint=checkpoint, note=note, key_id=verifier.key_id.hex())


def _read(text: str) -> Checkpoint:
    found = BODY.fullmatch(text)
    if found is None:
        raise BadNote("its text is not a checkpoint of an audit record")
    try:
        checkpoint = Checkpoint(
            origin=found["origin"],
            size=int(found["size"]),
            root=base64.b64decode(found["root"]),
            at=datetime.strptime(found["at"], AT_FORMAT).replace(tzinfo=UTC),
            head=found["head"],
            readings=Readings(
                after=int(found["after"]),
                upto=int(found["upto"]),
                count=int(found["count"]),
                digest=found["digest"],
            ),
        )
    except ValueError as exc:
        raise BadNote("its text is not a checkpoint of an audit record") from exc
    if checkpoint.text() != text:
        raise BadNote("its text is not in the form that we write")
    return checkpoint

"""Compare the last checkpoint of every place with the database: is it still the same record?

At the start of web and worker, and before each new checkpoint.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from pathlib import Path

from django.db import Error

from callbacks.audit import keys, rollback
from callbacks.audit.checkpoint import Signed, open_checkpoint
from callbacks.audit.checkpoint_files import checkpoint_paths, last_note, read_notes
from callbacks.audit.errors import AuditRolledBack, AuditUnavailable
from callbacks.audit.lines import BadLine
from callbacks.audit.merkle import Tree
from callbacks.audit.notes import BadNote, Verifier
from callbacks.audit.walk import entry_hashes, is_on_chain
from callbacks.models import AuditTree

logger = logging.getLogger(__name__)
DATABASE = "the database's own copy"


def look_back() -> Signed | None:
    """Return the last checkpoint that the database agrees with; None before the first.

    Raises AuditRolledBack where a place has one that the database does not agree with, until
    that is acknowledged, and AuditUnavailable where a place cannot be read.
    """
    try:
        agreed = [signed for source, signed in _last_ones() if _agrees(source, signed)]
    except Error as exc:
        raise AuditUnavailable("The audit record cannot be read.") from exc
    return max(agreed, key=lambda signed: signed.checkpoint.at, default=None)


def look_back_loudly() -> None:
    """For the start of a process: say what is found, and let it start."""
    try:
        look_back()
    except AuditRolledBack as exc:
        logger.critical("Nothing is sent until somebody has looked: %s", exc)
    except AuditUnavailable:
        logger.exception("The checkpoints of the audit record could not be compared.")


def _last_ones() -> Iterator[tuple[Path | str, Signed]]:
    trusted = keys.trusted()
    first, *others = checkpoint_paths()
    if signed := _last_in(first, trusted):
        yield first, signed
    for path in others:
        try:
            if signed := _last_in(path, trusted):
                yield path, signed
        except AuditUnavailable:
            # A folder elsewhere that is away must not end the checkpoints here.
            logger.exception("One place of checkpoints could not be compared.")
    row = AuditTree.objects.first()
    if row is not None:
        try:
            yield DATABASE, open_checkpoint(row.note, trusted=trusted)
        except BadNote as exc:
            logger.error("The database's own copy of the last checkpoint does not count: %s.", exc)


def _last_in(path: Path, trusted: Iterable[Verifier]) -> Signed | None:
    try:
        note = last_note(path)
        return open_checkpoint(note, trusted=trusted) if note is not None else None
    except (BadLine, BadNote) as exc:
        # Not ours, so it proves nothing; it is not continued either.
        raise AuditUnavailable(
            f"The last checkpoint in {path} does not count: {exc}. If an earlier key signed it, "
            "list that in AUDIT_VERIFY_KEYS; else find out who wrote it and put the file aside."
        ) from exc


def _agrees(source: Path | str, signed: Signed) -> bool:
    checkpoint = signed.checkpoint
    if is_on_chain(seq=checkpoint.size, digest=checkpoint.head):
        return True
    rollback.refuse_unless_acknowledged(
        source=source,
        seq=checkpoint.size,
        digest=checkpoint.head,
        common=lambda: _common(source),
    )
    return False


def _common(source: Path | str) -> int:
    """The largest checkpoint in this place that the database agrees with, by its number."""
    if not isinstance(source, Path):
        return 0
    known: dict[int, set[bytes]] = {}
    for signed in read_signed(source):
        known.setdefault(signed.checkpoint.size, set()).add(signed.checkpoint.root)
    common, tree = 0, Tree()
    for seq, digest in entry_hashes():
        if seq != tree.size + 1:
            break
        tree.append(bytes.fromhex(digest))
        if tree.root in known.get(seq, ()):
            common = seq
    return common


def read_signed(path: Path) -> Iterator[Signed]:
    """Yield the checkpoints of a file that count, in their order."""
    yield from _that_count(read_notes(path))


def _that_count(notes: Iterable[str]) -> Iterator[Signed]:
    trusted = keys.trusted()
    for note in notes:
        try:
            yield open_checkpoint(note, trusted=trusted)
        except BadNote:
            continue

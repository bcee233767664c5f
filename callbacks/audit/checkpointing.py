"""Write checkpoints of the chain outside the database, each continuing the one before.

What is signed is always the tree of the last signed checkpoint with the entries since: nobody who
rewrites the database gets a signature under another past.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.db import Error

from callbacks.audit import keys
from callbacks.audit.checkpoint import Checkpoint, Signed, open_checkpoint, sign
from callbacks.audit.checkpoint_files import append_note, checkpoint_paths
from callbacks.audit.commitments import commit_readings
from callbacks.audit.envelope import GENESIS
from callbacks.audit.errors import AuditRolledBack, AuditUnavailable
from callbacks.audit.lookback import look_back
from callbacks.audit.merkle import Tree, read_tree
from callbacks.audit.notes import BadNote
from callbacks.audit.walk import entry_hashes, last_seq
from callbacks.models import AuditTree

logger = logging.getLogger(__name__)


def keep_up(*, now: datetime) -> None:
    """Write a checkpoint if one is due; say loudly what hinders. Never raises for that."""
    try:
        if is_due(now=now):
            signed = write_checkpoint(now=now)
            logger.debug("Checkpoint at entry %s.", signed.checkpoint.size)
    except AuditRolledBack as exc:
        logger.critical("Nothing is sent until somebody has looked: %s", exc)
    except (AuditUnavailable, Error):
        logger.exception("No checkpoint of the audit record could be written.")


def is_due(*, now: datetime) -> bool:
    """After so many seconds, also without an entry (silence must be seen), or so many entries."""
    row = AuditTree.objects.first()
    if row is None:
        return True
    # The next look comes later: with it, the window would be longer than promised.
    window = settings.AUDIT_CHECKPOINT_SECONDS - settings.AUDIT_CHECKPOINT_LOOK_SECONDS
    kept = _kept(row)
    size = kept.checkpoint.size if kept else 0
    return (
        now - row.at >= timedelta(seconds=window)
        or last_seq() - size >= settings.AUDIT_CHECKPOINT_ENTRIES
    )


def write_checkpoint(*, now: datetime) -> Signed:
    """Sign the chain as it is and put the note into every place.

    Raises AuditUnavailable where the first place does not take it (others are only told), as
    AuditRolledBack where a place holds what the database has not.
    """
    signer = keys.signer()
    last = look_back()
    tree, head = _base(last)
    head = _grow(tree, head)
    checkpoint = Checkpoint(
        origin=signer.verifier.name,
        size=tree.size,
        root=tree.root,
        at=now,
        head=head,
        readings=commit_readings(after=last.checkpoint.readings.upto if last else 0),
    )
    signed = sign(checkpoint, signer=signer)
    first, *others = checkpoint_paths()
    append_note(first, signed.note)
    AuditTree.objects.update_or_create(
        id=1, defaults={"nodes": tree.text(), "note": signed.note, "at": now}
    )
    for path in others:
        try:
            append_note(path, signed.note)
        except AuditUnavailable:
            logger.exception("The checkpoint stands in one place less.")
    return signed


def _base(last: Signed | None) -> tuple[Tree, str]:
    """Return the tree of the last checkpoint and its head; the whole is read only in need."""
    if last is None:
        return Tree(), GENESIS
    checkpoint = last.checkpoint
    tree = _kept_tree(upto=checkpoint.size)
    for start in (tree, Tree()):
        if start.size < checkpoint.size:
            _grow(start, GENESIS, upto=checkpoint.size)
        if start.size == checkpoint.size and start.root == checkpoint.root:
            return start, checkpoint.head
    raise AuditUnavailable(
        f"The entries up to {checkpoint.size} are not those of the checkpoint of {checkpoint.at}: "
        "the record was altered. See verify_audit."
    )


def _kept_tree(*, upto: int) -> Tree:
    """The tree that the database keeps, where it is not ahead; else an empty one."""
    row = AuditTree.objects.first()
    kept = _kept(row) if row else None
    if row is None or kept is None or kept.checkpoint.size > upto:
        return Tree()
    tree = read_tree(size=kept.checkpoint.size, text=row.nodes)
    return tree if tree and tree.root == kept.checkpoint.root else Tree()


def _kept(row: AuditTree) -> Signed | None:
    try:
        return open_checkpoint(row.note, trusted=keys.trusted())
    except BadNote:
        return None


def _grow(tree: Tree, head: str, *, upto: int | None = None) -> str:
    """Add the entries behind the tree's end; return the last one's hash, or else `head`."""
    for seq, digest in entry_hashes(after=tree.size):
        if upto is not None and seq > upto:
            break
        if seq != tree.size + 1:
            raise AuditUnavailable(f"Entry {tree.size + 1} is missing. See verify_audit.")
        tree.append(bytes.fromhex(digest))
        head = digest
    return head

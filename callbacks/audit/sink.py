"""The second place of the audit record: a file of JSON lines outside the database.

Before each send the file holds every entry up to that decision's, in the order of the chain and
without a gap, so that a database which lost its last commits (a failover, a restored backup)
cannot hide an answer that AWS has. Each host that sends keeps such a file of its own.
The lines are what the chain holds: commitments, no personal values, no payload, no token.
"""

from __future__ import annotations

import logging
import os
import uuid
from collections.abc import Iterator
from io import FileIO
from itertools import takewhile
from pathlib import Path

from django.conf import settings
from django.db import Error

from callbacks.audit import rollback
from callbacks.audit.errors import AuditRolledBack, AuditUnavailable
from callbacks.audit.files import last_line, locked, write_all
from callbacks.audit.lines import BadLine, read_line, read_lines, write_line
from callbacks.audit.walk import entry_hashes, is_on_chain
from callbacks.models import AuditEntry

logger = logging.getLogger(__name__)

PAGE = 500


def ensure_written(decision_id: uuid.UUID) -> None:
    """Put all entries of this decision durably into the file, with all that stand before them.

    Call it outside a transaction: what is written here must not be rolled back any more.
    Raises AuditUnavailable where the decision has no entry, the file cannot be written, or the
    file and the database tell different stories.
    """
    try:
        if not AuditEntry.objects.filter(decision_id=decision_id).exists():
            raise AuditUnavailable(f"Decision {decision_id} has no audit entry.")
        rollback.refuse_while_open()
    except Error as exc:
        raise AuditUnavailable("The audit record cannot be read.") from exc
    catch_up()


def keep_up() -> None:
    """Write what is missing, also without a send; say loudly what hinders. Never raises for that.

    As long as it is hindered, `ensure_written` refuses each send by itself.
    """
    try:
        written = catch_up()
    except AuditRolledBack as exc:
        logger.critical("Nothing is sent until somebody has looked: %s", exc)
    except AuditUnavailable:
        logger.exception("The audit record does not leave the database; nothing can be sent.")
    else:
        logger.debug("%s audit entries left the database.", written)


def catch_up() -> int:
    """Write the entries that the file has not yet; return how many they were.

    Raises AuditUnavailable, as AuditRolledBack where the database lost entries.
    """
    path = sink_path()
    try:
        with locked(path) as file:
            pages = _pages(after=_find_place(file, path))
            written = sum(_write_page(file, page) for page in pages)
            # Also where there was nothing to write: whoever wrote it may have died before this.
            os.fsync(file.fileno())
            return written
    except Error as exc:
        raise AuditUnavailable("The audit record cannot be read.") from exc
    except OSError as exc:
        raise AuditUnavailable(f"The audit file {path} cannot be written: {exc}.") from exc
    except BadLine as exc:
        raise AuditUnavailable(f"The audit file {path} is damaged at its end: {exc}.") from exc


def sink_path() -> Path:
    return Path(settings.AUDIT_SINK_FILE)


def _find_place(file: FileIO, path: Path) -> int:
    """Return the number of the last entry in the file; it must be the database's too."""
    text = last_line(file)
    if text is None:
        return 0
    end = read_line(text)
    if is_on_chain(seq=end.seq, digest=end.entry_hash):
        return end.seq
    rollback.refuse_unless_acknowledged(
        source=path, seq=end.seq, digest=end.entry_hash, common=lambda: _count_common(path)
    )
    kept = rollback.put_aside(file, path, seq=end.seq, digest=end.entry_hash)
    logger.warning("The audit file is begun anew; what the database lost stays in %s.", kept)
    return 0


def _count_common(path: Path) -> int:
    """How many entries from the first on the file and the database have alike."""
    pairs = zip(read_lines(path), entry_hashes(), strict=False)
    alike = takewhile(lambda pair: (pair[0].seq, pair[0].entry_hash) == pair[1], pairs)
    return sum(1 for _ in alike)


def _pages(*, after: int) -> Iterator[list[tuple[int, str, str]]]:
    while True:
        rows = AuditEntry.objects.filter(chain_seq__gt=after).order_by("chain_seq")
        page = list(rows.values_list("chain_seq", "body", "entry_hash")[:PAGE])
        if not page:
            return
        yield page
        after = page[-1][0]


def _write_page(file: FileIO, page: list[tuple[int, str, str]]) -> int:
    text = "".join(write_line(body=body, entry_hash=digest) for _, body, digest in page)
    write_all(file, text.encode())
    return len(page)

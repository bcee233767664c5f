"""The second place of the audit record: a file of JSON lines outside the database.

Before each send the file holds every entry up to that decision's, in the order of the chain and
without a gap, so that a database which lost its last commits (a failover, a restored backup)
cannot hide an answer that AWS has. Each host that sends keeps such a file of its own.
The lines are what the chain holds: commitments, no personal values, no payload, no token.
"""

from __future__ import annotations

import fcntl
import logging
import os
import stat
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path

from django.conf import settings
from django.db import Error

from callbacks.audit.errors import AuditRolledBack, AuditUnavailable
from callbacks.audit.lines import BadLine, Line, read_line, write_line
from callbacks.models import AuditEntry

logger = logging.getLogger(__name__)

# How much of the file's end is read at first: a line is a kilobyte or two.
TAIL = 1 << 16
PAGE = 500
# Whoever holds the lock writes for milliseconds.
LOCK_PAUSE_SECONDS = 0.005


def ensure_written(decision_id: uuid.UUID) -> None:
    """Put all entries of this decision durably into the file, with all that stand before them.

    Call it outside a transaction: what is written here must not be rolled back any more.
    Raises AuditUnavailable where the decision has no entry, the file cannot be written, or the
    file and the database tell different stories.
    """
    try:
        if not AuditEntry.objects.filter(decision_id=decision_id).exists():
            raise AuditUnavailable(f"Decision {decision_id} has no audit entry.")
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
        with _locked(path) as file:
            end = _find_end(file)
            if end is not None:
                _check_same_chain(end, path)
            pages = _pages(after=end.seq if end else 0)
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


@contextmanager
def _locked(path: Path) -> Iterator[FileIO]:
    """Open the file for one process at a time."""
    _make_folder(path.parent)
    is_new = not path.exists()
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    with FileIO(descriptor, "r+") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            # A device would take everything and keep nothing.
            raise AuditUnavailable(f"The audit file {path} is not a file.")
        _lock(descriptor, path)  # let go of when the file is closed
        if is_new:
            _sync_folder(path.parent)
        yield file


def _lock(descriptor: int, path: Path) -> None:
    """Wait for the lock, but not for ever: one process that hangs must not hang all others."""
    patience = float(settings.AUDIT_LOCK_SECONDS)
    give_up = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= give_up:
                raise AuditUnavailable(
                    f"The audit file {path} was locked by another process for {patience:g} s."
                ) from None
            time.sleep(LOCK_PAUSE_SECONDS)
        else:
            return


def _make_folder(folder: Path) -> None:
    # Parents get the mode too: mkdir's own `parents` would leave them open to all.
    for missing in reversed([part for part in (folder, *folder.parents) if not part.exists()]):
        missing.mkdir(mode=0o700, exist_ok=True)


def _sync_folder(folder: Path) -> None:
    """Make a new file's name as durable as its content."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _find_end(file: FileIO) -> Line | None:
    """Read the last whole line; cut off what a crash or a full disk left of a line after it."""
    size = file.seek(0, os.SEEK_END)
    start, tail = _read_tail(file, size)
    whole = tail.rfind(b"\n") + 1
    if whole != len(tail):
        # Nothing was sent on the strength of it: the writer that left it saw its write fail.
        os.ftruncate(file.fileno(), start + whole)
    lines = tail[:whole].splitlines()
    return read_line(lines[-1] + b"\n") if lines else None


def _read_tail(file: FileIO, size: int) -> tuple[int, bytes]:
    """Return the file's end and where it starts: the whole file, or at least one whole line."""
    length = TAIL
    while True:
        start = max(0, size - length)
        file.seek(start)
        tail = b"".join(iter(lambda: file.read(TAIL), b""))
        # Two line ends have a whole line between them.
        if start == 0 or tail.count(b"\n") >= 2:
            return start, tail
        length *= 2


def _check_same_chain(end: Line, path: Path) -> None:
    hashes = AuditEntry.objects.filter(chain_seq=end.seq).values_list("entry_hash", flat=True)
    if list(hashes) != [end.entry_hash]:
        raise AuditRolledBack(
            f"The audit file {path} ends with entry {end.seq}, which the database does not have: "
            "it was rolled back, or the file belongs to another database. See verify_audit."
        )


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
    data = memoryview(text.encode())
    while data:
        # A full disk may take a part: the rest then fails, and the next writer cuts the part off.
        data = data[file.write(data) :]
    return len(page)

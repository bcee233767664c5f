"""Files outside the database that grow by whole lines only: one writer at a time, and durable."""

from __future__ import annotations

import fcntl
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path

from django.conf import settings

from callbacks.audit.errors import AuditUnavailable

# How much of the file's end is read at first: a line is a kilobyte or two.
TAIL = 1 << 16
# Whoever holds the lock writes for milliseconds.
LOCK_PAUSE_SECONDS = 0.005


@contextmanager
def locked(path: Path) -> Iterator[FileIO]:
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


def last_line(file: FileIO) -> bytes | None:
    """Read the last whole line; cut off what a crash or a full disk left of a line after it."""
    size = file.seek(0, os.SEEK_END)
    start, tail = _read_tail(file, size)
    whole = tail.rfind(b"\n") + 1
    if whole != len(tail):
        # Nothing was sent on the strength of it: the writer that left it saw its write fail.
        os.ftruncate(file.fileno(), start + whole)
    lines = tail[:whole].splitlines()
    return lines[-1] + b"\n" if lines else None


def write_all(file: FileIO, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        # A full disk may take a part: the rest then fails, and the next writer cuts the part off.
        rest = rest[file.write(rest) :]


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

"""What lies still at a test's end: every table, the broker's keys, and files.

Read only for tests that made tokens, and in bounds: so much of each table and file is enough to see
that a column or a log holds tokens.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

MOST_ROWS = 5_000
MOST_BYTES = 8_000_000
MOST_FILES = 2_000
_JOURNAL = re.compile(rb'\{"seed":"([^"]+)"\}\n')
# SQLite's, with what a parallel run appends. Never opened while in use: closing a file takes away
# every lock that this process holds on it (fcntl's rule), and another process then spoils it.
_DATABASE_FILE = re.compile(r"\.sqlite3(_gw\d+)?(-wal|-shm|-journal)?$")


# --- tables --------------------------------------------------------------------------------------
def tables() -> Iterator[tuple[str, str]]:
    """Every table of the database as (name, all values of all its columns as text)."""
    from django.db import connection

    if connection.needs_rollback:
        return  # the transaction is broken: nothing of it will stay
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(
                f"SELECT * FROM {connection.ops.quote_name(table)} LIMIT {MOST_ROWS}"  # noqa: S608
            )
            names = [column[0] for column in cursor.description]
            columns = zip(names, zip(*cursor.fetchall(), strict=True), strict=False)
            for column, values in columns:
                yield f"column {table}.{column}", "\n".join(map(_as_text, values))
    yield "session", "\n".join(_sessions())


def _as_text(value: Any) -> str:
    if isinstance(value, bytes | memoryview):
        return bytes(value).decode("latin-1")
    return value if isinstance(value, str) else str(value)


def _sessions() -> Iterator[str]:
    """Packed and signed at rest, so unpacked here."""
    from django.contrib.sessions.models import Session

    for session in Session.objects.all()[:MOST_ROWS]:
        yield json.dumps(session.get_decoded(), default=str)


# --- broker --------------------------------------------------------------------------------------
def redis_keys() -> Iterator[tuple[str, str]]:
    """Every key of the broker's Redis, whatever its type; nothing with another broker."""
    from django.conf import settings

    url = settings.CELERY_BROKER_URL
    if not url.startswith(("redis://", "rediss://", "unix://")):
        return
    import redis

    with redis.Redis.from_url(url) as client:
        for key in client.scan_iter(count=1000):
            yield f"Redis key {key[:40]!r}", f"{key!r} {_held(client, key)!r}"


def _held(client: Any, key: bytes) -> Any:
    kind = client.type(key)
    if kind == b"string":
        return client.get(key)
    if kind == b"list":
        return client.lrange(key, 0, MOST_ROWS)
    if kind == b"hash":
        return client.hgetall(key)
    if kind == b"set":
        return client.smembers(key)
    return client.zrange(key, 0, MOST_ROWS) if kind == b"zset" else kind


# --- files ---------------------------------------------------------------------------------------
class Files:
    """Files below some folders; what has not changed is not read again: nothing new is there."""

    def __init__(self) -> None:
        self.not_sinks: set[Path] = set()
        self._seen: dict[Path, tuple[int, int]] = {}

    def changed(self, roots: list[Path], *, databases: bool = False) -> Iterator[tuple[str, str]]:
        """(name, text) of each; database files only where asked for, as tables say it better."""
        for root in roots:
            files = root.rglob("*") if root.is_dir() else [root]
            for path, _ in zip(files, range(MOST_FILES), strict=False):
                if databases or not _DATABASE_FILE.search(path.name):
                    text = self._text(path)
                    if text:
                        yield f"file {path.relative_to(root.parent)}", text

    def _text(self, path: Path) -> str:
        try:
            if path in self.not_sinks or not path.is_file():
                return ""
            state = path.stat()
            if self._seen.get(path) == (state.st_mtime_ns, state.st_size):
                return ""
            self._seen[path] = (state.st_mtime_ns, state.st_size)
            with path.open("rb") as file:
                return file.read(MOST_BYTES).decode("latin-1")
        except FileNotFoundError:
            return ""  # taken by a worker while we looked


def seeds_of_journals(root: Path) -> Iterator[tuple[Path, str]]:
    """Journals of simulators that somebody else started below the folder, with their seeds."""
    for path, _ in zip(root.rglob("*"), range(MOST_FILES), strict=False):
        if _DATABASE_FILE.search(path.name):
            continue
        try:
            with path.open("rb") as file:
                begin = _JOURNAL.match(file.read(200))
        except (OSError, ValueError):
            continue
        if begin:
            yield path, begin[1].decode()


def watch_journals(files: Files) -> None:
    """A simulator's journal holds what it plays: no sink of the product."""
    from tests.simulator.control import SimulatorProcess
    from tests.simulator.journal import Journal

    for owner in (Journal, SimulatorProcess):
        _note_path(owner, files)


def _note_path(owner: type, files: Files) -> None:
    begin = owner.__init__  # type: ignore[misc]

    def begun(self: Any, *arguments: Any, **keywords: Any) -> None:
        begin(self, *arguments, **keywords)
        for value in (*arguments, *keywords.values()):
            if isinstance(value, Path):
                files.not_sinks.add(value)

    owner.__init__ = begun  # type: ignore[misc]

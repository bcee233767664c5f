"""The benchmarks' own database: made, used and dropped, never an installation's."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

# Two runs on one server need two names.
NAME = os.environ.get("HOLDPOINT_BENCH_DB", "holdpoint_bench")
LOCAL = "postgresql://postgres@127.0.0.1:5432/postgres"
LOUD = """
********************************************************************************
*** NO POSTGRESQL: these figures are of SQLite only and do not compare.
*** Start one on 127.0.0.1:5432 (trust for "postgres") or set DATABASE_URL.
********************************************************************************
"""


@contextmanager
def own_database() -> Iterator[str]:
    """Set DATABASE_URL to a new, empty database of our own; say what it is."""
    given = os.environ.get("DATABASE_URL", "")
    server = given or LOCAL
    if not server.startswith("postgres") or not (given or _answers(server)):
        # Whatever file was named: ours stands in the run's own folder.
        os.environ.pop("DATABASE_URL", None)
        yield LOUD
        return
    _make(server)
    try:
        os.environ["DATABASE_URL"] = urlunsplit(urlsplit(server)._replace(path=f"/{NAME}"))
        yield ""
    finally:
        _drop(server)


def _answers(server: str) -> bool:
    try:
        psycopg.connect(server, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def _make(server: str) -> None:
    with psycopg.connect(server, autocommit=True) as connection:
        _execute_drop(connection)
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(NAME)))


def _drop(server: str) -> None:
    with psycopg.connect(server, autocommit=True) as connection:
        _execute_drop(connection)


def _execute_drop(connection: psycopg.Connection) -> None:
    statement = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
    connection.execute(statement.format(sql.Identifier(NAME)))

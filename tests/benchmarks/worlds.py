"""Two mirrors of different size side by side, so that a busy moment of the machine meets both."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.core.management import call_command
from django.db import connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from tests.benchmarks.filling import Company, found_company

DEFAULT = "default"


@dataclass(frozen=True)
class World:
    """A company in a database of its own."""

    waiting: int
    company: Company
    database: BaseDatabaseWrapper

    def enter(self) -> None:
        """Everything that is asked from now on is asked of this one."""
        connections[DEFAULT] = self.database

    def asking(self, call: Callable[[], bytes]) -> Callable[[], bytes]:
        def ask() -> bytes:
            self.enter()
            return call()

        return ask


@contextmanager
def two_worlds(*, few: int, many: int) -> Iterator[tuple[World, World]]:
    """The one with many is in the database that is there; the other's is made and dropped."""
    given = connections[DEFAULT]
    with _second_database() as second:
        try:
            large = _world(given, many)
            yield _world(second, few), large
        finally:
            connections[DEFAULT] = given


def _world(database: BaseDatabaseWrapper, waiting: int) -> World:
    connections[DEFAULT] = database
    company = found_company()
    company.fill(waiting)
    with connection.cursor() as cursor:
        # Let the planner know the new rows, as autovacuum does within a minute.
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")
    return World(waiting, company, database)


@contextmanager
def _second_database() -> Iterator[BaseDatabaseWrapper]:
    first = connections[DEFAULT]
    name = f"{first.settings_dict['NAME']}_few"
    _drop(first, name)
    if first.vendor == "postgresql":
        _outside(first, f"CREATE DATABASE {first.ops.quote_name(name)}")
    second = type(first)({**first.settings_dict, "NAME": name}, DEFAULT)
    connections[DEFAULT] = second
    try:
        call_command("migrate", verbosity=0)
        connections[DEFAULT] = first
        yield second
    finally:
        connections[DEFAULT] = first
        second.close()
        _drop(first, name)


def _drop(first: BaseDatabaseWrapper, name: str) -> None:
    if first.vendor == "postgresql":
        _outside(first, f"DROP DATABASE IF EXISTS {first.ops.quote_name(name)}")
    else:
        Path(name).unlink(missing_ok=True)


def _outside(first: BaseDatabaseWrapper, statement: str) -> None:
    """In a session of the server's own database, where databases are made and dropped."""
    with first._nodb_cursor() as cursor:
        cursor.execute(statement)

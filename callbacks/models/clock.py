"""The one clock that all hosts share: the database's."""

from __future__ import annotations

from datetime import UTC, datetime

from django.db import connection


def database_now() -> datetime:
    """Return the present moment by the database's clock, for one query on PostgreSQL.

    What one host writes and another compares with its "now" (leases, claims, budgets, the end of
    an undo window) is told by this clock, so that a host whose own is wrong takes nothing too
    early and leaves nothing lying.
    """
    if connection.vendor == "sqlite":
        # The file is on this host, and so is everybody who has it open.
        return datetime.now(UTC)
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        row: tuple[datetime] = cursor.fetchone()
    return row[0]

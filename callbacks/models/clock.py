"""The one clock that all hosts share: the database's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.db import connection
from django.utils import timezone

# How far it was ahead of this host's when this process last asked: another measurement against the
# host's clock (AWS's own, in `sync.asking`) needs it to be one against the database's.
_lead = timedelta()


def shown_now() -> datetime:
    """Return the present moment for a page that writes nothing: no query.

    By the database's clock, as far as this process has seen it (each post and each `/readyz`
    looks), so that an undo window counts down to the moment at which workers see its end.
    """
    return timezone.now() + _lead


def database_lead() -> timedelta:
    """Return how far the database's clock is ahead of this host's, as last seen; costs nothing."""
    return _lead


def database_now() -> datetime:
    """Return the present moment by the database's clock, for one query on PostgreSQL.

    What one host writes and another compares with its "now" (leases, claims, budgets, the end of
    an undo window) is told by this clock, so that a host whose own is wrong takes nothing too
    early and leaves nothing lying.
    """
    if connection.vendor == "sqlite":
        # The file is on this host, and so is everybody who has it open.
        return datetime.now(UTC)
    global _lead
    before = datetime.now(UTC)
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        row: tuple[datetime] = cursor.fetchone()
    _lead = _surely_ahead(row[0], before=before, after=datetime.now(UTC))
    return row[0]


def _surely_ahead(said: datetime, *, before: datetime, after: datetime) -> timedelta:
    """Nothing that the time of the query alone may explain."""
    return said - min(max(said, before), after)

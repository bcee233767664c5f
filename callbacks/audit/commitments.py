"""What checkpoints commit beside the chain: the rows of who read which request."""

from __future__ import annotations

import hashlib

from django.db import Error, connection, transaction

from callbacks.audit.checkpoint import Readings
from callbacks.audit.envelope import microseconds
from callbacks.models import Reading

# Of one checkpoint; the next one takes what is left.
LARGEST = 20_000
LOCK_PATIENCE = "500ms"


def commit_readings(*, after: int) -> Readings:
    """Return the commitment to the rows behind `after`; an empty one where they must wait."""
    try:
        with transaction.atomic():
            _wait_for_writers()
            rows = Reading.objects.filter(pk__gt=after).order_by("pk")
            last = list(rows.values_list("pk", flat=True)[:LARGEST])
            upto = last[-1] if last else after
            return readings_between(after=after, upto=upto)
    except Error:
        # Somebody held the table: the next checkpoint takes them.
        return readings_between(after=after, upto=after)


def readings_between(*, after: int, upto: int) -> Readings:
    count, digest = 0, hashlib.sha256()
    if upto > after:
        rows = Reading.objects.filter(pk__gt=after, pk__lte=upto).order_by("pk")
        for row in rows.iterator():
            count += 1
            digest.update(_line(row).encode())
    return Readings(after=after, upto=upto, count=count, digest=digest.hexdigest())


def _line(row: Reading) -> str:
    hour, first = microseconds(row.hour), microseconds(row.first_at)
    return f"{row.pk} {row.user_id} {row.task_id} {hour} {first} {row.view}\n"


def _wait_for_writers() -> None:
    """PostgreSQL gives numbers before commits: a lower one may still be on its way."""
    if connection.vendor != "postgresql":
        return  # our transactions on SQLite are alone
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL lock_timeout = '{LOCK_PATIENCE}'")
        cursor.execute(f"LOCK TABLE {Reading._meta.db_table} IN SHARE MODE")

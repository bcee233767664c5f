"""An execution whose reading ends its worker again and again is left alone, so that others go on.

A worker that dies (out of memory, a crash below Python) can say nothing. So the try is written
down before the reading and taken back after it, and what is left over are deaths. Passes do so only
after one that was cut off, for it costs two writes a reading; what is read beside them always does.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.conf import settings

from callbacks.models import Lease

# Deaths, after which it is left alone.
TRIES = 3
# No reading takes longer; so long after it began, a try without an end is a death.
LONGEST_READING = timedelta(seconds=60)
# Each further death makes it rest twice as long, but no longer than this.
LONGEST_REST = timedelta(days=1)
_PREFIX = "reading:"


class BeingRead(Exception):
    """As many workers are at it as may be; or have just died of it, which cannot be told yet."""


class LeftAlone(Exception):
    """Workers died of it; `until` is when it is tried once more."""

    def __init__(self, until: datetime) -> None:
        super().__init__("Workers have died of reading its history.")
        self.until = until


@contextmanager
def counted(*, execution: uuid.UUID, now: datetime, before: int = 0) -> Iterator[None]:
    """Read the execution in here. Raises BeingRead or LeftAlone.

    `before`: deaths that were not written down. Three queries.
    """
    name = _begin(execution, now, before)
    try:
        yield
    except Exception:
        Lease.objects.filter(name=name).delete()
        raise
    # It can be read, so whatever workers died of before, it was not this.
    Lease.objects.filter(name__startswith=_prefix(execution)).delete()


def suspected() -> frozenset[uuid.UUID]:
    """Executions that workers were at when they died, or are at now: one query."""
    names = Lease.objects.filter(name__startswith=_PREFIX).values_list("name", flat=True)
    return frozenset(uuid.UUID(name.split(":")[1]) for name in names)


def _begin(execution: uuid.UUID, now: datetime, before: int) -> str:
    rows = Lease.objects.filter(name__startswith=_prefix(execution))
    ends = list(rows.values_list("until", flat=True))
    deaths = [at for at in ends if at <= now]
    if deaths and len(deaths) + before >= TRIES:
        until = max(deaths) + _rest(len(deaths) + before)
        if now < until:
            raise LeftAlone(until)
    elif len(ends) + before >= TRIES:
        raise BeingRead
    name = f"{_prefix(execution)}{uuid.uuid4().hex}"
    Lease.objects.create(name=name, holder="reading", until=now + LONGEST_READING)
    return name


def _rest(deaths: int) -> timedelta:
    doubled = 2.0 ** min(deaths - TRIES, 20)
    return min(LONGEST_REST, timedelta(seconds=settings.QUARANTINE_SECONDS * doubled))


def _prefix(execution: uuid.UUID) -> str:
    return f"{_PREFIX}{execution}:"

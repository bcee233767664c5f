"""Whose turn it is for a pass: one message under way per connection, one pass per interval.

Messages are hints and the row is the truth (it stands in the table of leases): a message that got
lost is made good, one too many is thrown away. So two beats make no more passes than one, a queue
holds a connection seldom twice, and workers that are late come to each connection in turn.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction

from callbacks.models import Lease

# In `holder`; `until` is when the next turn comes.
ASKED, TAKEN = "asked", "taken"
# A message that nobody took for so long is taken for lost.
LOST_AFTER = timedelta(seconds=60)
# A connection that answers slowly is left alone for as long as its pass took, but not for longer.
LONGEST_REST = timedelta(minutes=2)
_NEVER = datetime.min.replace(tzinfo=UTC)


def ask(*, connections: Collection[UUID], now: datetime) -> list[UUID]:
    """Note a message for each connection whose turn it is; return them, the longest waiting first.

    Of any number of beats that ask at once, one gets each connection.
    """
    rows = Lease.objects.filter(name__in=[_name(one) for one in connections])
    turns = {row.name: row for row in rows}
    waiting = sorted(connections, key=lambda one: _next(turns.get(_name(one))))
    return [one for one in waiting if _move(turns.get(_name(one)), one, ASKED, now)]


def give_back(*, connection: UUID, now: datetime) -> None:
    """No broker took the message: the next beat asks again."""
    Lease.objects.filter(name=_name(connection), holder=ASKED).update(holder=TAKEN, until=now)


def take(*, connection: UUID, now: datetime) -> bool:
    """Whether a pass may begin that a message asked for; False where one had this turn already."""
    asked = Lease.objects.filter(name=_name(connection), holder=ASKED)
    if asked.update(holder=TAKEN) == 1:
        return True
    # Nobody asked here: the message of another release, or the second after one that seemed lost.
    return _move(Lease.objects.filter(name=_name(connection)).first(), connection, TAKEN, now)


def rest(*, connection: UUID, now: datetime, seconds: float) -> None:
    """Let the next turn come no sooner than so many seconds from now."""
    until = now + min(timedelta(seconds=seconds), LONGEST_REST)
    Lease.objects.filter(name=_name(connection), until__lt=until).update(until=until)


def _move(row: Lease | None, connection: UUID, to: str, now: datetime) -> bool:
    """Use up a turn, if it has come and nobody else was faster."""
    if row is None:
        return _begin(connection, to, now)
    if not _has_come(row, now):
        return False
    # Who was a little early waits for longer, so that two beats come to no more than one.
    is_early = row.holder == TAKEN and now < row.until <= now + _interval()
    began = row.until if is_early else now
    unchanged = Lease.objects.filter(name=row.name, holder=row.holder, until=row.until)
    return unchanged.update(holder=to, until=began + _interval()) == 1


def _begin(connection: UUID, to: str, now: datetime) -> bool:
    try:
        with transaction.atomic():
            Lease.objects.create(name=_name(connection), holder=to, until=now + _interval())
    except IntegrityError:
        return False
    return True


def _has_come(row: Lease, now: datetime) -> bool:
    if row.until - now > LONGEST_REST + 2 * _interval():
        # Nothing puts it so far ahead but a longer interval of before, or a clock set back.
        return True
    if row.holder == ASKED:
        return now - (row.until - _interval()) >= LOST_AFTER
    # No beat is punctual to the moment.
    return row.until - now <= _interval() / 2


def _next(row: Lease | None) -> datetime:
    return row.until if row is not None else _NEVER


def _interval() -> timedelta:
    return timedelta(seconds=settings.SYNC_INTERVAL_SECONDS)


def _name(connection: UUID) -> str:
    return f"turn:{connection}"

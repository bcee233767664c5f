"""Database leases: who may do a job that only one process may do at a time."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from callbacks.models import Lease


@dataclass(frozen=True, slots=True)
class Hold:
    """A lease that is ours until `until`, or until a killed holder's time runs out."""

    name: str
    holder: str
    seconds: float

    def extend(self, *, now: datetime) -> bool:
        """Ask for the full time again; False where it ran out and somebody else took it."""
        changed = Lease.objects.filter(name=self.name, holder=self.holder).update(
            until=now + timedelta(seconds=self.seconds)
        )
        return changed == 1


@contextmanager
def held_lease(*, name: str, seconds: float, now: datetime) -> Iterator[Hold | None]:
    """Yield the lease, or None where somebody else holds it; give it back at the end.

    One statement decides, so of any number that ask at once one gets it. A holder that is killed
    keeps it until `seconds` have passed. `now` is the database's moment: hosts whose own clocks
    differ by more than `seconds` would both hold it.
    """
    hold = Hold(name=name, holder=uuid.uuid4().hex, seconds=seconds)
    if not _take(hold, now):
        yield None
        return
    try:
        yield hold
    finally:
        Lease.objects.filter(name=name, holder=hold.holder).delete()


def _take(hold: Hold, now: datetime) -> bool:
    until = now + timedelta(seconds=hold.seconds)
    run_out = Lease.objects.filter(name=hold.name, until__lte=now)
    if run_out.update(holder=hold.holder, until=until) == 1:
        return True
    try:
        with transaction.atomic():
            Lease.objects.create(name=hold.name, holder=hold.holder, until=until)
    except IntegrityError:
        return False
    return True

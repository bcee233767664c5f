"""The calls that one job may make, taken in parts from the budget that all workers share.

The budget is a row per connection and operation, and so per account, region and API. What was
taken and not used goes back; a worker that is killed has at most one part of each in its hands.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F

from callbacks.models import CallBudget, Connection
from callbacks.sync import budget
from callbacks.sync.budget import Bucket, Quota, quota_of


@dataclass(frozen=True, slots=True)
class Left:
    """What is left of our share of one quota: calls at once, of how many, and how many more a
    second. `part` is below 1 where AWS throttled us, at `throttled_at`."""

    operation: str
    calls: float
    most: float
    per_second: float
    part: float
    throttled_at: datetime | None


def what_is_left(*, connection: Connection, now: datetime) -> tuple[Left, ...]:
    """One line for each operation that was called: one query, and nothing is taken."""
    share = settings.SYNC_QUOTA_SHARE
    rows = CallBudget.objects.filter(connection=connection, operation__in=budget.OPERATIONS)
    return tuple(
        _left(row, quota_of(region=connection.region, operation=row.operation), share, now)
        for row in rows.order_by("operation")
    )


def _left(row: CallBudget, quota: Quota, share: float, now: datetime) -> Left:
    bucket = budget.refilled(_bucket(row), quota=quota, share=share, now=now)
    part = budget.part_of_share(bucket, now)
    return Left(
        operation=row.operation,
        calls=max(0.0, bucket.level),
        most=quota.bucket * share,
        per_second=quota.refill * share * part,
        part=part,
        throttled_at=bucket.throttled_at,
    )


def usual_rate(*, region: str, operation: str) -> float:
    """Calls a second of our whole share, as where AWS has not throttled us."""
    return quota_of(region=region, operation=operation).refill * settings.SYNC_QUOTA_SHARE


class Purse:
    """`clock` gives the present moment; it is the database's clock, or near it."""

    def __init__(self, *, connection: Connection, clock: Callable[[], datetime]) -> None:
        self._connection = connection
        self._clock = clock
        self._share = settings.SYNC_QUOTA_SHARE
        self._held: Counter[str] = Counter()
        # What the shared budget held besides, when it was last looked at.
        self._left: dict[str, Bucket] = {}

    def allows(self, operation: str, *, beyond: float = 0) -> bool:
        """Whether there is a call left besides those that are put aside (`beyond`)."""
        if operation not in budget.OPERATIONS:
            return True
        if self._held[operation] < 1 and self.seconds_until_allowed(operation) == 0:
            self._take(operation)
        left = self._left[operation].level if operation in self._left else 0.0
        return self._held[operation] >= 1 and self._held[operation] + left >= 1 + beyond

    def spend(self, operation: str) -> None:
        """Take off one request on the wire, whether or not there was one left."""
        if operation in budget.OPERATIONS:
            self._held[operation] -= 1

    def seconds_until_allowed(self, operation: str) -> float:
        """How long to wait for the next call, for a job that may take its time."""
        if operation not in budget.OPERATIONS or self._held[operation] >= 1:
            return 0.0
        if operation not in self._left:
            return 0.0
        known = self._refilled(self._left[operation], operation)
        return budget.seconds_until_one(known, quota=self._quota(operation), share=self._share)

    def throttled(self, operation: str) -> None:
        """AWS refused a call: lower our share for a while, for all workers."""
        if operation not in budget.OPERATIONS:
            return
        now = self._clock()
        with transaction.atomic():
            row = self._row(operation)
            self._held[operation] = min(self._held[operation], 0)
            self._write(row, budget.throttled(_bucket(row), now))

    def rate(self, operation: str) -> float:
        """Calls a second that come back, as our share of this operation is now."""
        if operation not in self._left:
            rows = CallBudget.objects.filter(connection=self._connection, operation=operation)
            row = rows.first()
            lowered = budget.part_of_share(_bucket(row), self._clock()) if row else 1.0
        else:
            lowered = budget.part_of_share(self._left[operation], self._clock())
        return self._quota(operation).refill * self._share * lowered

    def give_back(self) -> None:
        """Return what was not used, and charge what was used beyond."""
        for operation, held in self._held.items():
            if held:
                self._change(operation, held)
        self._held.clear()
        self._left.clear()

    def _take(self, operation: str) -> None:
        """Take a part of what the shared budget holds, or all where that is less."""
        now = self._clock()
        with transaction.atomic():
            row = self._row(operation)
            bucket = self._refilled(_bucket(row), operation, now)
            debt = -min(0, self._held[operation])
            wanted = debt + budget.part(quota=self._quota(operation), share=self._share)
            taken = max(0, min(wanted, int(bucket.level)))
            left = replace(bucket, level=bucket.level - taken)
            if taken:
                self._write(row, left)
        self._held[operation] += taken
        self._left[operation] = left

    def _change(self, operation: str, calls: int) -> None:
        rows = CallBudget.objects.filter(connection=self._connection, operation=operation)
        if not rows.update(level=F("level") + calls):
            with transaction.atomic():
                row = self._row(operation)
                row.level += calls
                row.save(update_fields=["level"])

    def _row(self, operation: str) -> CallBudget:
        """The locked row; full where there was none."""
        rows = CallBudget.objects.select_for_update()
        found = rows.filter(connection=self._connection, operation=operation).first()
        if found is not None:
            return found
        start = budget.full(quota=self._quota(operation), share=self._share, at=self._clock())
        row = CallBudget(connection=self._connection, operation=operation, **asdict(start))
        try:
            with transaction.atomic():
                row.save(force_insert=True)
        except IntegrityError:
            # Another process made it between the two statements.
            return rows.get(connection=self._connection, operation=operation)
        return row

    def _write(self, row: CallBudget, bucket: Bucket) -> None:
        for name, value in asdict(bucket).items():
            setattr(row, name, value)
        row.save(update_fields=["level", "at", "throttled_at", "lowered_to"])
        self._left[row.operation] = bucket

    def _refilled(self, bucket: Bucket, operation: str, now: datetime | None = None) -> Bucket:
        return budget.refilled(
            bucket, quota=self._quota(operation), share=self._share, now=now or self._clock()
        )

    def _quota(self, operation: str) -> Quota:
        return quota_of(region=self._connection.region, operation=operation)


def moving(*, now: datetime, monotonic: Callable[[], float]) -> Callable[[], datetime]:
    """A clock that starts at `now` and moves on with a clock that nobody sets."""
    began = monotonic()
    return lambda: now + timedelta(seconds=monotonic() - began)


def _bucket(row: CallBudget) -> Bucket:
    return Bucket(
        level=row.level, at=row.at, throttled_at=row.throttled_at, lowered_to=row.lowered_to
    )

"""How many calls we may make: our share of AWS's documented token buckets. Pure.

A throttling answer says that somebody else uses the quota too. So our share is halved then, and
comes back by and by.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Quota:
    """A token bucket: how many calls at once, and how many more each second."""

    bucket: float
    refill: float


# docs.aws.amazon.com/step-functions/latest/dg/service-quotas: per account and region, all soft,
# and shared with every other tool in the account.
_EVERYWHERE: Mapping[str, Quota] = {
    "DescribeExecution": Quota(bucket=250, refill=10),
    "DescribeStateMachine": Quota(bucket=200, refill=20),
    "DescribeStateMachineForExecution": Quota(bucket=200, refill=1),
    "GetExecutionHistory": Quota(bucket=400, refill=20),
    "ListExecutions": Quota(bucket=100, refill=2),
    "ListStateMachines": Quota(bucket=100, refill=5),
    "ListTagsForResource": Quota(bucket=100, refill=1),
    "TestState": Quota(bucket=50, refill=10),
}
_LARGE: Mapping[str, Quota] = {
    **_EVERYWHERE,
    "DescribeExecution": Quota(bucket=300, refill=15),
    "ListExecutions": Quota(bucket=200, refill=5),
}
_LARGE_REGIONS = ("us-east-1", "us-west-2", "eu-west-1")
OPERATIONS = tuple(_EVERYWHERE)

# After a throttling answer: down to an eighth at least, and whole again after this time.
LOWEST = 0.125
RECOVERY = timedelta(minutes=10)
# The clock is the database's, of which a worker may be this much behind. A row further ahead of it
# was written before that clock was set back.
LONGEST_LAG = timedelta(minutes=1)
# Calls are taken in parts, so that a worker that is killed has not taken many for nothing.
PART_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Bucket:
    """What is left of one operation's calls at one moment.

    `level` goes below zero where calls were made that could not wait; that is paid back.
    `lowered_to` is the part of our share that was left by the throttling at `throttled_at`.
    """

    level: float
    at: datetime
    throttled_at: datetime | None = None
    lowered_to: float = 1.0


def quota_of(*, region: str, operation: str) -> Quota:
    """Raises KeyError for an operation that is not budgeted."""
    return (_LARGE if region in _LARGE_REGIONS else _EVERYWHERE)[operation]


def part_of_share(bucket: Bucket, now: datetime) -> float:
    """How much of our share we allow ourselves, 0 to 1: less for a while after a throttling."""
    if bucket.throttled_at is None:
        return 1.0
    back = max(timedelta(), now - bucket.throttled_at) / RECOVERY
    return min(1.0, bucket.lowered_to + (1 - bucket.lowered_to) * back)


def full(*, quota: Quota, share: float, at: datetime) -> Bucket:
    return Bucket(level=quota.bucket * share, at=at)


def refilled(bucket: Bucket, *, quota: Quota, share: float, now: datetime) -> Bucket:
    """As it stands at `now`. A worker that lags neither gives nor takes.

    A clock that was set back by more than that gives nothing now and counts on from there; waiting
    for the old time to come again would stop all calls for as long.
    """
    if bucket.at - now > LONGEST_LAG:
        return replace(bucket, at=now)
    seconds = max(0.0, (now - bucket.at).total_seconds())
    rate = quota.refill * share * part_of_share(bucket, bucket.at)
    level = min(quota.bucket * share, bucket.level + rate * seconds)
    return replace(bucket, level=level, at=max(bucket.at, now))


def part(*, quota: Quota, share: float) -> int:
    """How many calls to take at once."""
    return max(1, round(quota.refill * share * PART_SECONDS))


def throttled(bucket: Bucket, now: datetime) -> Bucket:
    """Whatever we thought was left, somebody else has used it."""
    return replace(
        bucket,
        level=min(bucket.level, 0.0),
        throttled_at=now,
        lowered_to=max(LOWEST, part_of_share(bucket, now) / 2),
    )


def seconds_until_one(bucket: Bucket, *, quota: Quota, share: float) -> float:
    """How long to wait for the next call; 0 where there is one."""
    missing = max(0.0, 1 - bucket.level)
    return missing / (quota.refill * share * part_of_share(bucket, bucket.at))

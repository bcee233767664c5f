"""How many calls a pass may make: our share of AWS's documented token buckets. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Quota:
    """A token bucket: how many calls at once, and how many more each second."""

    bucket: float
    refill: float


# docs.aws.amazon.com/step-functions/latest/dg/service-quotas: per account and region, all soft,
# and shared with every other tool in the account. The numbers of the smaller regions.
QUOTAS: Mapping[str, Quota] = {
    "DescribeExecution": Quota(bucket=250, refill=10),
    "DescribeStateMachine": Quota(bucket=200, refill=20),
    "DescribeStateMachineForExecution": Quota(bucket=200, refill=1),
    "GetExecutionHistory": Quota(bucket=400, refill=20),
    "ListExecutions": Quota(bucket=100, refill=2),
    "ListStateMachines": Quota(bucket=100, refill=5),
    "ListTagsForResource": Quota(bucket=100, refill=1),
}


class Budget:
    """What may still be called in this pass, by operation.

    A listing or a history of many pages is never cut short, so a level may go below zero; the
    passes after it pay that back.
    """

    def __init__(self, *, share: float, levels: Mapping[str, float], seconds: float) -> None:
        """`levels` is what an earlier pass left `seconds` ago; an operation not in it is full."""
        self._share = share
        self._levels = {
            name: _level(quota, share, levels.get(name), seconds) for name, quota in QUOTAS.items()
        }

    def allows(self, operation: str, *, beyond: float = 0) -> bool:
        """Whether there is a call left beside those that are put aside (`beyond`)."""
        return operation not in self._levels or self._levels[operation] >= 1 + beyond

    def spend(self, operation: str) -> None:
        """Take off one request on the wire."""
        if operation in self._levels:
            self._levels[operation] -= 1

    def exhaust(self, operation: str) -> None:
        """AWS throttled us: whatever we thought was left, somebody else has used it."""
        self._levels[operation] = min(self._levels.get(operation, 0), 0)

    def seconds_until_allowed(self, operation: str) -> float:
        """How long to wait for the next call, for a pass that may take its time."""
        if self.allows(operation):
            return 0.0
        return (1 - self._levels[operation]) / (QUOTAS[operation].refill * self._share)

    def refill(self, seconds: float) -> None:
        self._levels = {
            name: _level(quota, self._share, self._levels[name], seconds)
            for name, quota in QUOTAS.items()
        }

    @property
    def levels(self) -> dict[str, float]:
        """What is left, to be kept for the next pass."""
        return {name: round(level, 3) for name, level in self._levels.items()}


def _level(quota: Quota, share: float, left: float | None, seconds: float) -> float:
    full = quota.bucket * share
    if left is None:
        return full
    return min(full, left + quota.refill * share * max(0.0, seconds))

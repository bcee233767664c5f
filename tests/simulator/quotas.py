"""The token buckets of the service, per API: bucket size and refill a second; off by default."""

from __future__ import annotations

from dataclasses import dataclass

# As in us-east-1, us-west-2 and eu-west-1.
BUCKETS: dict[str, tuple[float, float]] = {
    "ListExecutions": (200, 5),
    "DescribeExecution": (300, 15),
    "GetExecutionHistory": (400, 20),
    "ListStateMachines": (100, 5),
    "DescribeStateMachine": (200, 20),
    "DescribeStateMachineForExecution": (200, 1),
    "ListTagsForResource": (100, 1),
    "DescribeMapRun": (200, 1),
    "ListMapRuns": (100, 1),
    "ListActivities": (100, 10),
    "DescribeActivity": (200, 1),
    "SendTaskSuccess": (3000, 500),
    "SendTaskFailure": (3000, 500),
    "SendTaskHeartbeat": (3000, 500),
    "GetActivityTask": (3000, 500),
    "StopExecution": (1000, 200),
    "RedriveExecution": (1300, 300),
    "StartExecution": (1300, 300),
}


LARGE_REGIONS = {"us-east-1", "us-west-2", "eu-west-1"}
ELSEWHERE: dict[str, tuple[float, float]] = {
    "ListExecutions": (100, 2),
    "DescribeExecution": (250, 10),
    "ListActivities": (100, 5),
    "SendTaskSuccess": (1500, 300),
    "SendTaskFailure": (1500, 300),
    "SendTaskHeartbeat": (1500, 300),
    "GetActivityTask": (1500, 300),
    "StopExecution": (500, 25),
    "RedriveExecution": (800, 150),
    "StartExecution": (800, 150),
}


@dataclass(slots=True)
class _Level:
    left: float
    at: float


class Quotas:
    def __init__(self, region: str) -> None:
        self.enabled = False
        self._usual = BUCKETS if region in LARGE_REGIONS else {**BUCKETS, **ELSEWHERE}
        self._buckets = self._usual
        self._levels: dict[str, _Level] = {}

    def configure(self, *, enabled: bool, buckets: dict[str, tuple[float, float]]) -> None:
        self.enabled = enabled
        self._buckets = {**self._usual, **buckets}
        self._levels.clear()

    def take(self, operation: str, now: float) -> bool:
        """Whether the call fits in its bucket, which then holds one less."""
        if not self.enabled or operation not in self._buckets:
            return True
        size, refill = self._buckets[operation]
        level = self._levels.setdefault(operation, _Level(size, now))
        level.left = min(size, level.left + (now - level.at) * refill)
        level.at = now
        if level.left < 1:
            return False
        level.left -= 1
        return True

"""The activities of one place, and the tasks that wait in each until a worker asks."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from tests.simulator.model import TaskVisit


@dataclass(slots=True)
class Activity:
    arn: str
    name: str
    created_at: float
    tags: dict[str, str]


@dataclass(slots=True)
class Activities:
    by_arn: dict[str, Activity] = field(default_factory=dict)
    # Token numbers by the activity's ARN, whether it exists or not: it may come later.
    _queues: dict[str, deque[int]] = field(default_factory=dict)

    def offer(self, number: int, arn: str) -> None:
        self._queues.setdefault(arn, deque()).append(number)

    def oldest(self, arn: str, open_tasks: dict[int, TaskVisit]) -> TaskVisit | None:
        """The task that waits longest for a worker; those that are gone fall out on the way."""
        queue = self._queues.get(arn, deque())
        while queue:
            visit = open_tasks.get(queue[0])
            if visit is not None and visit.last == visit.scheduled:
                return visit
            queue.popleft()
        return None

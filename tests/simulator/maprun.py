"""What a Map Run keeps: its items, its child executions, and how many of them may fail."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import NamedTuple

from tests.simulator.jsontext import Json
from tests.simulator.listing import ExecutionIndex
from tests.simulator.model import ContainerVisit, Execution, Machine

# What AWS runs side by side at most, and where the definition does not say.
MOST_AT_ONCE = 10_000


class Batch(NamedTuple):
    """The input of one child execution, and how many items are in it."""

    input: Json
    items: int


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How many children may fail; with neither given, none."""

    count: int | None
    percentage: float | None

    def is_exceeded(self, failed: int, total: int) -> bool:
        if self.count is None and self.percentage is None:
            return failed > 0
        if self.count is not None and failed > self.count:
            return True
        return self.percentage is not None and failed * 100 > self.percentage * total


@dataclass(slots=True)
class MapRun:
    arn: str
    machine: Machine  # of the children: `…:stateMachine:name/label`
    visit: ContainerVisit
    max_concurrency: int
    tolerance: Tolerance
    started_at: float
    batches: list[Batch] = field(default_factory=list)
    is_read: bool = False  # whether the batches are known, empty or not
    event: int = 0  # that MapRunStarted, or the last MapRunRedriven, has in the parent's history
    status: str = "RUNNING"
    stopped_at: float | None = None
    redrive_count: int = 0
    redriven_at: float | None = None
    running: int = 0
    failed: int = 0
    children: list[Execution] = field(default_factory=list)  # in the order of their batches
    # With the status that each had, for those that do not get their turn.
    pending_redrive: deque[tuple[Execution, str]] = field(default_factory=deque)
    index: ExecutionIndex = field(default_factory=ExecutionIndex)
    items_of: dict[str, int] = field(default_factory=dict)  # by child ARN, where not one

    @property
    def execution(self) -> Execution:
        return self.visit.scope.execution

    @property
    def label(self) -> str:
        return self.machine.name.rpartition("/")[2]

    @property
    def has_room(self) -> bool:
        return self.running < min(self.max_concurrency or MOST_AT_ONCE, MOST_AT_ONCE)

    @property
    def is_done(self) -> bool:
        return (
            not self.running
            and not self.pending_redrive
            and len(self.children) == len(self.batches)
        )

    @property
    def has_writer(self) -> bool:
        return "ResultWriter" in self.visit.state.raw

    def take(self, batches: list[Batch]) -> None:
        self.batches, self.is_read = batches, True

    def close(self, status: str, now: float) -> None:
        self.status = status
        self.stopped_at = now

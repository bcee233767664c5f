"""A simulator whose time stands still until it is told to move, and passes on that time."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from unittest import mock

from django.test import override_settings

from callbacks.models import CallBudget, Connection, Execution, StateMachine
from callbacks.sync import run_pass
from callbacks.sync.figures import PassFigures
from tests import making
from tests.benchmarks.copying import copy_executions
from tests.simulator.control import Control, SimulatorProcess

# As beat starts them.
INTERVAL = 5.0
REGION = "us-east-1"
PLENTY = 1_000_000.0


@dataclass
class Office:
    """A connection under quotas, and the calls that its passes have made."""

    simulator: Control
    connection: Connection
    moment: float
    calls: Counter[str] = field(default_factory=Counter)
    throttles: int = 0

    @property
    def now(self) -> datetime:
        return datetime.fromtimestamp(self.moment, UTC)

    def advance(self, seconds: float) -> None:
        self.moment = self.simulator.advance(seconds)

    def machines(self, number: int, definition: Any) -> list[str]:
        return [self.simulator.create(f"orders-{at:03}", definition) for at in range(number)]

    def fill(self, number: int, over: int, definition: Any, given: Any) -> list[str]:
        """So many waiting executions, all mirrored and read, their lists too; the machines' ARNs.

        A pass reads the first of each machine, the others are copies of it.
        """
        arns = self.machines(over, definition)
        firsts = [self.simulator.start(arn, given) for arn in arns]
        with override_settings(SYNC_QUOTA_SHARE=PLENTY):
            self.mirror()
        CallBudget.objects.all().delete()
        for arn, first, count in zip(arns, firsts, spread(number, over), strict=True):
            prefix = self.simulator.start_many(arn, count - 1, given, "old-")
            of = Execution.objects.get(arn=first)
            copy_executions(of=of, arns=(f"{prefix}{at:06}" for at in range(count - 1)))
        self.advance(3600)
        StateMachine.objects.update(looked_at=self.now, listed_at=self.now, swept_at=self.now)
        self.calls.clear()
        return arns

    def mirror(self, *, full: bool = False) -> PassFigures:
        """One pass that takes no time."""
        with mock.patch("callbacks.sync.asking.monotonic", return_value=self.moment):
            figures = run_pass(connection=self.connection, now=self.now, full=full)
        if figures.problems or figures.error not in ("", "throttled"):
            raise RuntimeError(f"the pass had trouble: {figures}")
        self.calls.update(figures.api_calls)
        self.throttles += figures.throttles
        return figures


@contextmanager
def office(name: str, *, share: float) -> Iterator[Office]:
    making.default_policy()
    with SimulatorProcess(region=REGION, frozen=True) as simulator:
        connection = making.make_connection(name, endpoint_url=simulator.url, region=REGION)
        with override_settings(SYNC_QUOTA_SHARE=share, SYNC_INTERVAL_SECONDS=INTERVAL):
            yield Office(simulator=simulator, connection=connection, moment=simulator.now())


def spread(number: int, over: int) -> list[int]:
    """How many each gets where `number` are shared out evenly."""
    return [number // over + (at < number % over) for at in range(over)]


def pages(number: int, size: int = 1000) -> int:
    return max(1, math.ceil(number / size))

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

from callbacks.models import Connection
from callbacks.sync import run_pass
from callbacks.sync.figures import PassFigures
from tests import making
from tests.simulator.control import Control, SimulatorProcess

# As beat starts them.
INTERVAL = 5.0
REGION = "us-east-1"


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

"""The mirror at AWS's scale: how near it comes to what the quotas allow, in time and in calls.

The clock is the simulator's and moves only between passes, so that what is counted is what the
scheduler does with the budget, not how fast this machine is.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from callbacks.models import CallbackTask
from callbacks.sync.budget import quota_of
from tests.benchmarks.filling import order_input
from tests.benchmarks.measuring import stopwatch
from tests.benchmarks.sizes import Sizes
from tests.benchmarks.tables import Table
from tests.benchmarks.virtual import INTERVAL, REGION, Office, office, pages, spread
from tests.benchmarks.workflows import SHORT

HISTORY = "GetExecutionHistory"
FIRST = (
    "waiting", "machines", "virtual s", "bound s", "time", "calls", "least calls", "times least",
    "throttled", "real s",
)  # fmt: skip


def run(sizes: Sizes) -> Iterator[Table]:
    executions, machines = sizes.first_mirror
    with office("first-mirror", share=1.0) as at, stopwatch() as watch:
        counts = spread(executions, machines)
        for arn, count in zip(at.machines(machines, SHORT), counts, strict=True):
            at.simulator.start_many(arn, count, order_input(0))
        # What waits has waited for a while; a look goes back over the last minute.
        at.advance(3600)
        at.simulator.quotas(enabled=True)
        seconds = _mirror_all(at, executions)
    yield Table(
        "First mirror under the quotas of a large region, share 1.0",
        FIRST,
        [_first_row(at, counts, seconds, watch.seconds)],
        [
            "Bound: what the quota of histories takes for one of each. Least calls: one list of "
            "machines, one description and the pages of the running ones of each, one history of "
            "each execution.",
            "By name: " + ", ".join(f"{name} {number:,}" for name, number in at.calls.items()),
        ],
    )


def _mirror_all(at: Office, executions: int) -> float:
    """Pass after pass until all that waits is in the mirror; returns the virtual seconds."""
    began = at.moment
    while True:
        at.mirror()
        if CallbackTask.objects.filter(connection=at.connection).count() >= executions:
            return at.moment - began
        at.advance(INTERVAL)


def _first_row(at: Office, counts: list[int], seconds: float, real: float) -> list[Any]:
    quota = quota_of(region=REGION, operation=HISTORY)
    executions = sum(counts)
    bound = max(0.0, (executions - quota.bucket) / quota.refill)
    least = 1 + len(counts) + sum(map(pages, counts)) + executions
    calls = sum(at.calls.values())
    return [
        executions,
        len(counts),
        seconds,
        bound,
        seconds / bound if bound else None,
        calls,
        least,
        calls / least,
        at.throttles,
        real,
    ]

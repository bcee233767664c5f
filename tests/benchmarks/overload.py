"""Ten times what comes and goes on a busy day: how long until the mirror has caught up.

As in `churn`, the clock is the simulator's.
"""

from __future__ import annotations

from collections.abc import Iterator

from callbacks.sync.budget import quota_of
from tests.benchmarks.churn import SHARE, Churn, busy_office
from tests.benchmarks.sizes import Sizes
from tests.benchmarks.tables import Table
from tests.benchmarks.virtual import REGION

TIMES = 10


def run(sizes: Sizes) -> Iterator[Table]:
    waiting, seconds = sizes.overload
    with busy_office("overload", waiting) as (at, machines):
        churn = Churn(at, machines)
        churn.go_on(seconds, times=TIMES)
        unread = len(churn.unseen_new)
        drained = churn.drain()
    rate = quota_of(region=REGION, operation="GetExecutionHistory").refill * SHARE
    yield Table(
        f"{waiting:,} waiting, {TIMES} times as much for {seconds} s, share {SHARE}",
        ("changes", "not shown yet", "drained in s", "bound s", "times", "throttled"),
        [
            [
                churn.changes,
                unread,
                drained,
                unread / rate,
                drained * rate / unread if unread else None,
                at.throttles,
            ]
        ],
        ["Bound: one history of each that is not shown yet, with all calls of the share."],
    )

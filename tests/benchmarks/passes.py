"""A pass over many waiting executions: seconds, and calls to AWS by name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.test import override_settings

from callbacks.sync.figures import PassFigures
from tests.benchmarks.filling import order_input
from tests.benchmarks.shop import shop
from tests.benchmarks.sizes import Sizes
from tests.benchmarks.tables import Table
from tests.benchmarks.workflows import CHAIN

COLUMNS = ("executions", "pass", "seconds", "histories", "histories/s", "opened", "calls")
USUAL_SHARE = 0.5


def run(sizes: Sizes) -> Iterator[Table]:
    rows: list[list[Any]] = []
    for executions in sizes.passes:
        with shop(f"passes-{executions}") as at:
            at.start("chain", CHAIN, executions, order_input(0))
            with override_settings(SYNC_QUOTA_SHARE=USUAL_SHARE):
                rows.append(_row(executions, "first, usual budget", at.mirror()))
            rows.append(_row(executions, "next, unlimited", at.mirror()))
            rows.append(_row(executions, "nothing new, hardly a budget", _quiet(at)))
            rows.append(_row(executions, "full, unlimited", at.mirror(full=True)))
    yield Table(
        "Passes over waiting executions",
        COLUMNS,
        rows,
        [
            "The usual budget is half of AWS's documented quotas and ends the pass early; without "
            "it a pass shows our own speed.",
            "What is left of a budget reads the waiting ones again, the longest unread first.",
        ],
    )


def _quiet(at: Any) -> PassFigures:
    """A pass whose budget of histories is nearly used up: it lists, and reads eight."""
    with override_settings(SYNC_QUOTA_SHARE=0.02):
        return at.mirror()


def _row(executions: int, name: str, figures: PassFigures) -> list[Any]:
    calls = ", ".join(f"{key} {number}" for key, number in sorted(figures.api_calls.items()))
    speed = figures.histories_read / figures.seconds if figures.seconds else 0.0
    return [
        executions, name, figures.seconds, figures.histories_read, speed, figures.tasks_opened,
        calls,
    ]  # fmt: skip

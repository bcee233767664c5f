"""A pass in which nothing has changed: work, statements and memory, of few and of many."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

from tests.benchmarks.filling import order_input
from tests.benchmarks.one_pass import INTERVAL, PASSES
from tests.benchmarks.sizes import Sizes
from tests.benchmarks.tables import Table
from tests.benchmarks.virtual import Office, office
from tests.benchmarks.workflows import SHORT
from tests.children import child_environment

MACHINES = 20
SHARE = 0.5
COLUMNS = ("waiting", "cpu s", "statements", "lists", "histories", "peak MB")


def run(sizes: Sizes) -> Iterator[Table]:
    rows = [_row(number) for number in sizes.quiet]
    yield Table(
        f"A pass without changes, {MACHINES} machines, share {SHARE}",
        COLUMNS,
        rows,
        [
            "A pass reads the lists that are due and, with the calls that are left, histories "
            "again, the longest unread first; with few waiting there are fewer to read.",
            f"The third of {PASSES} passes in a process of its own, {INTERVAL:.0f} s apart.",
        ],
    )


def _row(number: int) -> list[Any]:
    with office(f"quiet-{number}", share=SHARE) as at:
        at.fill(number, min(MACHINES, number), SHORT, order_input(0))
        at.simulator.quotas(enabled=True)
        found = _passes(at)
    if found["trouble"]:
        raise RuntimeError(f"the pass had trouble: {found}")
    lists = found["calls"].get("ListExecutions", 0)
    return [
        number, found["cpu"], found["statements"], lists, found["histories"], found["peak_mb"],
    ]  # fmt: skip


def _passes(at: Office) -> dict[str, Any]:
    at.advance(PASSES * INTERVAL)
    environment = child_environment(
        SYNC_QUOTA_SHARE=str(SHARE), DJANGO_SETTINGS_MODULE="dashboard.settings"
    )
    command = [sys.executable, "-m", "tests.benchmarks.one_pass"]
    command += [str(at.connection.pk), str(at.moment)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"the passes ended early: {done.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found

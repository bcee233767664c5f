"""The simulator under its normal load: many executions that wait."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.benchmarks.filling import order_input
from tests.benchmarks.measuring import resident_mb, stopwatch
from tests.benchmarks.sizes import Sizes
from tests.benchmarks.tables import Table
from tests.benchmarks.workflows import CHAIN, SHORT
from tests.simulator.control import SimulatorProcess


def run(sizes: Sizes) -> Iterator[Table]:
    rows: list[list[Any]] = []
    # Longer histories take more memory each: a tenth of them shows how much.
    for name, definition, count in (
        ("one state", SHORT, sizes.crowd),
        ("four states", CHAIN, sizes.crowd // 10),
    ):
        process = SimulatorProcess()
        with process as simulator:
            before = resident_mb(process.pid)
            machine = simulator.create("crowd", definition)
            with stopwatch() as starting:
                simulator.start_many(machine, count, order_input(0))
            after = resident_mb(process.pid)
            given = {"stateMachineArn": machine, "statusFilter": "RUNNING", "maxResults": 1000}
            with stopwatch() as listing:
                simulator.call("ListExecutions", **given)
            used = after - before if before is not None and after is not None else None
            rows.append(
                [
                    name,
                    count,
                    starting.seconds,
                    round(count / starting.seconds),
                    used,
                    used * 1024 / count if used is not None else None,
                    listing.seconds * 1000,
                ]
            )
    yield Table(
        "Starting waiting executions in the simulator",
        ("workflow", "executions", "seconds", "started/s", "MB", "kB each", "list of 1,000 ms"),
        rows,
        ["All have the same input of 2 kB, which the simulator keeps once."],
    )

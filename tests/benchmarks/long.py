"""A long history that grows by ten events at a time: read whole each time, and read on."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Iterator
from typing import Any

from callbacks.models import Execution, HistorySkeleton
from callbacks.sync.opened import read_execution
from tests.benchmarks.sizes import Sizes
from tests.benchmarks.tables import Table
from tests.benchmarks.virtual import PLENTY, Office, office
from tests.benchmarks.workflows import LOOP

HISTORY = "GetExecutionHistory"
ROUNDS = 5
COLUMNS = ("reading", "events", "tasks", "calls", "cpu s", "kept kB")


def run(sizes: Sizes) -> Iterator[Table]:
    with office("long", share=PLENTY) as at:
        arn = at.simulator.start(at.machines(1, LOOP)[0], {"round": 0})
        while at.simulator.tokens(arn)[0]["event_id"] < sizes.long_history:
            _answer(at, arn)
        at.mirror()
        # The first one finds the definition that it runs on, and keeps a skeleton.
        _read(at, arn)
        rows = [_row(at, arn, "whole", forgets=True), _row(at, arn, "on", forgets=False)]
    yield Table(
        "A long history that has grown by ten events",
        COLUMNS,
        rows,
        [
            "One is answered and the next waits: ten events. Whole: with nothing kept of it, as "
            "before there were skeletons. Both look from its end first, which is one call.",
            f"The median of {ROUNDS} readings, with what is written of them.",
        ],
    )


def _answer(at: Office, arn: str) -> None:
    token = at.simulator.tokens(arn)[0]["token"]
    output = json.dumps({"round": 1, "note": "x" * 400})
    at.simulator.call("SendTaskSuccess", taskToken=token, output=output)


def _row(at: Office, arn: str, name: str, *, forgets: bool) -> list[Any]:
    found = []
    for _ in range(ROUNDS):
        _answer(at, arn)
        if forgets:
            HistorySkeleton.objects.all().delete()
        found.append(_read(at, arn))
    execution = Execution.objects.select_related("skeleton").get(arn=arn)
    return [
        name,
        execution.last_event_id,
        execution.tasks.count(),
        statistics.median(calls for calls, _ in found),
        statistics.median(seconds for _, seconds in found),
        len(execution.skeleton.ciphertext) / 1000,
    ]


def _read(at: Office, arn: str) -> tuple[int, float]:
    execution = Execution.objects.get(arn=arn)
    before, began = at.simulator.counts()[HISTORY], time.process_time()
    read_execution(execution=execution, now=at.now)
    return at.simulator.counts()[HISTORY] - before, time.process_time() - began

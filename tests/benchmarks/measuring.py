"""Taking times: medians of interleaved rounds, so that a busy moment meets all alike."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Times:
    """Milliseconds; `cpu` is this process's own work, which a busy machine does not lengthen."""

    median: float
    p95: float
    cpu: float = 0.0


def times_of(seconds: list[float], cpu_seconds: Sequence[float] = (0.0,)) -> Times:
    ordered = sorted(seconds)
    p95 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]
    return Times(
        median=statistics.median(ordered) * 1000,
        p95=p95 * 1000,
        cpu=statistics.median(cpu_seconds) * 1000,
    )


def interleaved(calls: Mapping[str, Callable[[], object]], *, rounds: int) -> dict[str, Times]:
    """Call each once a round; the first round warms up and does not count."""
    spent: dict[str, list[float]] = {name: [] for name in calls}
    worked: dict[str, list[float]] = {name: [] for name in calls}
    for number in range(rounds + 1):
        for name, call in calls.items():
            began, cpu_began = time.perf_counter(), time.process_time()
            call()
            if number:
                spent[name].append(time.perf_counter() - began)
                worked[name].append(time.process_time() - cpu_began)
    return {name: times_of(seconds, worked[name]) for name, seconds in spent.items()}


@dataclass
class Watch:
    """Seconds of a with block, there when it is left."""

    seconds: float = 0.0


@contextmanager
def stopwatch() -> Iterator[Watch]:
    gc.collect()
    watch = Watch()
    began = time.perf_counter()
    yield watch
    watch.seconds = time.perf_counter() - began


def resident_mb(pid: int) -> float | None:
    """Memory of a process in MB; None where the system has no /proc."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return None
    resident = next(line for line in lines if line.startswith("VmRSS:"))
    return int(resident.split()[1]) / 1024

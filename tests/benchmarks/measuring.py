"""Taking times: medians of interleaved rounds, so that a busy moment meets all alike."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

Key = TypeVar("Key")


@dataclass(frozen=True)
class Times:
    """Milliseconds; `cpu` is this process's own work, which a busy machine does not lengthen."""

    median: float
    p95: float
    cpu: float


def times_of(seconds: Sequence[float], cpu_seconds: Sequence[float]) -> Times:
    ordered = sorted(seconds)
    p95 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]
    return Times(
        median=statistics.median(ordered) * 1000,
        p95=p95 * 1000,
        cpu=statistics.median(cpu_seconds) * 1000,
    )


@dataclass
class Laps:
    """Seconds of one thing that is done again and again, and this process's own part of them."""

    seconds: list[float] = field(default_factory=list)
    cpu_seconds: list[float] = field(default_factory=list)

    def run(self, call: Callable[[], object]) -> None:
        began, cpu_began = time.perf_counter(), time.process_time()
        call()
        self.seconds.append(time.perf_counter() - began)
        self.cpu_seconds.append(time.process_time() - cpu_began)

    def times(self, *, warm_up: int) -> Times:
        return times_of(self.seconds[warm_up:], self.cpu_seconds[warm_up:])

    def plus(self, other: Laps) -> Laps:
        """Both, one after the other."""
        return Laps(
            [a + b for a, b in zip(self.seconds, other.seconds, strict=True)],
            [a + b for a, b in zip(self.cpu_seconds, other.cpu_seconds, strict=True)],
        )


def interleaved(
    calls: Mapping[Key, Callable[[], object]], *, rounds: int, warm_up: int = 0
) -> dict[Key, Times]:
    """Call each once a round; the first rounds warm up and do not count."""
    laps = {name: Laps() for name in calls}
    for _ in range(warm_up + rounds):
        for name, call in calls.items():
            laps[name].run(call)
    return {name: of_one.times(warm_up=warm_up) for name, of_one in laps.items()}


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
    return _memory_mb(pid, "VmRSS")


def peak_mb(pid: int) -> float | None:
    """The most that a process ever had; what it was started from, which getrusage counts, is not
    in it."""
    return _memory_mb(pid, "VmHWM")


def _memory_mb(pid: int, name: str) -> float | None:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return None
    found = next(line for line in lines if line.startswith(f"{name}:"))
    return int(found.split()[1]) / 1024

"""Time as the simulator sees it: real time plus what tests added, and the timers on it."""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import lru_cache


class Clock:
    """Seconds since the epoch, to the millisecond; moves with the wall unless frozen."""

    def __init__(self, *, start: float | None = None, frozen: bool = False) -> None:
        self._base = time.time() if start is None else start
        self._started = time.monotonic()
        self._frozen = frozen

    def now(self) -> float:
        passed = 0.0 if self._frozen else time.monotonic() - self._started
        return round(self._base + passed, 3)

    def advance(self, seconds: float) -> None:
        if seconds < 0:
            raise ValueError("the clock only moves forward")
        self._base += seconds

    def not_before(self, moment: float) -> None:
        """Never fall behind what a journal has already seen."""
        self._base += max(0.0, moment - self.now())


@lru_cache(maxsize=64)
def isoformat(moment: float) -> str:
    text = datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


class Timer:
    __slots__ = ("action", "due")

    def __init__(self, due: float, action: Callable[[], None]) -> None:
        self.due = due
        self.action: Callable[[], None] | None = action

    def cancel(self) -> None:
        self.action = None


class Timers:
    """A heap of timers; a cancelled one costs its place until it comes up."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Timer]] = []
        self._count = 0

    def at(self, due: float, action: Callable[[], None]) -> Timer:
        timer = Timer(due, action)
        self._count += 1
        heapq.heappush(self._heap, (due, self._count, timer))
        return timer

    def next_due(self) -> float | None:
        while self._heap and self._heap[0][2].action is None:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def take_due(self, moment: float) -> Iterator[Callable[[], None]]:
        """The actions of all timers due at the moment or before, in the order they were set."""
        while (due := self.next_due()) is not None and due <= moment:
            action = heapq.heappop(self._heap)[2].action
            if action is not None:
                yield action

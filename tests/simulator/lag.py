"""What an index that lags still says: things as they stood so many seconds ago."""

from __future__ import annotations

from collections import deque
from typing import Generic, TypeVar

Thing = TypeVar("Thing")


class Lagging(Generic[Thing]):
    """Remembers what changed things looked like before, as long as somebody may still see that.

    It costs by recent changes alone: what has not changed lately is not in here."""

    def __init__(self) -> None:
        self._changes: deque[tuple[float, str]] = deque()
        self._before: dict[str, deque[tuple[float, Thing | None]]] = {}

    def changed(self, key: str, before: Thing | None, now: float, since: float) -> None:
        """Note a change; `before` is None for what was not there. What changed up to `since`
        nobody will ask for again."""
        self._forget(since)
        self._changes.append((now, key))
        self._before.setdefault(key, deque()).append((now, before))

    def old(self, since: float) -> dict[str, Thing | None]:
        """Whatever has changed after the moment, as it stood then (None: not there)."""
        self._forget(since)
        return {key: changes[0][1] for key, changes in self._before.items()}

    def _forget(self, since: float) -> None:
        while self._changes and self._changes[0][0] <= since:
            _, key = self._changes.popleft()
            self._before[key].popleft()
            if not self._before[key]:
                del self._before[key]

"""Executions in the order of ListExecutions: newest first, by status, a page at a time."""

from __future__ import annotations

import bisect
import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING

from tests.simulator.lag import Lagging
from tests.simulator.model import Execution, Machine

if TYPE_CHECKING:
    from tests.simulator.maprun import MapRun
    from tests.simulator.versions import Start

ORDER = attrgetter("order")


@dataclass(frozen=True, slots=True)
class Listed:
    """What a list says of an execution, kept from before its last change."""

    arn: str
    name: str
    machine: Machine
    status: str
    order: int
    started_at: float
    stopped_at: float | None
    redriven_at: float | None
    redrive_count: int
    map_run: MapRun | None
    started_by: Start | None


def listed(execution: Execution) -> Listed:
    return Listed(
        execution.arn,
        execution.name,
        execution.machine,
        execution.status,
        execution.order,
        execution.started_at,
        execution.stopped_at,
        execution.redriven_at,
        execution.redrive_count,
        execution.map_run,
        execution.started_by,
    )


Row = Execution | Listed


class _Row:
    """A place in a list; void once the execution moved on."""

    __slots__ = ("execution", "order", "status")

    def __init__(self, execution: Execution, status: str | None) -> None:
        self.execution = execution
        self.order = execution.order
        self.status = status

    def holds(self) -> bool:
        return self.order == self.execution.order and (
            self.status is None or self.execution.status == self.status
        )


class ExecutionIndex:
    """The executions of one machine; `place` after each change of status or order."""

    def __init__(self) -> None:
        self._rows: dict[str | None, list[_Row]] = {None: []}
        self._void: dict[str | None, int] = {}
        self._lagging: Lagging[Listed] = Lagging()

    def will_change(self, execution: Execution, now: float, since: float) -> None:
        """Keep what the list says now, for those who are to see the change later."""
        before = listed(execution) if execution.order else None
        self._lagging.changed(execution.arn, before, now, since)

    def place(self, execution: Execution, *, moved: bool, was: str | None = None) -> None:
        """Note the execution's new status; `moved` where its order is new as well."""
        if moved:
            self._insert(None, execution)
            self._tidy(None, void=was is not None)
        self._insert(execution.status, execution)
        if was is not None:
            self._tidy(was, void=True)

    def _insert(self, status: str | None, execution: Execution) -> None:
        rows = self._rows.setdefault(status, [])
        row = _Row(execution, status)
        if not rows or rows[-1].order < row.order:
            rows.append(row)
        else:
            bisect.insort(rows, row, key=ORDER)

    def _tidy(self, status: str | None, *, void: bool) -> None:
        """Throw void rows away once they are half of a list: cheap over time, exact at once."""
        self._void[status] = self._void.get(status, 0) + void
        rows = self._rows.get(status, [])
        if self._void[status] * 2 > len(rows) > 64:
            self._rows[status] = [row for row in rows if row.holds()]
            self._void[status] = 0

    def newest_first(self, status: str | None, before: int | None, since: float) -> Iterator[Row]:
        """Executions with an order below `before` (None: from the newest), as they stood at
        `since`."""
        old = self._lagging.old(since)
        current = self._current(status, before)
        if not old:
            return current
        unchanged = (one for one in current if one.arn not in old)
        kept = [
            row
            for row in old.values()
            if row is not None
            and status in (None, row.status)
            and (before is None or row.order < before)
        ]
        return heapq.merge(
            unchanged, sorted(kept, key=ORDER, reverse=True), key=ORDER, reverse=True
        )

    def _current(self, status: str | None, before: int | None) -> Iterator[Execution]:
        rows = self._rows.get(status, [])
        at = len(rows) if before is None else bisect.bisect_left(rows, before, key=ORDER)
        while at > 0:
            at -= 1
            if rows[at].holds():
                yield rows[at].execution

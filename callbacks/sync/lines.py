"""What the lines of a list say that the mirror does not hold yet. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from callbacks.stepfunctions.facts import ExecutionDetail, ExecutionSummary
from callbacks.sync.plan import RUNNING

# Lists are only eventually consistent (API_ListExecutions), and two clocks may differ.
LAG = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Held:
    """An execution as the mirror holds it."""

    status: str
    redrive_count: int
    ordered_at: datetime
    version: str = ""


@dataclass(frozen=True, slots=True)
class News:
    """Lines with something new.

    `ended` are those that run as far as the mirror knows; `came_and_went` it does not know at all,
    or as they were before a redrive. `moved` have another place in the list of the running ones
    than the mirror says, or a version that it does not say, and nothing else is new.
    """

    new: Sequence[ExecutionSummary] = ()
    redriven: Sequence[ExecutionSummary] = ()
    moved: Sequence[ExecutionSummary] = ()
    ended: Sequence[ExecutionSummary] = ()
    came_and_went: Sequence[ExecutionSummary] = ()

    def __len__(self) -> int:
        """How many are to be read."""
        return len(self.new) + len(self.redriven) + len(self.ended) + len(self.came_and_went)

    @property
    def latest_start(self) -> datetime | None:
        """The latest start of those not known before."""
        return max((one.started_at for one in (*self.new, *self.came_and_went)), default=None)


def find_news(
    lines: Iterable[ExecutionSummary],
    held: Mapping[str, Held],
    *,
    since: datetime | None = None,
) -> News:
    """Compare lines with what the mirror holds, by ARN.

    What ended before `since` and is not known is left where it is; None: all of it.
    """
    found: dict[str, list[ExecutionSummary]] = {name: [] for name in News.__slots__}
    for line in lines:
        kind = _kind(line, held.get(line.arn), since)
        if kind is not None:
            found[kind].append(line)
    return News(**found)


def _kind(line: ExecutionSummary, known: Held | None, since: datetime | None) -> str | None:
    if line.status == RUNNING:
        return "new" if known is None else _running_kind(line, known)
    is_later = known is None or line.redrive_count > known.redrive_count
    if known is not None and known.status == RUNNING:
        # A line from before a redrive says nothing about the run after it.
        return "ended" if line.redrive_count >= known.redrive_count else None
    return "came_and_went" if is_later and (since is None or latest(line) >= since) else None


def _running_kind(line: ExecutionSummary, known: Held) -> str | None:
    if line.redrive_count > known.redrive_count:
        return "redriven"
    said = (known.ordered_at, known.version)
    is_other = known.status == RUNNING and said != (ordered_at(line), line.version)
    return "moved" if is_other else None


def line_of(detail: ExecutionDetail) -> ExecutionSummary:
    """A described execution as a list would show it."""
    return ExecutionSummary(
        arn=detail.arn,
        name=detail.name or detail.arn.rpartition(":")[2],
        state_machine_arn=detail.state_machine_arn,
        status=detail.status,
        started_at=detail.started_at,
        stopped_at=detail.stopped_at,
        redrive_count=detail.redrive_count,
        redriven_at=detail.redriven_at,
        state_machine_version_arn=detail.state_machine_version_arn,
        state_machine_alias_arn=detail.state_machine_alias_arn,
    )


def latest(line: ExecutionSummary) -> datetime:
    """The last moment at which something happened to it, as far as its line says."""
    return line.stopped_at or ordered_at(line)


def ordered_at(line: ExecutionSummary) -> datetime:
    """By what AWS sorts running executions: their start, or their redrive."""
    return line.redriven_at or line.started_at


def reaches_back(lines: Iterable[ExecutionSummary], *, since: datetime) -> bool:
    """Whether nothing further down can have begun or ended since then.

    Emulators have all of them by their start. For those it still holds that what began before
    something whose last moment is older has begun before that time as well.
    """
    return any(latest(line) < since for line in lines)


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far down a sweep has come: the time of its last line, and the ARNs of that very time."""

    upto: datetime | None = None
    carried: frozenset[str] = field(default=frozenset())

    def goes_back(self, page: Sequence[ExecutionSummary]) -> bool:
        """Whether the page does not go on below the last one: the same page came twice."""
        if self.upto is None or not page:
            return False
        return ordered_at(page[0]) > self.upto or {one.arn for one in page} <= self.carried

    def span(
        self, page: Sequence[ExecutionSummary], *, is_last: bool
    ) -> tuple[datetime | None, datetime | None]:
        """From (not included; None: the oldest) and up to (included; None: the newest) which time
        the lines seen so far name all running executions."""
        return None if is_last or not page else ordered_at(page[-1]), self.upto

    def after(self, page: Sequence[ExecutionSummary]) -> Cursor:
        if not page:
            return self
        upto = ordered_at(page[-1])
        same = frozenset(one.arn for one in page if ordered_at(one) == upto)
        return Cursor(upto, same | self.carried if upto == self.upto else same)

    def missing(self, page: Sequence[ExecutionSummary], running: Set[str]) -> Set[str]:
        """Which of those that run as far as the mirror knows, within the span, are not listed."""
        return running - self.carried - {one.arn for one in page}

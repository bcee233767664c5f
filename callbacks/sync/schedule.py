"""Which lists to read next, under a budget of calls: the sync's scheduler. Pure.

A list is read in two ways. A *look* reads the list of all executions from the newest down to what
is known: AWS sorts running ones by their start and the others by their end (API_ListExecutions),
so that everything that began or ended since the last look stands at its top. A *sweep* reads the
whole list of the running ones, page by page and slowly, and finds what a look cannot see: what an
eventually consistent list had left out, and what emulators sort otherwise.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

# Of the calls for lists, this part is for looks; sweeps have what is left over.
PART_OF_LOOKS = 0.75
# Kept for state machines in which nobody can wait today, however busy the lists of the others are.
PART_OF_SURVEYS = 0.1
# A state machine of which nothing is heard is looked at as if something happened this often.
QUIETEST = 1 / 600
# How seldom a look may become, however busy the others are; calls are put aside for it.
LONGEST_UNSEEN = timedelta(minutes=5)
# Over how long a time the news of a machine are averaged.
MEMORY = timedelta(minutes=2)
# While more is unread than can be read in this time, to find more would only cost calls ...
BACKLOG = timedelta(seconds=15)
# ... but a machine that nobody has looked at for so long has its turn all the same, and where
# something happens, what has ended is worth a look: that alone takes it off people's lists.
LONGEST_UNSEEN_IN_BACKLOG = timedelta(minutes=30)

LIST_MACHINES_EVERY = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class ListFacts:
    """What the scheduler knows of one machine's lists. `news` is in executions a second."""

    looked_at: datetime | None
    swept_at: datetime | None
    news: float = 0.0
    # A look or a sweep that has not come to its end.
    look_goes_on: bool = False
    sweep_goes_on: bool = False


Machine = TypeVar("Machine")


def looks_due(
    machines: Sequence[tuple[Machine, ListFacts]],
    *,
    calls_per_second: float,
    pass_seconds: float,
    is_backlogged: bool,
    now: datetime,
) -> list[Machine]:
    """Return the machines to look at now, the most urgent first.

    To see the news of all soonest on average, a machine is looked at in proportion to the square
    root of how often something happens there; with few machines, in each pass.
    """
    weights = [math.sqrt(max(facts.news, QUIETEST)) for _, facts in machines]
    unit = sum(weights) / (calls_per_second * PART_OF_LOOKS) if calls_per_second else math.inf
    found: list[tuple[float, int, Machine]] = []
    for number, ((machine, facts), weight) in enumerate(zip(machines, weights, strict=True)):
        interval = _interval(unit / weight, facts, is_backlogged)
        # In the pass that is nearest to its time, not in the one after it.
        overdue = (_waited(facts.looked_at, now) + pass_seconds / 2) / interval
        is_wanted = interval <= pass_seconds or (facts.look_goes_on and not is_backlogged)
        if is_wanted or overdue >= 1:
            found.append((-overdue, number, machine))
    return [machine for *_, machine in sorted(found, key=lambda one: one[:2])]


def sweeps_due(
    machines: Sequence[tuple[Machine, ListFacts]], *, is_backlogged: bool
) -> list[Machine]:
    """Return the machines to sweep, those never swept first, then one that was begun.

    While more is found than can be read, only what was never listed is.
    """
    rows = [
        (facts.swept_at is not None, not facts.sweep_goes_on, facts.swept_at, number, machine)
        for number, (machine, facts) in enumerate(machines)
        if facts.swept_at is None or not is_backlogged
    ]
    rows.sort(key=lambda row: (row[0], row[1], row[2].timestamp() if row[2] else 0.0, row[3]))
    return [row[-1] for row in rows]


def surveys_kept(
    *,
    last: datetime | None,
    calls_per_second: float,
    pass_seconds: float,
    is_first_mirror: bool,
    now: datetime,
) -> int:
    """How many surveys a pass makes before all else, so that busy lists do not keep them out.

    `last`: when one was made. Where what can wait is still to be found for the first time, that
    comes first, but not for ever.
    """
    waited = _waited(last, now)
    if is_first_mirror and waited < LONGEST_UNSEEN.total_seconds():
        return 0
    kept = calls_per_second * PART_OF_SURVEYS
    most = max(1, math.floor(kept * pass_seconds))
    return math.floor(min(float(most), kept * waited))


def calls_of_looks(*, machines: int, calls_per_second: float, pass_seconds: float) -> int:
    """How many calls a sweep leaves for the looks of the next pass."""
    return min(machines, math.ceil(calls_per_second * PART_OF_LOOKS * pass_seconds))


def longest_between_looks(news: Sequence[float], *, calls_per_second: float) -> float:
    """Seconds between two looks at the quietest of these lists, as far as the calls go."""
    if not news or not calls_per_second:
        return 0.0
    weights = [math.sqrt(max(one, QUIETEST)) for one in news]
    for_looks = calls_per_second * PART_OF_LOOKS
    wished = sum(weights) / for_looks / min(weights)
    # What is put aside for the quietest comes from the others, and more than all there are is not.
    return max(min(wished, LONGEST_UNSEEN.total_seconds()), len(news) / for_looks)


def news_rate(*, before: float, news: int, seconds: float) -> float:
    """How often something happens, from what was seen `seconds` after the last look."""
    if seconds <= 0:
        return before
    weight = min(1.0, seconds / MEMORY.total_seconds())
    return (1 - weight) * before + weight * news / seconds


def most_unread(*, calls_per_second: float) -> int:
    """How many executions may be unread before finding more of them is put off."""
    return math.ceil(calls_per_second * BACKLOG.total_seconds())


def _interval(wished: float, facts: ListFacts, is_backlogged: bool) -> float:
    if is_backlogged and facts.news < QUIETEST:
        return LONGEST_UNSEEN_IN_BACKLOG.total_seconds()
    return min(wished, LONGEST_UNSEEN.total_seconds())


def _waited(since: datetime | None, now: datetime) -> float:
    """In seconds; for ever where it never was, or where a clock was set back since."""
    if since is None or since > now:
        return math.inf
    return (now - since).total_seconds()

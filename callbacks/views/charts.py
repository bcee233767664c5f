"""Numbers as small pictures that the server draws, each with its words. No query, no clock.

Points are SVG's, x to the right and y down, in the boxes that the templates name.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from callbacks.queries.waits import ANSWER_BOUNDS, UsualWait
from callbacks.templatetags.words import span, whole

SPARK_WIDTH, SPARK_TOP, SPARK_FLOOR = 90, 2, 18
AREA_WIDTH, AREA_HEIGHT = 600, 120
BAR_HEIGHT = 96
WEEK = timedelta(days=7)
_TWO_WEEKS = timedelta(days=14)
# What is not drawn as high as that can hardly be seen.
_LEAST_BAR = 2
# Of fewer, a share says little.
_ENOUGH = 100
Point = tuple[float, float]
# (unix seconds, how many waited)
Mark = Sequence[int]


@dataclass(frozen=True, slots=True)
class Bar:
    """`y` and `height` in a box of BAR_HEIGHT."""

    label: str
    count: str
    y: float
    height: float
    is_late: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """`scale` from the top down; `days` name what stands below; `rows` are the same in numbers."""

    line: str
    area: str
    scale: tuple[str, ...]
    days: tuple[str, ...]
    rows: tuple[tuple[str, str], ...]
    now: str


@dataclass(frozen=True, slots=True)
class Answers:
    """How long answers took. `share`: how many of a hundred said yes, where there are a hundred."""

    bars: tuple[Bar, ...]
    count: str
    median: str
    p95: str
    share: int | None


@dataclass(frozen=True, slots=True)
class Line:
    points: str
    words: str


def points(found: Iterable[Point]) -> str:
    return " ".join(f"{x:g},{y:.1f}" for x, y in found)


def answers_chart(usual: UsualWait | None, *, is_part: bool) -> Answers | None:
    """None where nothing was answered. `is_part`: older waits were left out."""
    if usual is None or not usual.answers:
        return None
    return Answers(
        bars=_bars(usual.answered),
        count=_newest(usual.answers) if is_part else _in_30_days(usual.answers),
        median=span(usual.median),
        p95=span(usual.p95),
        share=100 * usual.approved // usual.answers if usual.answers >= _ENOUGH else None,
    )


def _bars(counts: Sequence[int]) -> tuple[Bar, ...]:
    """One up to each bound, and one beyond the last."""
    most = max(counts)
    labels = [f"<{span(ANSWER_BOUNDS[0])}", *(span(bound) for bound in ANSWER_BOUNDS[1:])]
    labels.append(f">{span(ANSWER_BOUNDS[-1])}")
    return tuple(
        _bar(label, count, most, is_late=number == len(ANSWER_BOUNDS))
        for number, (label, count) in enumerate(zip(labels, counts, strict=True))
    )


def _bar(label: str, count: int, most: int, *, is_late: bool) -> Bar:
    height = max(_LEAST_BAR, round(BAR_HEIGHT * count / most, 1)) if count else 0
    return Bar(label, whole(count), BAR_HEIGHT - height, height, is_late)


def waiting_line(marks: Sequence[Mark], *, now: datetime) -> Line | None:
    """How many waited in the last 14 days; None where that is known of no two hours."""
    began = (now - _TWO_WEEKS).timestamp()
    marks = [mark for mark in marks if mark[0] >= began]
    if len(marks) < 2:
        return None
    most = max(count for _at, count in marks) or 1
    depth = SPARK_FLOOR - SPARK_TOP
    drawn = [
        (
            round(SPARK_WIDTH * (at - began) / _TWO_WEEKS.total_seconds(), 1),
            SPARK_FLOOR - depth * count / most,
        )
        for at, count in marks
    ]
    words = _("between %(least)s and %(most)s waited in the last 14 days") % {
        "least": whole(min(count for _at, count in marks)),
        "most": whole(max(count for _at, count in marks)),
    }
    return Line(points(drawn), words)


def waiting_area(marks: Sequence[Mark], *, now: datetime) -> Area | None:
    """The same of the last 7 days; None where nothing was measured in them."""
    began = (now - WEEK).timestamp()
    recent = [mark for mark in marks if mark[0] >= began]
    if not recent:
        return None
    top = _top(max(count for _at, count in recent))
    drawn = [
        (
            round(AREA_WIDTH * (at - began) / WEEK.total_seconds(), 1),
            round(AREA_HEIGHT * (1 - count / top), 1),
        )
        for at, count in recent
    ]
    if len(drawn) == 1:
        # A single one is a dot: a line to where it began.
        drawn *= 2
    first, last = drawn[0][0], drawn[-1][0]
    days = [now - WEEK + timedelta(days=number) for number in range(8)]
    return Area(
        line=points(drawn),
        area=points([(first, AREA_HEIGHT), *drawn, (last, AREA_HEIGHT)]),
        scale=(whole(top), whole(top // 2), "0"),
        days=tuple(date_format(localtime(day), "D") for day in days),
        rows=_by_day(recent),
        now=whole(recent[-1][1]),
    )


def _by_day(marks: Sequence[Mark]) -> tuple[tuple[str, str], ...]:
    """The most that waited on each day."""
    most: dict[str, int] = {}
    for at, count in marks:
        day = date_format(localtime(datetime.fromtimestamp(at, UTC)), "D j M")
        most[day] = max(count, most.get(day, 0))
    return tuple((day, whole(count)) for day, count in most.items())


def _top(most: int) -> int:
    """What the axis ends at: round, and even, so that its middle is a whole number too."""
    unit = 1
    while unit * 10 < most:
        unit *= 10
    return next(unit * step for step in (2, 4, 6, 10) if unit * step >= most)


def _newest(count: int) -> str:
    return _("the newest %(n)s answers within 30 days") % {"n": whole(count)}


def _in_30_days(count: int) -> str:
    return ngettext("%(n)s answer within 30 days", "%(n)s answers within 30 days", count) % {
        "n": whole(count)
    }

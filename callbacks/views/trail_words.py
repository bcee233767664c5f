"""Past passes and the age of the data as small pictures, each with its words. No query, no clock.

Points are SVG's, x to the right and y down, in the boxes that the templates name.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from callbacks.sync.trail import PASSES_KEPT, SECONDS_KEPT, AgeMark, PassMark
from callbacks.templatetags.words import clock, span

SPARK_WIDTH, SPARK_TOP, SPARK_FLOOR = 80, 2, 18
CHART_WIDTH, CHART_HEIGHT = 600, 120
# What the axis of ages may end at, in seconds, so that its middle is a round number too.
_TOPS = (60, 120, 240, 360, 600, 1200, 1800, 3600, 7200, 14_400, 43_200, 86_400)
_TWO_DAYS = 172_800
# Marks are a minute apart; a longer gap says that no pass has ended.
_GAP = timedelta(minutes=2)
Point = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spark:
    """How long each of the last passes took; `errors` is the path of a tick for each in vain."""

    points: str
    errors: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AgeChart:
    """`late` is the height from which on the data is called late; `ages` from the top down."""

    line: str
    area: str
    late: float
    ages: tuple[str, ...]
    times: tuple[str, ...]
    words: str


def spark(passes: Sequence[PassMark], *, interval: float) -> Spark | None:
    """None before the first pass. A pass within the interval is low, whatever the others took."""
    if not passes:
        return None
    longest = max(interval, *(one.seconds for one in passes))
    depth = SPARK_FLOOR - SPARK_TOP
    points = [
        (_spark_x(number, len(passes)), SPARK_FLOOR - depth * one.seconds / longest)
        for number, one in enumerate(passes)
    ]
    ticks = [x for (x, _y), one in zip(points, passes, strict=True) if one.error]
    return Spark(
        # A single pass is a dot: a line to where it began.
        points=_points(points if len(points) > 1 else points * 2),
        errors="".join(f"M{x:g} {SPARK_FLOOR - 2}V{SPARK_FLOOR + 2}" for x in ticks),
        words=_spark_words(passes),
    )


def _spark_x(number: int, count: int) -> float:
    """The newest is at the right end."""
    left = PASSES_KEPT - count
    return round(1 + (SPARK_WIDTH - 2) * (left + number) / (PASSES_KEPT - 1), 1)


def _spark_words(passes: Sequence[PassMark]) -> str:
    took = [one.seconds for one in passes]
    values = {
        "n": len(passes),
        "median": _took(statistics.median(took)),
        "longest": _took(max(took)),
    }
    words = ngettext(
        "One pass, which took %(median)s",
        "%(n)d passes: half took no more than %(median)s, the longest %(longest)s",
        len(passes),
    )
    errors = [one.error for one in passes if one.error]
    if not errors:
        return words % values
    counted = ngettext(
        "; one had trouble: %(code)s", "; %(n)d had trouble, the last: %(code)s", len(errors)
    )
    return words % values + counted % {"n": len(errors), "code": errors[-1]}


def _took(seconds: float) -> str:
    return _("%(n).1f s") % {"n": seconds} if seconds < 10 else span(seconds)


# --- the age of the data ------------------------------------------------------------------------
def age_chart(
    marks: Sequence[AgeMark],
    *,
    known_at: datetime | None,
    is_enabled: bool,
    late_after: timedelta,
    now: datetime,
) -> AgeChart | None:
    """The last hour up to now; None where nothing is known of it.

    `known_at`: up to when what is shown is true. One that is switched off gets no older, as
    nothing is claimed of it.
    """
    told = [(one.at, one.age) for one in marks]
    if is_enabled and known_at is not None:
        told += _since_then(told, known_at, now)
    if not told:
        return None
    oldest_at, oldest = max(told, key=lambda one: one[1])
    top = _top(max(oldest, late_after.total_seconds()))
    points = [(_chart_x(at, now), _chart_y(age, top)) for at, age in told]
    first, last = points[0][0], points[-1][0]
    return AgeChart(
        line=_points(points if len(points) > 1 else points * 2),
        area=_points([(first, CHART_HEIGHT), *points, (last, CHART_HEIGHT)]),
        late=_chart_y(late_after.total_seconds(), top),
        ages=(span(top), span(top / 2), "0"),
        times=tuple(clock(now - timedelta(minutes=minutes)) for minutes in (60, 40, 20, 0)),
        words=_age_words(oldest_at, oldest, told[-1] if is_enabled else None),
    )


def _since_then(
    told: Sequence[tuple[datetime, float]], known_at: datetime, now: datetime
) -> Iterable[tuple[datetime, float]]:
    """From what the last pass found up to now: a straight line, as nobody has looked since."""
    hour_ago = now - timedelta(seconds=SECONDS_KEPT)
    if not told or now - told[-1][0] > _GAP:
        began = max([known_at, hour_ago, *(at for at, _age in told[-1:])])
        yield began, (began - known_at).total_seconds()
    yield now, max(0.0, (now - known_at).total_seconds())


def _age_words(at: datetime, oldest: float, last: tuple[datetime, float] | None) -> str:
    most = _("In the last hour it was at most %(age)s, at %(at)s.") % {
        "age": span(oldest),
        "at": clock(at),
    }
    if last is None:
        return most
    return f"{_('Now %(age)s.') % {'age': span(last[1])}} {most}"


def _top(seconds: float) -> float:
    found = next((one for one in _TOPS if one >= seconds), None)
    return found or -(-seconds // _TWO_DAYS) * _TWO_DAYS


def _chart_x(at: datetime, now: datetime) -> float:
    return round(CHART_WIDTH * (1 - (now - at).total_seconds() / SECONDS_KEPT), 1)


def _chart_y(age: float, top: float) -> float:
    return round(CHART_HEIGHT * (1 - age / top), 1)


def _points(points: Iterable[Point]) -> str:
    return " ".join(f"{x:g},{y:.1f}" for x, y in points)

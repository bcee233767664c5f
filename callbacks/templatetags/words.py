"""Times, spans, counts and hostile text in words: pages say them in one way only.

Plain functions first, for views that word a whole row at once; the filters below are the same.
Times are worded in the zone that is active, which is the person's.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from functools import lru_cache
from html import escape

from django import template
from django.utils import formats, timezone
from django.utils.dates import MONTHS_3
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext, ngettext

register = template.Library()

MINUTE, HOUR, DAY = 60, 3600, 86_400
# Lists never count further: one more row only says "and more".
COUNT_LIMIT = 1000
# From here on a date needs its year.
DAYS_WITHOUT_YEAR = 300

# What a reader cannot see, or what turns the text around it: Unicode's Cc and Cf (but line feed
# and tab), line and paragraph separators, variation selectors, fillers, lone surrogates, private
# use. Written out, as walking all of Unicode at every start takes a fifth of a second.
_ODD = re.compile(
    "["
    "\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f\\xad"
    "\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160\u17b4\u17b5"
    "\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164\ud800-\uf8ff"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffc\ufffe\uffff"
    "\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U0010ffff"
    # A carriage return is one too, where no line feed follows.
    "]|\r(?!\n)"
)


@lru_cache(maxsize=1024)
def _translated(language: str | None, text: str) -> str:
    return gettext(text)


def say(text: str) -> str:
    """gettext for words that stand in every row: a lookup in a catalogue costs ten times more."""
    return _translated(get_language(), text)


_ = say


def has_odd_characters(text: str) -> bool:
    """Whether `text` holds characters that cannot be seen or that turn its direction."""
    return bool(_ODD.search(text))


def _code_point(match: re.Match[str]) -> str:
    return f"U+{ord(match.group()):04X}"


@register.filter
def shown(text: object) -> SafeString:
    """Text of a workflow, escaped, with every invisible or turning character as a visible chip.

    In `<bdi>`, so that right-to-left words do not reorder what stands beside them.
    """
    # Python's own escape: Django's goes through its lazy texts, at three times the cost.
    escaped = text if isinstance(text, SafeString) else escape(str(text))
    if _ODD.search(escaped):
        escaped = _ODD.sub(_chip, escaped)
    return SafeString(f"<bdi>{escaped}</bdi>")


def _chip(match: re.Match[str]) -> str:
    point = _code_point(match)
    return f'<span class="odd" title="{point}">{point}</span>'


@register.filter
def shown_plain(text: object) -> str:
    """The same for attributes, titles and plain text: chips become "[U+202E]"."""
    return _ODD.sub(lambda match: f"[{_code_point(match)}]", str(text))


@register.filter
def middle(text: object, length: int = 40) -> str:
    """A long id with its middle left out: begin and end are what people compare."""
    plain = str(text)
    if len(plain) <= length:
        return plain
    head = (length - 1) * 3 // 5
    return f"{plain[:head]}…{plain[head + 1 - length :]}"


@register.filter
def many(number: int | None) -> str:
    """A bounded count: "214", "1,000+"; nothing for None, which was not counted."""
    if number is None:
        return ""
    if number > COUNT_LIMIT:
        return _("%(count)s+") % {"count": whole(COUNT_LIMIT)}
    return whole(number)


@register.filter
def whole(number: int) -> str:
    return formats.number_format(number, use_l10n=True, force_grouping=True)


def span(seconds: float) -> str:
    """A span in its two largest useful parts: "6 s", "38 min", "2 h 20 min", "5 h", "3 d"."""
    rest = max(0, int(seconds))
    if rest < MINUTE:
        return _("%(n)d s") % {"n": rest}
    if rest < HOUR:
        return _("%(n)d min") % {"n": rest // MINUTE}
    if rest < DAY:
        return _hours(rest)
    return _("%(n)d d") % {"n": rest // DAY}


def _hours(seconds: int) -> str:
    hours, minutes = seconds // HOUR, seconds % HOUR // MINUTE
    if hours >= 3 or minutes == 0:
        return _("%(n)d h") % {"n": hours}
    return _("%(h)d h %(m)d min") % {"h": hours, "m": minutes}


def age(*, since: datetime, now: datetime) -> str:
    return span((now - since).total_seconds())


def ago(*, since: datetime, now: datetime) -> str:
    return _("%(span)s ago") % {"span": age(since=since, now=now)}


def time_left(*, until: datetime, now: datetime) -> str:
    """Time to a deadline: spans on the same day, then the day: "tomorrow", "in 3 days"."""
    seconds = (until - now).total_seconds()
    if seconds <= 0:
        return _("time is over")
    days = _days_from(now, timezone.localtime(until))
    if days == 0 or seconds < 6 * HOUR:
        return span(seconds)
    if days == 1:
        return _("tomorrow")
    return ngettext("in %(n)d day", "in %(n)d days", days) % {"n": days}


def _days_from(now: datetime, local: datetime) -> int:
    return (local.date() - timezone.localtime(now).date()).days


def moment(*, at: datetime, now: datetime) -> str:
    """A point in time as near as needed: "14:05", "tomorrow 09:00", "24 Nov, 14:05"."""
    return _moment(timezone.localtime(at), timezone.localtime(now).date())


def _moment(local: datetime, today: date) -> str:
    days = (local.date() - today).days
    time = f"{local:%H:%M}"
    if days == 0:
        return time
    if days == 1:
        return _("tomorrow %(clock)s") % {"clock": time}
    if days == -1:
        return _("yesterday %(clock)s") % {"clock": time}
    if abs(days) < DAYS_WITHOUT_YEAR:
        return f"{_day(local)}, {time}"
    return f"{_day(local)} {local:%Y}"


def day(at: datetime) -> str:
    """Day and month in the person's zone: "24 Nov"."""
    return _day(timezone.localtime(at))


def _day(local: date) -> str:
    # As `date_format` with "j M" says it, at a tenth of its cost: lists do this twice a row.
    return f"{local.day} {MONTHS_3[local.month].title()}"


def short_moment(*, at: datetime, now: datetime) -> str:
    """The same beside a span that says the day: "14:05", "09:00" beside "tomorrow"."""
    local, today = timezone.localtime(at), timezone.localtime(now).date()
    is_near = 0 <= (local.date() - today).days <= 1
    return f"{local:%H:%M}" if is_near else _moment(local, today)


def before(*, until: datetime, now: datetime) -> str:
    """The absolute half of a deadline: "before 14:05", "before 24 Nov, 09:00"."""
    return _("before %(moment)s") % {"moment": short_moment(at=until, now=now)}


@register.filter
def clock(at: datetime | None) -> str:
    """The time of day in the person's zone: "14:05"."""
    return f"{timezone.localtime(at):%H:%M}" if at else ""


@register.filter
def exact_time(at: datetime | None) -> str:
    """To the second, in the person's zone: "24 Nov 2026, 14:05:09"."""
    return _to_the_second(timezone.localtime(at)) if at else ""


@register.filter
def utc_time(at: datetime | None) -> str:
    """The same in UTC, as the record and its exports show times."""
    return _to_the_second(at.astimezone(UTC)) if at else ""


def _to_the_second(local: datetime) -> str:
    return f"{formats.date_format(local, 'j M Y')}, {local:%H:%M:%S}"


@register.filter
def stamp(at: datetime | None) -> str:
    """Machine-readable, for `datetime` attributes; the script reads it as UTC."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if at else ""

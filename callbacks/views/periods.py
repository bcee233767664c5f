"""Periods of the history and the audit: named ones, or two days of the person's zone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

from django.utils.translation import gettext as _

from callbacks.views.addresses import Address

NAMED: Mapping[str, int] = {"today": 1, "7d": 7, "30d": 30, "90d": 90}
NAMED_WORDS: Mapping[str, Callable[[], str]] = {
    "today": lambda: _("today"),
    "7d": lambda: _("last 7 days"),
    "30d": lambda: _("last 30 days"),
    "90d": lambda: _("last 90 days"),
}
NAMES = ("period", "from", "to")


@dataclass(frozen=True, slots=True)
class Period:
    """From `since` on and before `until`; None is open."""

    since: datetime | None
    until: datetime | None
    words: str


def read_period(*, address: Address, now: datetime, zone: tzinfo) -> Period:
    """A named period wins over days; days that are none are left out."""
    named = address.get("period")
    if named in NAMED:
        first = now.astimezone(zone).date() - timedelta(days=NAMED[named] - 1)
        return Period(since=_midnight(first, zone), until=None, words=NAMED_WORDS[named]())
    start, end = _day(address.get("from")), _day(address.get("to"))
    return Period(
        since=_midnight(start, zone) if start else None,
        until=_midnight(end + timedelta(days=1), zone) if end else None,
        words=_words(start, end),
    )


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    # The first and last days that a calendar has cannot be moved into every zone.
    return day if 1900 <= day.year <= 9000 else None


def _midnight(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time.min, tzinfo=zone)


def _words(start: date | None, end: date | None) -> str:
    if start and end:
        return _("%(start)s to %(end)s") % {"start": start, "end": end}
    if start:
        return _("since %(start)s") % {"start": start}
    return _("until %(end)s") % {"end": end} if end else ""

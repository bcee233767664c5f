"""The budget of calls in words: what is left of our share, and why the picture may be late."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from callbacks.models import Connection
from callbacks.sync.budget import RECOVERY
from callbacks.sync.purse import Left, usual_rate, what_is_left
from callbacks.sync.queue import Queue
from callbacks.templatetags.words import moment, whole

HISTORY = "GetExecutionHistory"
# Beyond this the number says no more than that it takes long.
MOST_UNREAD = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetRow:
    """One API. `used` is in percent; `note` says where AWS throttled it."""

    operation: str
    used: int
    left: str
    per_second: str
    note: str

    @property
    def tone(self) -> str:
        return "due" if self.note or self.used >= 100 else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetPanel:
    """What connection_budget.html takes; `late` is empty where nothing waits to be read."""

    share: int
    rows: tuple[BudgetRow, ...]
    late: str


def budget_panel(*, connection: Connection, now: datetime) -> BudgetPanel:
    """Two queries."""
    left = what_is_left(connection=connection, now=now)
    return BudgetPanel(
        share=round(settings.SYNC_QUOTA_SHARE * 100),
        rows=tuple(_row(one, now) for one in left),
        late=_late(connection, left, now),
    )


def _row(left: Left, now: datetime) -> BudgetRow:
    used = 100 - round(100 * min(1.0, left.calls / left.most)) if left.most else 100
    return BudgetRow(
        operation=left.operation,
        used=used,
        left=_("%(left)s of %(most)s") % {"left": whole(int(left.calls)), "most": _most(left.most)},
        per_second=f"{left.per_second:.3g}",
        note=_throttled(left, now),
    )


def _most(most: float) -> str:
    return whole(math.floor(most)) if most >= 1 else f"{most:.2g}"


def _throttled(left: Left, now: datetime) -> str:
    if left.part >= 1 or left.throttled_at is None:
        return ""
    return _(
        "AWS slowed it at %(at)s; until %(until)s less of the share is used, now %(part)d %%"
    ) % {
        "at": moment(at=left.throttled_at, now=now),
        "until": moment(at=left.throttled_at + RECOVERY, now=now),
        "part": math.floor(left.part * 100),
    }


def _late(connection: Connection, left: tuple[Left, ...], now: datetime) -> str:
    unread = Queue(connection=connection, now=now).count_unread(most=MOST_UNREAD)
    if not unread:
        return ""
    many = unread == MOST_UNREAD
    words = ngettext(
        "%(number)s run is still to be read; it takes one call.",
        "%(number)s runs are still to be read; each takes a call.",
        unread,
    ) % {"number": whole(unread) + "+" * many}
    rates = [one.per_second for one in left if one.operation == HISTORY]
    rate = rates[0] if rates else usual_rate(region=connection.region, operation=HISTORY)
    minutes = math.ceil(unread / rate / 60)
    if minutes <= 1:
        return f"{words} {_('At this rate that is done in less than a minute.')}"
    span = _("At this rate that takes about %(number)s minutes.") % {"number": whole(minutes)}
    if many:
        span = _("At this rate that takes more than %(number)s minutes.") % {
            "number": whole(minutes)
        }
    return f"{words} {span}"

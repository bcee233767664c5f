"""How long a request may wait, in words and as the numbers of the clock's drawing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from callbacks.models import CallbackTask, DeadlineKind, TokenState
from callbacks.templatetags.words import before, clock, day, moment, stamp, time_left
from callbacks.views.rows import DUE_WITHIN, DYING_WITHIN, WITHOUT_END


@dataclass(frozen=True, slots=True)
class Clock:
    """What parts/clock.html takes; `percent` and `earliest` are places on the way to the end."""

    badge: str
    tone: str
    left: str
    until: str
    before: str
    short: str
    day: str
    asked: str
    percent: int | None
    earliest: int
    latest: str
    end_words: str
    explain: str


def clock_of(*, task: CallbackTask, now: datetime) -> Clock:
    """Word the clock of a waiting task."""
    is_endless = task.deadline_kind in WITHOUT_END
    badge, tone = _urgency(task, now)
    if task.deadline_kind == DeadlineKind.NONE:
        badge, tone = "no_deadline", ""
    if task.early_completion:
        # Nobody has to hurry.
        badge, tone = "running", ""
    whole_way = (task.dies_latest - task.waiting_since).total_seconds()
    return Clock(
        badge=badge,
        tone=tone,
        left=_left(task, now, is_endless=is_endless),
        until="" if is_endless else stamp(task.dies_earliest),
        before=_before(task, now, is_endless=is_endless),
        short="" if is_endless else before(until=task.dies_earliest, now=now),
        day=""
        if task.deadline_kind == DeadlineKind.UNKNOWN
        else date_format(timezone.localtime(task.dies_earliest), "D j M"),
        asked=_asked(task) % {"moment": moment(at=task.waiting_since, now=now)},
        percent=None if is_endless else _percent(task, now, whole_way),
        earliest=_percent(task, task.dies_earliest, whole_way),
        latest=stamp(task.dies_latest) if task.deadline_kind == DeadlineKind.RANGE else "",
        end_words=_end_words(task, now),
        explain=_explain(task, now),
    )


def _urgency(task: CallbackTask, now: datetime) -> tuple[str, str]:
    left = task.dies_earliest - now
    if left < DYING_WITHIN:
        return "dying", "dying"
    return ("due", "due") if left < DUE_WITHIN else ("waiting", "")


def _left(task: CallbackTask, now: datetime, *, is_endless: bool) -> str:
    if task.deadline_kind == DeadlineKind.UNKNOWN:
        return _("Deadline unknown")
    if is_endless:
        return _("No deadline")
    left = time_left(until=task.dies_earliest, now=now)
    if task.dies_earliest - now < DUE_WITHIN:
        return _("%(span)s left") % {"span": left} if task.dies_earliest > now else left
    return left


def _before(task: CallbackTask, now: datetime, *, is_endless: bool) -> str:
    if task.deadline_kind == DeadlineKind.UNKNOWN:
        return _("May end at any moment")
    if task.early_completion:
        until = moment(at=task.dies_latest, now=now)
        return _("Runs until %(moment)s at the latest") % {"moment": until}
    if is_endless:
        local = timezone.localtime(task.dies_earliest)
        return _("Can wait until %(day)s") % {"day": f"{day(task.dies_earliest)} {local:%Y}"}
    return _("Answer before %(moment)s") % {"moment": moment(at=task.dies_earliest, now=now)}


def _asked(task: CallbackTask) -> str:
    return _("%(moment)s started") if task.early_completion else _("%(moment)s asked")


def _percent(task: CallbackTask, at: datetime, whole_way: float) -> int:
    passed = (at - task.waiting_since).total_seconds()
    return max(0, min(100, round(100 * passed / whole_way))) if whole_way > 0 else 100


def _end_words(task: CallbackTask, now: datetime) -> str:
    earliest = moment(at=task.dies_earliest, now=now)
    if task.deadline_kind != DeadlineKind.RANGE:
        return _("%(moment)s end") % {"moment": earliest}
    return _("%(earliest)s earliest end · %(latest)s latest") % {
        "earliest": earliest,
        "latest": moment(at=task.dies_latest, now=now),
    }


def _of_unread(task: CallbackTask) -> str:
    if task.execution.problem:
        words = _("%(problem)s So nobody knows when this ends.")
        return words % {"problem": task.execution.problem}
    if task.token_state == TokenState.PENDING:
        return _("Its run is being looked up, so nobody knows yet when this ends.")
    return _("The run cannot be read from here, so nobody knows when this ends.")


def _explain(task: CallbackTask, now: datetime) -> str:
    names = {
        "earliest": moment(at=task.dies_earliest, now=now),
        "latest": moment(at=task.dies_latest, now=now),
    }
    if task.deadline_kind == DeadlineKind.UNKNOWN:
        return _of_unread(task)
    if task.deadline_kind == DeadlineKind.NONE and task.early_completion:
        return _(
            "The step ends with its job. The workflow sets it no time; AWS ends every run after a "
            "year."
        )
    if task.deadline_kind == DeadlineKind.NONE:
        return _(
            "Nothing ends this wait by itself but the limit of one year that AWS sets to every run."
        )
    if task.deadline_kind == DeadlineKind.RANGE:
        return _range_words(task) % names
    words = {
        "timeout": _("The step allows itself time until %(latest)s. Then it ends in any case."),
        "execution_timeout": _("The whole run ends at %(latest)s, and this step with it."),
        "parent_timeout": _("The run that this is a part of ends at %(latest)s, and it with it."),
        "heartbeat": _("The step ends at %(latest)s unless somebody keeps it alive before."),
    }
    return words.get(task.deadline_reason, _("The step ends at %(latest)s.")) % names


def _range_words(task: CallbackTask) -> str:
    if task.deadline_reason == "not_started" and task.is_activity:
        return _(
            "No worker has picked it up, and its time counts from when one does. It ends at "
            "%(earliest)s at the earliest and at %(latest)s at the latest."
        )
    if task.deadline_reason == "not_started":
        return _(
            "The step has not been seen to start, and its time counts from there. It ends at "
            "%(earliest)s at the earliest and at %(latest)s at the latest."
        )
    return _(
        "The step ends at %(earliest)s unless somebody keeps it alive; at %(latest)s it ends in "
        "any case. Signs of life from other programs cannot be seen here, so this is a range."
    )


def short_moment(at: datetime | None, now: datetime) -> str:
    """To the second on the same day: "13:29:04"; else day and time."""
    if at is None:
        return ""
    local = timezone.localtime(at)
    if local.date() == timezone.localtime(now).date():
        return f"{local:%H:%M:%S}"
    return f"{day(at)}, {clock(at)}"

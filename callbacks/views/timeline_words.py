"""What happened in a run, in time: start, attempts, answers, end, and what is to come."""

from __future__ import annotations

import uuid
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from django.utils import timezone
from django.utils.dates import WEEKDAYS_ABBR
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from callbacks.models import LIVE, CallbackTask, Decision, Execution, TaskStatus
from callbacks.queries.ended_around import EndedAround, ended_around
from callbacks.sync.live import LiveEvent
from callbacks.templatetags.words import DAYS_WITHOUT_YEAR, ago, day, exact_time, stamp, time_left
from callbacks.views.closings import closing_code, closing_sentence
from callbacks.views.jsontree import json_tree
from callbacks.views.places import decision_page, task_page
from callbacks.views.record_words import line_words
from callbacks.views.run_visits import steps_of, visits_of

# Of a run with hundreds of items the latest are enough: all of them stand in the table.
MOST_MOMENTS = 120
# After every event of the run.
LAST = 1_000_000


@dataclass(frozen=True, slots=True)
class Moment:
    """A line of the timeline. `day` begins a new day; `details` is folded at first.

    `number` is its event's, for what happened at the same time.
    """

    at: datetime
    icon: str
    tone: str
    text: str
    note: str = ""
    url: str = ""
    state: str = ""
    number: int = 0
    details: SafeString | None = None
    day: str = ""
    time: str = ""
    age: str = ""
    exact: str = ""
    stamp: str = ""
    is_future: bool = False


def timeline_of(
    *,
    execution: Execution,
    attempts: Sequence[CallbackTask],
    answers: Sequence[Decision],
    now: datetime,
    task: CallbackTask | None = None,
    events: Sequence[LiveEvent] = (),
) -> Sequence[Moment]:
    """In the order of time. `task` is the one whose page it is, read with all its payloads.

    Steps that wait for nobody are in it as far as `events` tell of them.
    """
    ours = {answer.task_id for answer in answers if answer.status in LIVE}
    around = _ended_around(execution, attempts)
    found = [*_run_moments(execution), *_attempts(attempts, ours, around, task is None)]
    found += [_answer_moment(answer) for answer in answers]
    asked = {attempt.state for attempt in attempts}
    for event, text in steps_of(visits_of(events), but=asked):
        found.append(
            Moment(event.at, "circle-check", "ok", text, state=event.state, number=event.id)
        )
    if task is not None and task.is_open:
        found.append(_end_of_wait(task))
    if task is not None and task.closed_at is not None and task.closed_output:
        found = [_with_output(one, task) for one in found]
    found.sort(key=lambda one: (one.at, one.number))
    return list(_timed(found[-MOST_MOMENTS:], now))


def _timed(moments: Sequence[Moment], now: datetime) -> Iterator[Moment]:
    last: date | None = None
    for one in moments:
        local = timezone.localtime(one.at)
        is_future = one.at > now
        yield replace(
            one,
            day=_day_words(one.at, now) if local.date() != last else "",
            time=f"{local:%H:%M:%S}",
            age=time_left(until=one.at, now=now) if is_future else ago(since=one.at, now=now),
            exact=exact_time(one.at),
            stamp=stamp(one.at),
            is_future=is_future,
        )
        last = local.date()


def _day_words(at: datetime, now: datetime) -> str:
    local, today = timezone.localtime(at).date(), timezone.localtime(now).date()
    words = f"{WEEKDAYS_ABBR[local.weekday()]} {day(at)}"
    if abs((local - today).days) >= DAYS_WITHOUT_YEAR:
        words = f"{words} {local.year}"
    return _("Today, %(day)s") % {"day": words} if local == today else words


def _run_moments(execution: Execution) -> Iterator[Moment]:
    if execution.is_known:
        start = execution.started_at
        yield Moment(start, "circle-check", "ok", _("Run started"), execution.name)
    if execution.stopped_at is not None:
        text = _("Run ended: %(status)s") % {"status": execution.status}
        tone = "ok" if execution.status == "SUCCEEDED" else "dying"
        icon = "circle-check" if tone == "ok" else "player-stop"
        at, details = execution.stopped_at, _tree(execution.cause)
        yield Moment(at, icon, tone, text, execution.error, details=details, number=LAST)


def _attempts(
    attempts: Sequence[CallbackTask],
    ours: Container[uuid.UUID],
    around: Mapping[uuid.UUID, EndedAround],
    is_whole_run: bool,
) -> Iterator[Moment]:
    for attempt in attempts:
        end = around.get(attempt.pk)
        for one in _attempt_moments(attempt, end, is_ours=attempt.pk in ours):
            yield replace(one, state=_place(attempt)) if is_whole_run else one


def _ended_around(
    execution: Execution, attempts: Sequence[CallbackTask]
) -> Mapping[uuid.UUID, EndedAround]:
    stopped = [one.pk for one in attempts if one.closed_kind == "stopped"]
    return ended_around(task_ids=stopped) if execution.is_item else {}


def _place(attempt: CallbackTask) -> str:
    return f"{attempt.state} {attempt.iteration}".strip()


def _attempt_moments(
    attempt: CallbackTask, around: EndedAround | None, *, is_ours: bool
) -> Iterator[Moment]:
    url = task_page(attempt.pk)
    runs = attempt.early_completion
    text = _("Attempt %(n)d: a job runs") if runs else _("Attempt %(n)d waiting")
    text %= {"n": attempt.attempt}
    kind = "ActivityScheduled" if attempt.is_activity else "TaskScheduled"
    note = _("event %(id)d %(kind)s") % {"id": attempt.scheduled_event_id, "kind": kind}
    note = f"{note} · {attempt.resource}" if attempt.resource else note
    if not attempt.scheduled_event_id:
        note = _("its token was handed over")
    icon, number = "loader" if runs else "hand-stop", attempt.scheduled_event_id
    yield Moment(attempt.waiting_since, icon, "accent", text, note, url, number=number)
    if attempt.is_activity and attempt.started_at is not None:
        yield Moment(attempt.started_at, "robot", "", _picked_up(attempt), "ActivityStarted", url)
    if attempt.closed_at is not None:
        yield _end_of_attempt(attempt, url, around, is_ours=is_ours)


def _end_of_attempt(
    attempt: CallbackTask, url: str, around: EndedAround | None, *, is_ours: bool
) -> Moment:
    event = f"{attempt.closed_event_id or ''} {attempt.closed_event_type}".strip()
    said = _("event %(event)s") % {"event": event} if event else ""
    note = " · ".join(part for part in (said, attempt.closed_error) if part)
    words = closing_sentence(around.code if around else closing_code(attempt))
    if attempt.status == TaskStatus.ANSWERED and (is_ours or attempt.answered_here):
        # The answer stands in a line of its own, with what is known of its way.
        words = _("The step has its answer.")
    icon, tone = ("circle-check", "ok") if attempt.closed_kind == "succeeded" else ("circle", "")
    if attempt.closed_kind in ("failed", "timed_out"):
        icon, tone = "circle-x", "dying"
    at = attempt.closed_at or attempt.waiting_since
    number, details = attempt.closed_event_id or 0, _tree(attempt.closed_cause)
    return Moment(at, icon, tone, words, note, url, number=number, details=details)


def _tree(text: str) -> SafeString | None:
    """Cause or output: a tree where it is JSON, folded where it is long, masked as it is kept."""
    return json_tree(text).html if text else None


def _with_output(one: Moment, task: CallbackTask) -> Moment:
    is_its_end = one.at == task.closed_at and one.url == task_page(task.pk)
    return replace(one, details=_tree(task.closed_output)) if is_its_end else one


def _end_of_wait(task: CallbackTask) -> Moment:
    return Moment(task.dies_latest, "clock-off", "", _("The wait ends at the latest"))


def _picked_up(attempt: CallbackTask) -> str:
    if attempt.worker:
        return _("Worker %(name)s picked it up") % {"name": attempt.worker}
    return _("A worker without a name picked it up")


def _answer_moment(answer: Decision) -> Moment:
    icon, words = line_words(f"answer_{answer.status}")
    text = _("%(name)s answered: %(direction)s") % {
        "name": answer.decided_by_name,
        "direction": answer.get_direction_display(),
    }
    return Moment(answer.decided_at, icon, "accent", text, words, decision_page(answer.pk))

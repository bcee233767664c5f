"""The history for people: what was answered here, elsewhere, and what ended without an answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from callbacks.models import DecisionStatus, Direction, TaskStatus
from callbacks.queries.ended_around import MAP_ENDED, NOT_KNOWN, EndedAround, ended_around
from callbacks.queries.history import Answer, End, HistoryFilter, Outcome, list_history
from callbacks.templatetags.look import BADGES
from callbacks.templatetags.words import moment, span
from callbacks.views.addresses import Address, Chip, read_address, read_cursor, read_uuid
from callbacks.views.closings import answer_badge, closing_sentence
from callbacks.views.fragments import respond
from callbacks.views.frame import EVERYBODY, Frame, frame_of
from callbacks.views.guard import PersonRequest, page
from callbacks.views.periods import NAMED_WORDS, Period, read_period
from callbacks.views.periods import NAMES as PERIOD_NAMES
from callbacks.views.places import decision_page, task_page
from callbacks.views.rows import BadgeWords

TEMPLATE = "callbacks/history.html"
FILTERS = (*PERIOD_NAMES, "person", "outcome", "connection", "state_machine", "q")
ME = "me"

OUTCOMES: Mapping[Outcome, Callable[[], str]] = {
    Outcome.APPROVED: lambda: _("Approved here"),
    Outcome.REJECTED: lambda: _("Rejected here"),
    Outcome.UNDER_WAY: lambda: _("Under way"),
    Outcome.WITHDRAWN: lambda: _("Taken back"),
    Outcome.LOST: lambda: _("Something else was first"),
    Outcome.REFUSED: lambda: _("AWS refused the answer"),
    Outcome.ELSEWHERE: lambda: _("Answered elsewhere"),
    Outcome.TIMED_OUT: lambda: _("Ran out of time"),
    Outcome.STOPPED: lambda: _("Stopped"),
    Outcome.CLOSED: lambda: _("Ended without an answer"),
}


@page(roles=EVERYBODY)
def history(request: PersonRequest) -> HttpResponse:
    """Closed requests and answers of me and my teams; all of them for those who see all."""
    frame = frame_of(request)
    address = read_address(path=request.path, query=request.GET.dict(), names=(*FILTERS, "cursor"))
    period = read_period(address=address, now=frame.now, zone=timezone.get_current_timezone())
    filters = _filters(address, period)
    cursor = read_cursor(address.get("cursor"))
    found = list_history(sight=frame.sight, filters=filters, cursor=cursor)
    labels = {facts.id: facts.label for facts in frame.facts.connections}
    stopped = [entry.id for entry in found.entries if _was_stopped(entry)]
    around = ended_around(task_ids=stopped)
    rows = [_row(entry, around.get(entry.id), labels, frame) for entry in found.entries]
    context = {
        "rows": rows,
        "sees_all": frame.sight.sees_all,
        "is_continued": cursor is not None,
        "next_url": address.with_(cursor=str(found.next)) if found.next else "",
        "next_size": 50,
        "first_url": address.with_(cursor=""),
        **_filter_context(address, period, frame),
    }
    return respond(request, TEMPLATE, context, fragment="list")


def _filters(address: Address, period: Period) -> HistoryFilter:
    person, outcome = address.get("person"), address.get("outcome")
    return HistoryFilter(
        since=period.since,
        until=period.until,
        mine=person == ME,
        person="" if person == ME else person,
        outcome=Outcome(outcome) if outcome in list(Outcome) else None,
        connection=read_uuid(address.get("connection")),
        state_machine=address.get("state_machine"),
        text=address.get("q"),
    )


def _filter_context(address: Address, period: Period, frame: Frame) -> dict[str, Any]:
    names = {str(facts.id): facts.label for facts in frame.facts.connections}
    outcome = address.get("outcome")
    said = [
        (PERIOD_NAMES, _("Period"), period.words),
        (
            ("person",),
            _("Person"),
            _("me") if address.get("person") == ME else address.get("person"),
        ),
        (("outcome",), _("Outcome"), OUTCOMES[Outcome(outcome)]() if outcome in OUTCOMES else ""),
        (("connection",), _("Connection"), names.get(address.get("connection"), "")),
        (("state_machine",), _("Workflow"), address.get("state_machine")),
        (("q",), _("Words"), address.get("q")),
    ]
    return {
        "address": address,
        "chips": [
            Chip(label=label, value=value, url=address.without(which))
            for which, label, value in said
            if value
        ],
        "clear_url": address.without(FILTERS),
        "outcomes": [(code.value, label()) for code, label in OUTCOMES.items()],
        "periods": [(code, label()) for code, label in NAMED_WORDS.items()],
        "connection_choices": frame.facts.connections,
        "from_day": address.get("from"),
        "mine_url": address.with_(person=ME),
    }


# --- rows ---------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryRow:
    at: datetime
    when: str
    url: str
    headline: str
    place: str
    badge: BadgeWords
    by: str
    how: str
    note: str
    event: str
    waited: str = ""


def _row(
    entry: Answer | End, around: EndedAround | None, labels: Mapping[Any, str], frame: Frame
) -> HistoryRow:
    if isinstance(entry, Answer):
        return _answer_row(entry, frame)
    row = _end_row(entry, labels, frame)
    if around is None:
        return row
    return replace(row, by=_by_around(around.code), note=closing_sentence(around.code))


def _by_around(code: str) -> str:
    if code == NOT_KNOWN:
        return _("not known")
    return _("the Map around it") if code == MAP_ENDED else _("the run around it")


def _was_stopped(entry: Answer | End) -> bool:
    return isinstance(entry, End) and entry.closed_kind == "stopped"


def _answer_row(entry: Answer, frame: Frame) -> HistoryRow:
    own = entry.decided_by_id == frame.user.pk
    return HistoryRow(
        at=entry.decided_at,
        when=moment(at=entry.decided_at, now=frame.now),
        url=decision_page(entry.id),
        headline=entry.headline,
        place=_place(
            entry.state_machine_name, entry.iteration, f"{entry.connection_name} · {entry.region}"
        ),
        badge=_answer_badge(entry, is_off=entry.connection_id in frame.facts.off),
        by=_("you") if own else entry.decided_by_name,
        how=CHANNELS.get(entry.channel, lambda: entry.channel)(),
        note=entry.reason or entry.error,
        event=_event(entry.closing_event_id, entry.closing_event_type),
        waited=_waited(entry.waiting_since, entry.decided_at),
    )


def _waited(since: datetime | None, until: datetime) -> str:
    return "" if since is None else span(max(0.0, (until - since).total_seconds()))


CHANNELS: Mapping[str, Callable[[], str]] = {
    "page": lambda: _("on a page"),
    "api": lambda: _("by the API"),
    "command": lambda: _("by a command"),
    "system": lambda: _("Holdpoint itself"),
}


def _answer_badge(entry: Answer, *, is_off: bool) -> BadgeWords:
    verb = _("approve") if entry.direction == Direction.APPROVE else _("reject")
    code = answer_badge(
        status=entry.status, direction=entry.direction, outcome=entry.outcome, is_off=is_off
    )
    if entry.status == DecisionStatus.CONFIRMED:
        return BadgeWords(code)
    label = str(BADGES[code].word)
    return BadgeWords(code, _("%(state)s: %(verb)s") % {"state": label, "verb": verb})


def _end_row(entry: End, labels: Mapping[Any, str], frame: Frame) -> HistoryRow:
    code, by = _ENDS[TaskStatus(entry.status)]
    return HistoryRow(
        at=entry.closed_at,
        when=moment(at=entry.closed_at, now=frame.now),
        url=task_page(entry.id),
        headline=entry.headline,
        place=_place(
            entry.state_machine_name, entry.iteration, labels.get(entry.connection_id, "")
        ),
        badge=BadgeWords(code),
        by=entry.stopped_by if entry.stopped_by and code == "stopped" else by(),
        how="",
        note=_KINDS[entry.closed_kind]() if entry.closed_kind in _KINDS else entry.closed_error,
        event=_event(entry.closed_event_id, entry.closed_event_type),
        waited=_waited(entry.waiting_since, entry.closed_at),
    )


_ENDS: Mapping[TaskStatus, tuple[str, Callable[[], str]]] = {
    TaskStatus.ANSWERED: ("elsewhere", lambda: _("outside Holdpoint")),
    TaskStatus.TIMED_OUT: ("expired", lambda: _("nobody")),
    TaskStatus.STOPPED: ("stopped", lambda: _("outside Holdpoint")),
    TaskStatus.CLOSED: ("closed", lambda: _("the workflow")),
}
_KINDS: Mapping[str, Callable[[], str]] = {
    "not_read": lambda: _("It is over; what ended it has not been read yet."),
    "forgotten": lambda: _("AWS no longer knows the run."),
    "unread": lambda: _("Its run cannot be read from here."),
    "submit_failed": lambda: _("The call that asks failed, so nobody could answer."),
    "execution_timed_out": lambda: _("The whole run had no time left."),
    "execution_failed": lambda: _("The run failed elsewhere."),
    "execution_succeeded": lambda: _("The run ended without this answer."),
}


def _place(workflow: str, iteration: str, connection: str) -> str:
    return " · ".join(part for part in (workflow, iteration, connection) if part)


def _event(number: int | None, kind: str) -> str:
    return f"{number} {kind}" if number is not None else ""

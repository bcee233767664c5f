"""The inbox: what waits for me and my teams, what dies soonest first."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import connection as database
from django.http import HttpResponse
from django.utils import timezone

from callbacks.models import Role
from callbacks.queries.conversation import handed_to
from callbacks.queries.inbox import AnsweredToday, answered_today, is_anybody_approver
from callbacks.queries.sight import answerable_tasks, visible_tasks
from callbacks.views.ages import silent_after
from callbacks.views.conversation_words import HandedWords, handed_words
from callbacks.views.fragments import nothing_new, respond, wants_fragment
from callbacks.views.frame import EVERYBODY, Frame, frame_of
from callbacks.views.guard import PersonRequest, page
from callbacks.views.places import task_page
from callbacks.views.tasklists import ListQuery, list_context, poll_context, read_list

TEMPLATE = "callbacks/inbox.html"


@page(roles=EVERYBODY)
def inbox(request: PersonRequest) -> HttpResponse:
    """The list, and beside it on wide screens the request that the address names."""
    asked = read_list(path=request.path, query=request.GET.dict(), user=request.user)
    frame = frame_of(request)
    if wants_fragment(request) and "since" in request.GET:
        return _poll(request, asked, frame)
    context = list_context(
        asked=asked, tasks=answerable_tasks(frame.sight), frame=frame, total=frame.facts.for_me
    )
    if not context["entries"]:
        context |= empty_context(asked=asked, frame=frame, total=frame.facts.for_me)
    context["handed"] = _handed(asked, frame)
    context["selected_url"] = task_page(asked.selected) if asked.selected else ""
    return respond(request, TEMPLATE, context, fragment="list")


def _handed(asked: ListQuery, frame: Frame) -> list[HandedWords]:
    """What somebody gave to this person, above the whole list."""
    if asked.cursor is not None or not asked.filters.is_empty:
        return []
    return handed_words(handed_to(user=frame.user, sight=frame.sight, now=frame.now), frame.now)


def _poll(request: PersonRequest, asked: ListQuery, frame: Frame) -> HttpResponse:
    context = poll_context(
        asked=asked,
        visible=visible_tasks(frame.sight),
        listed=answerable_tasks(frame.sight),
        frame=frame,
        query=request.GET.dict(),
    )
    if context is None:
        return nothing_new()
    return respond(request, TEMPLATE, context, fragment="changes")


def empty_context(*, asked: ListQuery, frame: Frame, total: int) -> dict[str, Any]:
    """Why the list is empty; what else is to be said about it."""
    if not asked.filters.is_empty:
        return {"empty": "no_match"}
    if asked.cursor is not None and total:
        return {"empty": "past_the_end"}
    if not frame.facts.connections:
        if Role.ADMIN in frame.user.roles:
            return {"empty": "first_run", **_first_run(frame)}
        return {"empty": "not_connected"}
    today = answered_today(user_id=frame.user.pk, since=_midnight(frame.now))
    return {"empty": "nothing_waiting", **_others(frame, today)}


def _first_run(frame: Frame) -> dict[str, Any]:
    pulse = frame.facts.last_pulse
    return {
        "is_running": pulse is not None and frame.now - pulse <= silent_after(),
        "is_sqlite": database.vendor == "sqlite",
        "has_approver": is_anybody_approver(),
    }


def _others(frame: Frame, today: AnsweredToday) -> dict[str, Any]:
    return {
        "today": today,
        "is_approver": frame.sight.is_approver,
        "waits_for_others": frame.facts.waiting - frame.facts.for_me,
        "waiting": frame.facts.waiting,
        "not_read": [facts for facts in frame.facts.connections if facts.read_ok_at is None],
    }


def _midnight(now: datetime) -> datetime:
    return timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)

"""The last events of a run, read from AWS when asked: a page of their own, or a part of one."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _

from callbacks.models import CallbackTask, Execution
from callbacks.queries.executions import (
    find_execution,
    live_answers,
    standings_of,
    tasks_of,
)
from callbacks.queries.map_runs import map_runs_of
from callbacks.queries.requests import find_task, request_facts
from callbacks.stepfunctions import StepFunctionsError
from callbacks.sync.live import MOST_EVENTS, LiveEvent, latest_events
from callbacks.templatetags.words import ago, utc_time
from callbacks.views.asking_words import asking_problem
from callbacks.views.fragments import respond, wants_fragment
from callbacks.views.frame import EVERYBODY, Frame, frame_of
from callbacks.views.guard import PersonRequest, page
from callbacks.views.off_words import nothing_is_read
from callbacks.views.places import events_page, execution_page
from callbacks.views.run_graph import run_graph
from callbacks.views.timeline_words import timeline_of

TEMPLATE = "callbacks/events.html"


@page(roles=EVERYBODY, methods=("GET", "HEAD", "POST"))
def events_view(request: PersonRequest, execution_id: uuid.UUID) -> HttpResponse:
    """POST asks AWS once, and says why where it gives no answer; GET only offers to.

    A call costs some of the quota and is counted, which nothing that follows links may do.
    404 where nothing of the run may be seen.
    """
    frame = frame_of(request)
    execution = find_execution(execution_id=execution_id, sight=frame.sight)
    if execution is None:
        raise Http404
    context: dict[str, Any] = {
        "execution": execution,
        "execution_url": execution_page(execution.pk),
        "events_url": events_page(execution.pk),
        "most": MOST_EVENTS,
        "is_read": request.method == "POST",
        "is_fragment": wants_fragment(request),
    }
    if request.method == "POST":
        task = _asked_about(request, execution, frame)
        context["events_task"] = task.pk if task is not None else ""
        context |= _events(request, execution, frame, task)
    return respond(request, TEMPLATE, context, fragment="events")


def _asked_about(request: PersonRequest, execution: Execution, frame: Frame) -> CallbackTask | None:
    """The task whose page asks, if one does and this person may see it."""
    try:
        task_id = uuid.UUID(request.POST.get("task", ""))
    except ValueError:
        return None
    task = find_task(task_id=task_id, sight=frame.sight)
    return task if task is not None and task.execution_id == execution.pk else None


def _events(
    request: PersonRequest, execution: Execution, frame: Frame, task: CallbackTask | None
) -> dict[str, Any]:
    if not execution.is_known:
        return {"problem": _("Only a token of this run was handed over."), "rows": ()}
    if not execution.connection.is_enabled:
        return {"problem": nothing_is_read(execution.connection.name), "rows": ()}
    try:
        events = latest_events(execution=execution, now=frame.now)
    except StepFunctionsError as exc:
        return {"problem": asking_problem(exc), "rows": ()}
    focus = task.state if task is not None else ""
    rows = [_row(event, focus, frame.now) for event in events]
    standings = standings_of(execution=execution, sight=frame.sight)
    known = _known(request, execution, frame, task)
    timeline = timeline_of(execution=execution, now=frame.now, task=task, events=events, **known)
    return {
        "problem": "",
        "rows": rows,
        "focus": focus if any(row["is_mine"] for row in rows) else "",
        "timeline": timeline,
        "has_steps": task is not None and any(moment.state for moment in timeline),
        **run_graph(
            execution=execution,
            standings=standings,
            now=frame.now,
            focus=task,
            events=events,
            map_runs=map_runs_of(execution=execution, sight=frame.sight),
        ),
    }


def _known(
    request: PersonRequest, execution: Execution, frame: Frame, task: CallbackTask | None
) -> dict[str, Any]:
    """The same attempts and answers that the page has which asks."""
    if task is not None:
        facts = request_facts(task=task, user=request.user, now=frame.now)
        return {"attempts": facts.attempts, "answers": facts.answers}
    tasks = tasks_of(execution=execution, sight=frame.sight)
    return {"attempts": tasks, "answers": tuple(live_answers(tasks=tasks).values())}


def _row(event: LiveEvent, focus: str, now: datetime) -> dict[str, Any]:
    return {
        "id": event.id,
        "type": event.type,
        "tone": _tone(event.type),
        "state": event.state,
        "at": utc_time(event.at),
        "age": ago(since=event.at, now=now),
        "is_mine": bool(focus) and event.state == focus,
    }


def _tone(kind: str) -> str:
    """Ends that are no success stand out, as they do in AWS's console."""
    return "dying" if kind.endswith(("Failed", "TimedOut", "Aborted")) else ""

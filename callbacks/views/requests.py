"""One request: the plain page, the technical page, and the text of its data as it is."""

from __future__ import annotations

import logging
import uuid
from datetime import datetime, timedelta
from typing import Any

from celery import current_app
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from kombu.exceptions import OperationalError

from callbacks.audit.readings import record_reading
from callbacks.models import CallbackTask
from callbacks.queries.executions import audit_lines, standings_of, whole_of
from callbacks.queries.requests import RequestFacts, find_task, place_in_queue, request_facts
from callbacks.sync.merging import merged_task
from callbacks.views.conversation_words import conversation_words
from callbacks.views.fragments import respond, wants_fragment
from callbacks.views.frame import EVERYBODY, Frame, frame_of
from callbacks.views.guard import PersonRequest, page
from callbacks.views.machine_words import part_of
from callbacks.views.places import task_page
from callbacks.views.request_words import AnswerPart, answer_part, inbox_link, request_context
from callbacks.views.rescue_words import exits_context
from callbacks.views.technical_words import technical_context

logger = logging.getLogger(__name__)

TEMPLATE, TECHNICAL = "callbacks/request.html", "callbacks/technical.html"
# What is older than this is read again when somebody opens it.
FRESH_FOR = timedelta(seconds=5)
HINT_SECONDS = 10
# What the shared partials look for and only the record or a poll has.
NOTHING_AROUND = {"next": None, "is_record": False, "around": False, "oob": False}
RAW_TEXTS = ("input", "context", "parameters", "variables")


@page(roles=EVERYBODY)
def request_page(request: PersonRequest, task_id: uuid.UUID) -> HttpResponse:
    """The request, its answer or the form for it; 404 for what this person may not know of."""
    frame = frame_of(request)
    task = find_task(task_id=task_id, sight=frame.sight)
    if task is None:
        return _merged_or_404(frame, task_id)
    raw = request.GET.get("raw", "")
    if raw in RAW_TEXTS:
        return raw_text(getattr(task, raw))
    view = "technical" if request.GET.get("view") == "technical" else "plain"
    if not _is_prefetch(request):
        record_reading(user=request.user, task_id=task.pk, view=view, now=frame.now)
        ask_for_reading(task, frame.now)
    facts = request_facts(task=task, user=request.user, now=frame.now)
    again = request.GET.get("again", "")
    part = answer_part(facts=facts, user=request.user, now=frame.now, again=again)
    return show_request(request, facts=facts, part=part, view=view)


def show_request(
    request: PersonRequest,
    *,
    facts: RequestFacts,
    part: AnswerPart,
    status: int = 200,
    view: str = "plain",
) -> HttpResponse:
    """The page, the pane beside the list, or only what stands in #answer."""
    frame = frame_of(request)
    is_fragment = wants_fragment(request)
    target = request.headers.get("HX-Target", "") if is_fragment else ""
    context: dict[str, Any] = {
        "part": part,
        "is_fragment": is_fragment,
        "view": view,
        "task": facts.task,
        "live_attempt": None,
        **NOTHING_AROUND,
    }
    if target == "answer":
        if part.panel is not None or part.over is not None:
            # Above it may still stand that it waits.
            context |= request_context(facts=facts, place=None, part=part, now=frame.now)
            context["around"] = True
        return respond(request, "callbacks/answer.html", context, fragment="answer", status=status)
    place = place_in_queue(task=facts.task, sight=frame.sight, total=frame.facts.for_me)
    context |= request_context(facts=facts, place=place, part=part, now=frame.now)
    whole = whole_of(execution=facts.task.execution, sight=frame.sight)
    context["part_of"] = part_of(execution=facts.task.execution, whole=whole)
    context["back"] = inbox_link()
    context["conversation"] = conversation_words(facts=facts, user=request.user, now=frame.now)
    if part.panel is not None:
        # The panel says what a toast would.
        own = part.panel.decision.pk
        context["toasts"] = [toast for toast in frame.toasts if toast["id"] != own]
    if view == "technical":
        lines = audit_lines(task_ids=[attempt.pk for attempt in facts.attempts])
        execution, task = facts.task.execution, facts.task
        standings = standings_of(execution=execution, sight=frame.sight)
        context |= technical_context(
            facts=facts, lines=lines, standings=standings, whole=whole, now=frame.now
        )
        context |= exits_context(execution=execution, task=task, user=request.user, now=frame.now)
        return respond(request, TECHNICAL, context, fragment="detail", status=status)
    return respond(request, TEMPLATE, context, fragment="detail", status=status)


def _merged_or_404(frame: Frame, task_id: uuid.UUID) -> HttpResponse:
    """A token that was handed over may have been found to belong to another task."""
    merged = merged_task(intake_id=task_id)
    if merged is None:
        raise Http404
    return HttpResponseRedirect(task_page(task_or_404(frame, merged).pk))


def task_or_404(frame: Frame, task_id: uuid.UUID) -> CallbackTask:
    task = find_task(task_id=task_id, sight=frame.sight)
    if task is None:
        raise Http404
    return task


def raw_text(text: str) -> HttpResponse:
    """A payload as it is kept, every token masked; as plain text it can do nothing."""
    return HttpResponse(text, content_type="text/plain; charset=utf-8")


def ask_for_reading(task: CallbackTask, now: datetime) -> None:
    """Hint the worker that somebody looks at it: the page never waits for AWS itself."""
    read_at = task.execution.read_at
    if not task.is_open or (read_at is not None and now - read_at < FRESH_FOR):
        return
    if not task.execution.is_known or not task.connection.is_enabled:
        return
    try:
        current_app.send_task(
            "callbacks.tasks.read_opened",
            kwargs={"execution_id": str(task.execution_id)},
            retry=False,
            expires=HINT_SECONDS,
        )
    except (OperationalError, OSError):
        logger.warning("No broker took the hint to read task %s; the next pass will.", task.pk)


def _is_prefetch(request: HttpRequest) -> bool:
    purpose = request.headers.get("Sec-Purpose", "") + request.headers.get("Purpose", "")
    return "prefetch" in purpose

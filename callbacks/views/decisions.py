"""One answer: how it stands, the way back while there is one, and its record."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _

from callbacks.audit import AuditUnavailable
from callbacks.decisions.errors import TaskUnknown, TooLate
from callbacks.decisions.takeback import send_now, withdraw
from callbacks.models import Decision
from callbacks.queries.decisions import DecisionFacts, decision_facts, find_decision
from callbacks.queries.requests import find_task, next_for, request_facts
from callbacks.views.answer_attempts import UNAVAILABLE
from callbacks.views.decision_words import panel_of
from callbacks.views.fragments import nothing_new, redirect_after_post, respond, wants_fragment
from callbacks.views.frame import EVERYBODY, frame_of
from callbacks.views.guard import PersonRequest, page
from callbacks.views.panels import Panel
from callbacks.views.persons import actor_of
from callbacks.views.places import decision_page, task_page
from callbacks.views.record_words import record_context
from callbacks.views.request_words import AnswerPart, request_context
from callbacks.views.requests import NOTHING_AROUND

TEMPLATE = "callbacks/decision.html"
PANEL = "callbacks/decision_panel.html"
# Without script an open page loads itself again. By a tag that only counts without script: a header
# would reload under the hands of everybody else.
REFRESH_SECONDS = 3
CONFLICT = 409


@page(roles=EVERYBODY)
def decision_view(request: PersonRequest, decision_id: uuid.UUID) -> HttpResponse:
    """The record; for the open panel elsewhere only the panel, and nothing where nothing is new."""
    return _show(request, _decision_or_404(request, decision_id))


@page(roles=EVERYBODY, methods=("POST",))
def withdraw_door(request: PersonRequest, decision_id: uuid.UUID) -> HttpResponse:
    """Undo one's own answer while it is held."""
    return _act(request, decision_id, withdraw)


@page(roles=EVERYBODY, methods=("POST",))
def send_door(request: PersonRequest, decision_id: uuid.UUID) -> HttpResponse:
    """End the undo window of one's own answer."""
    return _act(request, decision_id, send_now)


def _act(
    request: PersonRequest, decision_id: uuid.UUID, act: Callable[..., Decision]
) -> HttpResponse:
    status, note = 200, ""
    try:
        decision = act(decision_id=decision_id, actor=actor_of(request), now=frame_of(request).now)
    except TaskUnknown:
        raise Http404 from None
    except TooLate as exc:
        decision, status, note = (
            exc.decision,
            CONFLICT,
            _("It is too late for that: the answer is not held any more."),
        )
    except AuditUnavailable:
        decision, status = _decision_or_404(request, decision_id), UNAVAILABLE
        note = _("The audit record cannot be written, so nothing was changed. Try again.")
    if status == 200 and not wants_fragment(request):
        return redirect_after_post(decision_page(decision.pk))
    response = _show(request, decision, status=status, note=note)
    response["HX-Trigger"] = "hp:tick"
    return response


def _decision_or_404(request: PersonRequest, decision_id: uuid.UUID) -> Decision:
    decision = find_decision(decision_id=decision_id, sight=frame_of(request).sight)
    if decision is None:
        raise Http404
    return decision


def _show(
    request: PersonRequest, decision: Decision, *, status: int = 200, note: str = ""
) -> HttpResponse:
    facts = decision_facts(decision=decision)
    frame = frame_of(request)
    panel = panel_of(
        decision=decision,
        task=facts.task,
        user_id=request.user.pk,
        now=frame.now,
        votes=facts.votes,
    )
    is_fragment = wants_fragment(request)
    if is_fragment and request.GET.get("since") == panel.version:
        return nothing_new()
    context = _panel_context(request, panel, note) | {"is_fragment": is_fragment}
    if is_fragment and request.headers.get("HX-Target") == "answer":
        return _beside_request(request, facts, context, status)
    context |= record_context(facts=facts, now=frame.now)
    return respond(request, TEMPLATE, context, fragment="record", status=status)


def _beside_request(
    request: PersonRequest, facts: DecisionFacts, context: dict[str, Any], status: int
) -> HttpResponse:
    """The panel in its place on the request's page; once settled, with what it changes there."""
    frame = frame_of(request)
    task = find_task(task_id=facts.decision.task_id, sight=frame.sight)
    if task is not None and not context["panel"].poll:
        request_now = request_facts(task=task, user=request.user, now=frame.now)
        context |= request_context(facts=request_now, place=None, part=AnswerPart(), now=frame.now)
        context["around"] = True
    response = respond(request, PANEL, context, fragment="answer", status=status)
    # Lists and toasts show at once what the panel says.
    response["HX-Trigger"] = "hp:tick"
    return response


def _panel_context(request: PersonRequest, panel: Panel, note: str) -> dict[str, Any]:
    frame = frame_of(request)
    following = None
    if not panel.poll and panel.decision.decided_by_id == request.user.pk:
        found = next_for(sight=frame.sight, but=panel.decision.task_id)
        if found is not None:
            following = {"url": task_page(found[0]), "headline": found[1]}
    # The panel says what a toast would.
    toasts = [toast for toast in frame.toasts if toast["id"] != panel.decision.pk]
    return {
        **NOTHING_AROUND,
        "panel": panel,
        "next": following,
        "note": note,
        "toasts": toasts,
        "refresh_seconds": REFRESH_SECONDS,
    }

"""Write about a request, take it, let it go, hand it over: forms that lead back to its page."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from typing import Any

from django.core.exceptions import BadRequest
from django.http import HttpResponse
from django.shortcuts import render

from callbacks.audit import AuditUnavailable
from callbacks.conversation.claims import LONGEST_NOTE, hand_over, let_go, take
from callbacks.conversation.comments import MAY_COMMENT, add_comment
from callbacks.conversation.errors import HeldByAnother, Refused
from callbacks.conversation.presence import arrive
from callbacks.conversation.recipients import offered
from callbacks.models import CallbackTask
from callbacks.views.answer_attempts import UNAVAILABLE
from callbacks.views.answer_form import read_text
from callbacks.views.conversation_words import claim_words, presence_words
from callbacks.views.fragments import nothing_new, redirect_after_post, vary
from callbacks.views.frame import frame_of
from callbacks.views.guard import PersonRequest, page
from callbacks.views.persons import actor_of
from callbacks.views.places import task_page
from callbacks.views.requests import task_or_404

REFUSED, CONFLICT, FORBIDDEN = 422, 409, 403
NOT_RECORDED = "The audit record cannot be written, so nothing was kept. Try again."


@page(roles=MAY_COMMENT, methods=("POST",))
def comment_door(request: PersonRequest, task_id: uuid.UUID) -> HttpResponse:
    text = read_text(request.POST, "text")
    try:
        comment_id = uuid.UUID(request.POST.get("comment_id", ""))
    except ValueError:
        raise BadRequest("The form has lost its number; load the page again.") from None
    return _do(request, task_id, text, add_comment, comment_id=comment_id, text=text)


@page(roles=MAY_COMMENT, methods=("POST",))
def claim_door(request: PersonRequest, task_id: uuid.UUID) -> HttpResponse:
    do = request.POST.get("do", "")
    if do == "let_go":
        return _do(request, task_id, "", let_go)
    return _do(request, task_id, "", take, take_over=do == "take_over")


@page(roles=MAY_COMMENT, methods=("GET", "HEAD", "POST"))
def hand_over_door(request: PersonRequest, task_id: uuid.UUID) -> HttpResponse:
    """The form with those who may answer, and again with what is wrong in it."""
    frame = frame_of(request)
    task = task_or_404(frame, task_id)
    if request.method != "POST":
        return _show_hand_over(request, task, {})
    typed = {"to": read_text(request.POST, "to").strip(), "note": read_text(request.POST, "note")}
    take_over = request.POST.get("do") == "take_over"
    try:
        hand_over(task=task, actor=actor_of(request), now=frame.now, take_over=take_over, **typed)
    except HeldByAnother as exc:
        return _asked(request, task, exc)
    except Refused as exc:
        status = FORBIDDEN if exc.is_forbidden else REFUSED
        return _show_hand_over(request, task, typed, {exc.field: str(exc)}, status)
    except AuditUnavailable:
        return _show_hand_over(request, task, typed, {"": NOT_RECORDED}, UNAVAILABLE)
    return redirect_after_post(f"{task_page(task.pk)}#conversation")


@page(roles=MAY_COMMENT, methods=("POST",))
def presence_door(request: PersonRequest, task_id: uuid.UUID) -> HttpResponse:
    """An open page says that it is open, and learns who else reads the request."""
    frame = frame_of(request)
    task = task_or_404(frame, task_id)
    words = presence_words(arrive(task=task, user=request.user, now=frame.now))
    if request.POST.get("known") == words:
        return nothing_new()
    return vary(render(request, "parts/presence.html#readers", {"words": words}))


def _do(
    request: PersonRequest,
    task_id: uuid.UUID,
    typed: str,
    act: Callable[..., Any],
    **what: Any,
) -> HttpResponse:
    """Do it and lead back; what was typed is shown again where it cannot be kept."""
    frame = frame_of(request)
    task = task_or_404(frame, task_id)
    try:
        act(task=task, actor=actor_of(request), now=frame.now, **what)
    except HeldByAnother as exc:
        return _asked(request, task, exc)
    except Refused as exc:
        status = FORBIDDEN if exc.is_forbidden else REFUSED
        return _problem(request, task, str(exc), typed, status)
    except AuditUnavailable:
        return _problem(request, task, NOT_RECORDED, typed, UNAVAILABLE)
    return redirect_after_post(f"{task_page(task.pk)}#conversation")


def _asked(request: PersonRequest, task: CallbackTask, error: HeldByAnother) -> HttpResponse:
    """Taking it from somebody is asked about first."""
    claim = claim_words(error.claim, frame_of(request).now)
    # The same door again, with what was typed.
    typed = {name: read_text(request.POST, name) for name in ("to", "note") if name in request.POST}
    context = {"task": task, "claim": claim, "url": request.path, "typed": typed}
    return vary(render(request, "callbacks/take_over.html", context, status=CONFLICT))


def _show_hand_over(
    request: PersonRequest,
    task: CallbackTask,
    typed: Mapping[str, str],
    errors: Mapping[str, str] | None = None,
    status: int = 200,
) -> HttpResponse:
    errors = errors or {}
    context = {
        "task": task,
        "offered": offered(task=task, giver=request.user),
        "typed": typed,
        "problem": errors.get("", ""),
        "errors": errors,
        "longest_note": LONGEST_NOTE,
    }
    return vary(render(request, "callbacks/hand_over.html", context, status=status))


def _problem(
    request: PersonRequest, task: CallbackTask, problem: str, typed: str, status: int
) -> HttpResponse:
    context = {"task": task, "problem": problem, "typed": typed}
    return vary(render(request, "callbacks/conversation_problem.html", context, status=status))

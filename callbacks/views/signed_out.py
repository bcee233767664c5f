"""A session that ended in mid-answer: nothing is decided, and the text goes through sign-in.

The text travels in hidden fields of the sign-in form, as nobody is known whose draft it could be.
"""

from __future__ import annotations

import logging
import uuid

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache

from callbacks.models import User
from callbacks.queries.requests import find_task
from callbacks.queries.sight import sight_of
from callbacks.views.answer_form import (
    TEXTS,
    field_texts,
    read_typed,
    save_draft,
    with_fields,
)
from callbacks.views.fragments import respond, vary
from callbacks.views.places import task_page

logger = logging.getLogger(__name__)

UNAUTHORISED = 401
PREFIX = "kept_"
TASK = f"{PREFIX}task"


@never_cache
def signed_out(request: HttpRequest, task_id: uuid.UUID) -> HttpResponse:
    """401 with the way to sign in; shows nothing of the request but what was just typed."""
    typed = read_typed(request.POST)
    kept = [(TASK, str(task_id))]
    kept += [(PREFIX + name, getattr(typed, name)) for name in TEXTS if getattr(typed, name)]
    kept += [(PREFIX + name, text) for name, text in field_texts(request.POST)]
    context = {"kept": kept, "next": task_page(task_id)}
    return respond(
        request, "callbacks/signed_out.html", context, fragment="panel", status=UNAUTHORISED
    )


@never_cache
def signed_out_forecast(request: HttpRequest, task_id: uuid.UUID) -> HttpResponse:
    """401 in the forecast's place: the form beside it stays, and goes with its next post."""
    page = render(request, "callbacks/signed_out.html#forecast", status=UNAUTHORISED)
    return vary(page)


def kept_text(form: QueryDict) -> list[tuple[str, str]]:
    """The hidden fields of a sign-in form, to show them again after a wrong password."""
    names = [TASK, *(PREFIX + name for name in TEXTS)]
    found = [(name, form.get(name, "")) for name in names]
    fields = [(PREFIX + name, text) for name, text in field_texts(form, PREFIX)]
    return [*((name, text) for name, text in found if text), *fields]


def keep_as_draft(*, form: QueryDict, user: User) -> str:
    """Save what was typed as this person's draft, and return where to go on; "" for nothing kept.

    What this person may not see is dropped: somebody else may have signed in.
    """
    task_id = form.get(TASK, "")
    if not task_id:
        return ""
    try:
        task = find_task(task_id=uuid.UUID(task_id), sight=sight_of(user=user))
    except ValueError:
        raise BadRequest("The kept text names no request.") from None
    if task is None:
        logger.info("Text kept for task %s is not this person's to see.", task_id)
        return ""
    typed = read_typed(form, prefix=PREFIX)
    try:
        typed = with_fields(typed, form, prefix=PREFIX)
    except BadRequest as exc:
        # The other texts are kept all the same.
        logger.info("The kept fields for task %s make no answer: %s", task.pk, exc)
    save_draft(typed=typed, user=user, request_id=task.request_id, now=timezone.now())
    return task_page(task.pk)

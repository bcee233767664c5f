"""One post of the answer form, and what is shown for it: the form again, or why there is none."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.http import HttpResponse

from callbacks.models import CallbackTask, Decision
from callbacks.queries.requests import RequestFacts, request_facts
from callbacks.views.answer_form import Posted
from callbacks.views.answer_locks import lock_of
from callbacks.views.answer_words import form_of
from callbacks.views.decision_words import first_answer_panel
from callbacks.views.frame import frame_of
from callbacks.views.guard import PersonRequest
from callbacks.views.opinion_words import OpinionWords
from callbacks.views.request_words import AnswerPart, over_of, signing_for
from callbacks.views.requests import show_request

INVALID, CONFLICT, FORBIDDEN, UNAVAILABLE = 422, 409, 403, 503
Errors = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One post of the form by one person."""

    request: PersonRequest
    task: CallbackTask
    posted: Posted


def form_again(
    attempt: Attempt,
    status: int,
    errors: Errors,
    *,
    checked: bool = False,
    reject_open: bool = False,
    decision_id: uuid.UUID | None = None,
    opinion: OpinionWords | None = None,
) -> HttpResponse:
    """The form with what was typed and what is wrong with it, where there can be one."""
    request, task = attempt.request, attempt.task
    now = frame_of(request).now
    if not task.is_open:
        return _ended(attempt)
    lock = lock_of(task=task, user=request.user)
    if lock is not None:
        return show(attempt, AnswerPart(lock=lock), status if errors else FORBIDDEN)
    facts = facts_of(attempt)
    signing = signing_for(facts=facts, user=request.user, now=now)
    form = form_of(
        task=task,
        user=request.user,
        signing=signing,
        typed=attempt.posted.typed,
        now=now,
        decision_id=decision_id or attempt.posted.decision_id,
        errors=errors,
        checked=checked,
        reject_open=reject_open,
        opinion=opinion,
    )
    part = AnswerPart(form=form, signing=signing)
    return show_request(request, facts=facts, part=part, status=status)


def _ended(attempt: Attempt) -> HttpResponse:
    """Nothing can be answered any more: say who was first, here or elsewhere."""
    live = facts_of(attempt).live_answer
    if live is not None:
        return somebody_was_first(attempt, live)
    over = over_of(task=attempt.task, now=frame_of(attempt.request).now)
    return show(attempt, AnswerPart(over=over, own_text=own_text(attempt)), CONFLICT)


def somebody_was_first(attempt: Attempt, decision: Decision) -> HttpResponse:
    panel = first_answer_panel(
        decision=decision,
        task=attempt.task,
        user_id=attempt.request.user.pk,
        now=frame_of(attempt.request).now,
        own_text=own_text(attempt),
    )
    return show(attempt, AnswerPart(panel=panel), CONFLICT)


def own_text(attempt: Attempt) -> str:
    typed = attempt.posted.typed
    texts = [typed.reason, typed.output, typed.error, typed.cause]
    return "\n".join(text for text in texts if text)


def facts_of(attempt: Attempt) -> RequestFacts:
    request = attempt.request
    return request_facts(task=attempt.task, user=request.user, now=frame_of(request).now)


def show(attempt: Attempt, part: AnswerPart, status: int) -> HttpResponse:
    facts = facts_of(attempt)
    return show_request(attempt.request, facts=facts, part=part, status=status)

"""What is said where an answer came too late, or after the request had changed."""

from __future__ import annotations

import uuid
from dataclasses import replace

from django.http import Http404, HttpResponse

from callbacks.decisions.errors import (
    AlreadyDecided,
    AlreadySigned,
    ConnectionOff,
    DecisionError,
    NoToken,
    NotYours,
    SameIdOtherAnswer,
    ShownChanged,
    TaskOver,
)
from callbacks.queries.requests import find_task
from callbacks.views.answer_attempts import (
    CONFLICT,
    FORBIDDEN,
    Attempt,
    facts_of,
    form_again,
    own_text,
    show,
    somebody_was_first,
)
from callbacks.views.answer_locks import lock_of, not_yours
from callbacks.views.frame import frame_of
from callbacks.views.request_words import AnswerPart, answer_part, over_of
from callbacks.views.requests import show_request, task_or_404


def conflict(attempt: Attempt, error: DecisionError) -> HttpResponse:
    if isinstance(error, NotYours | ShownChanged):
        # Both may come of a policy that covers the task only since it was read.
        attempt = replace(attempt, task=task_or_404(frame_of(attempt.request), attempt.task.pk))
    if isinstance(error, NotYours):
        part = AnswerPart(
            lock=not_yours(code=error.code, policy=attempt.task.policy), own_text=own_text(attempt)
        )
        return show(attempt, part, FORBIDDEN)
    if isinstance(error, ShownChanged):
        return _ask_anew(attempt, shown_changed(error))
    if isinstance(error, SameIdOtherAnswer) and not (error.decision and error.decision.is_live):
        return _ask_anew(attempt, _NUMBER_USED)
    if isinstance(error, AlreadyDecided | SameIdOtherAnswer) and error.decision is not None:
        return somebody_was_first(attempt, error.decision)
    if isinstance(error, AlreadySigned):
        return _signed_already(attempt)
    if isinstance(error, TaskOver | NoToken | ConnectionOff):
        return _wait_over(attempt, error)
    raise error


_NUMBER_USED = (
    "This form has been used for another answer already. Nothing was sent. Read the request once "
    "more, then answer."
)


def _ask_anew(attempt: Attempt, message: str) -> HttpResponse:
    """The form with a new number: what is sent from it is a new consent."""
    return form_again(attempt, CONFLICT, {"answer": [message]}, decision_id=uuid.uuid4())


def shown_changed(error: ShownChanged) -> str:
    """Which part of what the person read is another one now."""
    parts = [_CHANGED[part] for part in error.changed if part in _CHANGED]
    what = f" ({' and '.join(parts)})" if parts else ""
    return (
        f"The request has changed since you opened it{what}. Nothing was sent. Read what is above "
        "once more, then answer."
    )


_CHANGED = {
    "attempt": "the attempt",
    "input": "what the workflow sent",
    "definition": "the workflow's definition",
    "policy": "the policy that says who may answer and how",
    "proposal": "an answer collects signatures, which yours would make void",
}


def _signed_already(attempt: Attempt) -> HttpResponse:
    """This very answer has this person's signature: others are missing."""
    facts = facts_of(attempt)
    part = answer_part(facts=facts, user=attempt.request.user, now=frame_of(attempt.request).now)
    return show_request(attempt.request, facts=facts, part=part, status=CONFLICT)


def _wait_over(attempt: Attempt, error: TaskOver | NoToken | ConnectionOff) -> HttpResponse:
    now = frame_of(attempt.request).now
    task = find_task(task_id=attempt.task.pk, sight=frame_of(attempt.request).sight)
    if task is None:
        raise Http404
    if isinstance(error, TaskOver):
        part = AnswerPart(over=over_of(task=task, now=now), own_text=own_text(attempt))
    else:
        part = AnswerPart(
            lock=lock_of(task=task, user=attempt.request.user), own_text=own_text(attempt)
        )
    return show(attempt, part, CONFLICT)

"""Give or take back an answer through the doors that pages use, and say why it cannot stand."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.http import HttpResponse

from callbacks.api.callers import ApiRequest
from callbacks.api.once import id_for, once, reused
from callbacks.api.problems import Ended, FirstAnswer, Problem, not_found, not_recorded
from callbacks.api.rendering import render
from callbacks.api.shapes import DecisionOut
from callbacks.api.shaping import decision_out
from callbacks.api.words import may_not, who_and_when
from callbacks.audit import AuditUnavailable
from callbacks.decisions.answer import Answer
from callbacks.decisions.decide import decide
from callbacks.decisions.errors import (
    AlreadyDecided,
    AlreadySigned,
    ConnectionOff,
    DecisionError,
    InvalidAnswer,
    NotYours,
    SameIdOtherAnswer,
    TaskOver,
    TaskUnknown,
    TooLate,
    WouldKill,
)
from callbacks.decisions.stumbling import why
from callbacks.decisions.takeback import withdraw
from callbacks.models import CallbackTask, Decision
from callbacks.queries.connections import is_held_by_switch, switch_on_command


@dataclass(frozen=True, slots=True)
class Given:
    task_id: uuid.UUID
    answer: Answer
    undo_seconds: int | None
    key: str | None


def decide_once(request: ApiRequest, given: Given) -> HttpResponse:
    """201 with the decision. Raises Problem."""
    caller = request.auth
    if not caller.tasks.filter(pk=given.task_id).exists():
        raise not_found()

    def act() -> HttpResponse:
        with _problems():
            decision = decide(
                task_id=given.task_id,
                decision_id=id_for(request, given.key),
                answer=given.answer,
                actor=caller.actor,
                now=caller.now,
                undo_seconds=given.undo_seconds or 0,
            )
        return render(_told(decision), status=201)

    return once(request, given.key, act)


def withdraw_once(request: ApiRequest, decision_id: uuid.UUID, key: str | None) -> HttpResponse:
    """200 with the decision as it stands then. Raises Problem."""
    caller = request.auth
    if not caller.decisions.filter(pk=decision_id).exists():
        raise not_found()

    def act() -> HttpResponse:
        with _problems():
            decision = withdraw(decision_id=decision_id, actor=caller.actor, now=caller.now)
        return render(_told(decision))

    return once(request, key, act)


def _told(decision: Decision) -> DecisionOut:
    return decision_out(decision, is_off=is_held_by_switch(decision))


@contextmanager
def _problems() -> Iterator[None]:
    try:
        yield
    except DecisionError as exc:
        raise _why(exc) from None
    except AuditUnavailable:
        text = "The audit record cannot be written, so nothing was decided or changed. Try again."
        raise not_recorded(text) from None


def _why(exc: DecisionError) -> Problem:
    if isinstance(exc, TaskUnknown):
        return not_found()
    if isinstance(exc, SameIdOtherAnswer):
        return reused()
    if isinstance(exc, InvalidAnswer):
        return Problem(422, "invalid", "This cannot be sent.", errors=exc.errors)
    if isinstance(exc, WouldKill):
        return _would_kill(exc)
    if isinstance(exc, NotYours):
        return Problem(403, str(exc.code), may_not(exc.code))
    return _conflict(exc)


def _would_kill(exc: WouldKill) -> Problem:
    what = "the run of this item" if exc.of_item else "the whole run"
    text = f"This answer would end {what}; nothing was sent. "
    text += (
        'Send "override": true with a reason to send it all the same.'
        if exc.may_override
        else "Only an operator or an administrator may override that."
    )
    failure = exc.forecast.failure
    told = {"output": [why(failure)]} if failure else {}
    return Problem(422, "would_kill", text, errors=told)


def _conflict(exc: DecisionError) -> Problem:
    decision = getattr(exc, "decision", None)
    if isinstance(exc, AlreadySigned):
        text = "Your signature is under this answer already; others are missing."
        return Problem(409, "already_signed", text, decision=_first(exc.decision))
    if isinstance(decision, Decision):
        return Problem(409, _code_of(exc), who_and_when(decision), decision=_first(decision))
    task = getattr(exc, "task", None)
    if isinstance(exc, TaskOver) and isinstance(task, CallbackTask):
        return Problem(409, "task_over", f"The wait is over: {task.status}.", closed_by=_end(task))
    if isinstance(exc, ConnectionOff):
        command = switch_on_command(name=exc.name)
        text = f"This connection is switched off; an administrator can switch it on: {command}"
        return Problem(409, "connection_off", text)
    text = "The task waits, but its token is not to be had: nobody can answer it from here."
    return Problem(409, "no_token", text)


def _code_of(exc: DecisionError) -> str:
    if isinstance(exc, AlreadyDecided):
        return "already_decided"
    return "too_late" if isinstance(exc, TooLate) else "conflict"


def _first(decision: Decision) -> FirstAnswer:
    return FirstAnswer(
        id=decision.pk,
        direction=decision.direction,
        status=decision.status,
        decided_by=decision.decided_by_name,
        decided_at=decision.decided_at,
    )


def _end(task: CallbackTask) -> Ended:
    return Ended(status=task.status, kind=task.closed_kind, at=task.closed_at)

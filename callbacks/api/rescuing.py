"""An operator's heartbeat, stop or redrive over HTTP, through the doors that pages use."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from uuid import UUID

from django.http import HttpResponse
from pydantic import BaseModel, ConfigDict, Field

from callbacks.api.callers import ApiRequest
from callbacks.api.once import id_for, once, reused
from callbacks.api.problems import Problem, not_found, not_recorded
from callbacks.api.rendering import render
from callbacks.api.shapes import RescueOut
from callbacks.audit import AuditUnavailable
from callbacks.models import RescueAction
from callbacks.rescue.errors import (
    AlreadyUnderWay,
    CannotRescue,
    InvalidRescue,
    NotForYou,
    RescueError,
    RescueUnknown,
    SameIdOtherAction,
)


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class HeartbeatIn(_Body):
    reason: str = ""


class StopIn(_Body):
    reason: str = Field(description="Why; it stays on the record.")
    error: str = ""
    cause: str = ""


class RedriveIn(_Body):
    reason: str = Field(description="Why; it stays on the record.")


def rescue_once(
    request: ApiRequest, key: str | None, ask: Callable[[UUID], RescueAction]
) -> HttpResponse:
    """201 with the action; it is carried out by a worker. Raises Problem.

    That the caller may see what it is about has been asked before.
    """

    def act() -> HttpResponse:
        try:
            action = ask(id_for(request, key))
        except RescueError as exc:
            raise _why(exc) from None
        except AuditUnavailable:
            text = "The audit record cannot be written, so nothing was done. Try again."
            raise not_recorded(text) from None
        return render(rescue_out(action), status=201)

    return once(request, key, act)


def rescue_out(action: RescueAction) -> RescueOut:
    said = (action.answer_code, action.answer_message)
    return RescueOut(
        id=action.pk,
        kind=action.kind,
        status=action.status,
        asked_by=action.asked_by_name,
        asked_at=action.asked_at,
        reason=action.reason,
        outcome=action.outcome,
        aws_said=": ".join(part for part in said if part),
    )


def rescues_out(actions: Iterable[RescueAction]) -> list[RescueOut]:
    return [rescue_out(action) for action in actions]


def _why(exc: RescueError) -> Problem:
    if isinstance(exc, RescueUnknown):
        return not_found()
    if isinstance(exc, SameIdOtherAction):
        return reused()
    if isinstance(exc, NotForYou):
        return Problem(403, "role", "This is for operators and administrators.")
    if isinstance(exc, InvalidRescue):
        return Problem(422, "invalid", "This cannot be done as it is.", errors=exc.errors)
    if isinstance(exc, AlreadyUnderWay):
        action = exc.action
        text = f"{action.asked_by_name} asked for the same at {action.asked_at.isoformat()}."
        return Problem(409, "under_way", text)
    code = exc.code if isinstance(exc, CannotRescue) else "conflict"
    return Problem(409, code, WORDS.get(code, "As things stand this cannot be done."))


# By the words of `rescue.rules.Why`.
WORDS = {
    "connection_off": "This connection is switched off; an administrator can switch it on.",
    "task_over": "The task waits no longer.",
    "runs_itself": "A job runs; the state waits for its end, not for a heartbeat.",
    "no_heartbeat": "The state has no HeartbeatSeconds, so a heartbeat changes nothing.",
    "no_token": "The task's token is not known here, and a heartbeat needs it.",
    "run_over": "The execution is over already.",
    "express": "AWS offers this for Standard workflows only.",
    "still_running": "The execution still runs; only a failed one can be redriven.",
    "succeeded": "The execution succeeded; only a failed one can be redriven.",
    "forgotten": "AWS no longer knows this execution.",
    "too_old": "The execution ended more than 14 days ago; AWS redrives none so old.",
    "too_long": "The history is too long: AWS redrives none of 24,999 events.",
    "by_map_run": "A child of a Map run is redriven with its parent.",
    "unread": "Only a task token was handed over; the execution is not known.",
    "not_redrivable": "AWS does not redrive this execution.",
}

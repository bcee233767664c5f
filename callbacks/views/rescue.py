"""An operator's ways out: one heartbeat, stop a run, redrive it; each leads to the run's page."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.core.exceptions import BadRequest
from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _

from callbacks.audit import AuditUnavailable
from callbacks.models import Execution, RescueAction
from callbacks.queries.executions import find_execution
from callbacks.queries.requests import find_task
from callbacks.rescue.ask import MAY_RESCUE, heartbeat, redrive, stop
from callbacks.rescue.errors import (
    AlreadyUnderWay,
    CannotRescue,
    InvalidRescue,
    NotForYou,
    RescueError,
    RescueUnknown,
)
from callbacks.rescue.looking import look_at
from callbacks.rescue.rules import why_aws_does_not_redrive
from callbacks.stepfunctions import StepFunctionsError
from callbacks.views.answer_form import read_text
from callbacks.views.errors import forbidden
from callbacks.views.fragments import redirect_after_post, respond
from callbacks.views.frame import frame_of
from callbacks.views.guard import PersonRequest, page
from callbacks.views.persons import actor_of
from callbacks.views.places import execution_page
from callbacks.views.rescue_words import (
    Exit,
    heartbeat_exit,
    redrive_exit,
    stop_exit,
    why_words,
)

logger = logging.getLogger(__name__)

TEMPLATE = "callbacks/rescue.html"
TYPED = ("reason", "error", "cause", "name")
INVALID, CONFLICT, UNAVAILABLE = 422, 409, 503
FORM = ("GET", "HEAD", "POST")


@page(roles=MAY_RESCUE, methods=("POST",))
def heartbeat_door(request: PersonRequest, task_id: uuid.UUID) -> HttpResponse:
    frame = frame_of(request)
    task = find_task(task_id=task_id, sight=frame.sight)
    if task is None:
        raise Http404

    def ask() -> RescueAction:
        return heartbeat(task_id=task.pk, **_asked(request, "reason"))

    way = heartbeat_exit(task, frame.now)
    return _done(request, task.execution, way, ask)


@page(roles=MAY_RESCUE, methods=FORM)
def stop_door(request: PersonRequest, execution_id: uuid.UUID) -> HttpResponse:
    """What is lost and the form, or the stop itself."""
    execution = _execution_or_404(request, execution_id)
    way = stop_exit(execution)
    if request.method != "POST":
        return _show(request, execution, way)

    def ask() -> RescueAction:
        typed = _typed(request).get("name", "")
        given = _asked(request, "reason", "error", "cause")
        return stop(execution_id=execution.pk, typed_name=typed, **given)

    return _done(request, execution, way, ask)


@page(roles=MAY_RESCUE, methods=FORM)
def redrive_door(request: PersonRequest, execution_id: uuid.UUID) -> HttpResponse:
    """The form, once AWS has said whether it allows it; or the redrive itself."""
    execution = _execution_or_404(request, execution_id)
    way = redrive_exit(execution, frame_of(request).now)
    if request.method != "POST":
        return _show(request, execution, way if way.why_off else _as_aws_says(request, execution))

    def ask() -> RescueAction:
        return redrive(execution_id=execution.pk, **_asked(request, "reason"))

    return _done(request, execution, way, ask)


def _as_aws_says(request: PersonRequest, execution: Execution) -> Exit:
    """Asked live: only AWS knows it all, and its answer is no part of the mirror."""
    now = frame_of(request).now
    way = redrive_exit(execution, now)
    try:
        seen = look_at(execution=execution, now=now)
    except StepFunctionsError as exc:
        logger.info("Run %s cannot be looked at now: %s", execution.pk, exc)
        says = _("AWS could not be asked now whether it allows this; it will say so itself.")
        return replace(way, effects=(*way.effects, says))
    why = why_aws_does_not_redrive(seen.redrive_status)
    if why is None:
        return replace(way, effects=(*way.effects, _("AWS says now that it allows it.")))
    aws = f" AWS: {seen.redrive_status_reason}" if seen.redrive_status_reason else ""
    return replace(way, why_off=f"{why_words(why, execution.connection)}{aws}")


def _done(
    request: PersonRequest, execution: Execution, way: Exit, ask: Callable[[], RescueAction]
) -> HttpResponse:
    """Ask for it and lead to the run's page, or show the form with what is in the way."""
    try:
        ask()
    except RescueUnknown:
        raise Http404 from None
    except NotForYou as exc:
        return forbidden(request, exc)
    except InvalidRescue as exc:
        return _show(request, execution, way, status=INVALID, errors=exc.errors)
    except RescueError as exc:
        return _show(
            request, execution, way, status=CONFLICT, problem=_conflict_words(execution, exc)
        )
    except AuditUnavailable:
        problem = _("The audit record cannot be written, so nothing was sent. Try again later.")
        return _show(request, execution, way, status=UNAVAILABLE, problem=problem)
    return redirect_after_post(f"{execution_page(execution.pk)}#actions")


def _conflict_words(execution: Execution, error: RescueError) -> str:
    if isinstance(error, CannotRescue):
        return f"{why_words(error.code, execution.connection)} {_('Nothing was sent.')}"
    if isinstance(error, AlreadyUnderWay):
        return _("%(name)s has asked for the same already. Nothing more was sent.") % {
            "name": error.action.asked_by_name
        }
    return _("This form was used for something else already. Nothing more was sent.")


def _show(
    request: PersonRequest,
    execution: Execution,
    way: Exit,
    *,
    status: int = 200,
    errors: Mapping[str, Sequence[str]] | None = None,
    problem: str = "",
) -> HttpResponse:
    typed = _typed(request)
    if status == INVALID:
        # Nothing was made of this id: the mended form may use it, and a repeat stays one.
        way = replace(way, action_id=_action_id(request))
    context: dict[str, Any] = {
        "execution": execution,
        "execution_url": execution_page(execution.pk),
        "exit": way,
        "typed": {name: typed.get(name, "") for name in TYPED},
        "errors": errors or {},
        "problem": problem,
    }
    return respond(request, TEMPLATE, context, fragment="body", status=status)


def _execution_or_404(request: PersonRequest, execution_id: uuid.UUID) -> Execution:
    found = find_execution(execution_id=execution_id, sight=frame_of(request).sight)
    if found is None:
        raise Http404
    return found


def _asked(request: PersonRequest, *names: str) -> dict[str, Any]:
    typed = _typed(request)
    return {
        "action_id": _action_id(request),
        "actor": actor_of(request),
        "now": frame_of(request).now,
        **{name: typed.get(name, "") for name in names},
    }


def _typed(request: PersonRequest) -> dict[str, str]:
    # A browser sends line ends as CRLF.
    return {name: read_text(request.POST, name) for name in TYPED}


def _action_id(request: PersonRequest) -> uuid.UUID:
    """Raises BadRequest (400): a form of ours always has one."""
    try:
        return uuid.UUID(request.POST.get("action", ""))
    except ValueError:
        raise BadRequest("The form has no id.") from None

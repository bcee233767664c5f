"""The last events of a run, read from AWS when asked: a page of their own, or a part of one."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _

from callbacks.models import Execution
from callbacks.queries.executions import find_execution
from callbacks.stepfunctions import StepFunctionsError, Throttled
from callbacks.sync.live import MOST_EVENTS, OPERATION, latest_events
from callbacks.sync.trouble import describe_trouble
from callbacks.templatetags.words import utc_time
from callbacks.views.fragments import respond
from callbacks.views.frame import EVERYBODY, Frame, frame_of
from callbacks.views.guard import PersonRequest, page
from callbacks.views.places import events_page, execution_page

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
    }
    if request.method == "POST":
        context |= _events(execution, frame)
    return respond(request, TEMPLATE, context, fragment="events")


def _events(execution: Execution, frame: Frame) -> dict[str, Any]:
    if not execution.is_known:
        return {"problem": _("Only a token of this run was handed over."), "rows": ()}
    try:
        events = latest_events(execution=execution, now=frame.now)
    except StepFunctionsError as exc:
        return {"problem": _problem(exc), "rows": ()}
    rows = [(event.id, event.type, event.state, utc_time(event.at)) for event in events]
    return {"problem": "", "rows": rows}


def _problem(error: StepFunctionsError) -> str:
    if isinstance(error, Throttled):
        # Perhaps AWS said so, perhaps our own share of its quota.
        return _("The share of calls to AWS is used up (%(operation)s). Try again soon.") % {
            "operation": OPERATION
        }
    return describe_trouble(error).message

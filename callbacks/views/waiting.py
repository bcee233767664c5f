"""Everything waiting that a person may see, as a dense table; also what is not theirs to answer."""

from __future__ import annotations

from django.http import HttpResponse

from callbacks.queries.sight import visible_tasks
from callbacks.views.fragments import nothing_new, respond, wants_fragment
from callbacks.views.frame import EVERYBODY, frame_of
from callbacks.views.guard import PersonRequest, page
from callbacks.views.inbox import empty_context
from callbacks.views.tasklists import list_context, poll_context, read_list

TEMPLATE = "callbacks/waiting.html"


@page(roles=EVERYBODY)
def waiting(request: PersonRequest) -> HttpResponse:
    """The table, or what changed in it since the page was loaded."""
    asked = read_list(path=request.path, query=request.GET.dict(), user=request.user)
    frame = frame_of(request)
    tasks = visible_tasks(frame.sight)
    if wants_fragment(request) and "since" in request.GET:
        changes = poll_context(
            asked=asked,
            visible=tasks,
            listed=tasks,
            frame=frame,
            query=request.GET.dict(),
            grouped=False,
        )
        if changes is None:
            return nothing_new()
        return respond(request, TEMPLATE, changes, fragment="changes")
    context = list_context(
        asked=asked, tasks=tasks, frame=frame, total=frame.facts.waiting, grouped=False
    )
    if not context["entries"]:
        context |= empty_context(asked=asked, frame=frame, total=frame.facts.waiting)
    return respond(request, TEMPLATE, context, fragment="list")

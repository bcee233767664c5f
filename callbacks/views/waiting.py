"""Everything waiting that a person may see, as a dense table; also what is not theirs to answer.

The same table shows the jobs that wait for nobody and that an answer can end early.
"""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse

from callbacks.models import CallbackTask
from callbacks.queries.sight import visible_tasks
from callbacks.queries.tasks import TaskFilter, count_waiting
from callbacks.views.fragments import nothing_new, respond, wants_fragment
from callbacks.views.frame import EVERYBODY, Frame, frame_of
from callbacks.views.guard import PersonRequest, page
from callbacks.views.inbox import empty_context
from callbacks.views.tasklists import (
    JOBS,
    KIND,
    ListQuery,
    list_context,
    poll_context,
    read_list,
)

TEMPLATE = "callbacks/waiting.html"


@page(roles=EVERYBODY)
def waiting(request: PersonRequest) -> HttpResponse:
    """The table, or what changed in it since the page was loaded."""
    asked = read_list(path=request.path, query=request.GET.dict(), user=request.user, has_jobs=True)
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
    total = _total(asked, tasks, frame)
    context = list_context(asked=asked, tasks=tasks, frame=frame, total=total, grouped=False)
    if not context["entries"]:
        context |= _empty(asked, frame, total)
    context |= {"jobs": asked.filters.jobs, "jobs_url": f"{request.path}?{KIND}={JOBS}"}
    return respond(request, TEMPLATE, context, fragment="list")


def _total(asked: ListQuery, tasks: QuerySet[CallbackTask], frame: Frame) -> int:
    if not asked.filters.jobs:
        return frame.facts.waiting
    return count_waiting(tasks=tasks, filters=TaskFilter(jobs=True), now=frame.now)


def _empty(asked: ListQuery, frame: Frame, total: int) -> dict[str, Any]:
    words = empty_context(asked=asked, frame=frame, total=total)
    no_jobs = asked.filters.jobs and words["empty"] == "nothing_waiting"
    return words | {"empty": "no_jobs"} if no_jobs else words

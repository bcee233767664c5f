"""Workflows: what waits in them, how long that usually takes, and what in them can go wrong."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _

from callbacks.asl.definition import known_definition
from callbacks.asl.progress import Mark
from callbacks.models import Policy, Role, StateMachine, TaskStatus
from callbacks.queries.paging import PAGE_SIZE, BadCursor
from callbacks.queries.sight import visible_tasks
from callbacks.queries.waits import LOOK_BACK, SAMPLE, newest_waits, open_by_state, usual_waits
from callbacks.queries.workflows import (
    NamePlace,
    find_workflow,
    list_workflows,
    parse_place,
    waiting_by_hour,
)
from callbacks.templatetags.words import ago, many
from callbacks.views.addresses import BadAddress, read_address
from callbacks.views.charts import WEEK, answers_chart, waiting_area
from callbacks.views.codelines import code_text
from callbacks.views.console import workflow_console_url
from callbacks.views.fragments import respond
from callbacks.views.frame import (
    EVERYBODY,
    READERS_OF_CONNECTIONS,
    READERS_OF_POLICIES,
    Frame,
    frame_of,
)
from callbacks.views.graph import Picture, picture_of
from callbacks.views.graph_words import Look
from callbacks.views.guard import PersonRequest, page
from callbacks.views.places import workflow_page
from callbacks.views.requests import raw_text
from callbacks.views.step_words import step_rows, steps_of
from callbacks.views.workflow_words import FINDINGS_SHOWN, finding_lines, findings_of, workflow_row

LIST_TEMPLATE = "callbacks/workflows.html"
TEMPLATE = "callbacks/workflow.html"
# Which workflows: ALL, or else those in which somebody may wait.
KIND, ALL = "kind", "all"
# Steps whose answers are drawn; the table has the others too.
CHARTS_SHOWN = 12


@page(roles=EVERYBODY)
def workflows(request: PersonRequest) -> HttpResponse:
    """By name; an approver's are those of the requests that they may see."""
    frame = frame_of(request)
    names = (KIND, "q", "cursor")
    address = read_address(path=request.path, query=request.GET.dict(), names=names)
    place = _place(address.get("cursor"))
    has_all = address.get(KIND) == ALL
    found = list_workflows(sight=frame.sight, text=address.get("q"), has_all=has_all, place=place)
    labels = {facts.id: facts.label for facts in frame.facts.connections}
    may_read = bool(READERS_OF_POLICIES & request.user.roles)
    rules = list(Policy.objects.current().in_order()) if may_read else []
    sees_all = frame.sight.sees_all
    context = {
        "rows": [
            workflow_row(line=line, labels=labels, rules=rules, has_figures=sees_all, now=frame.now)
            for line in found.lines
        ],
        "shows_policies": may_read,
        "may_write_policies": Role.ADMIN in request.user.roles,
        **(_charts(frame) if sees_all and place is None else {"shows_charts": False}),
        "address": address,
        "has_all": has_all,
        "sees_all": sees_all,
        "all_url": address.with_(**{KIND: ALL}),
        "some_url": address.with_(**{KIND: ""}),
        "clear_url": address.with_(q=""),
        "is_continued": place is not None,
        "first_url": address.with_(cursor=""),
        "next_url": address.with_(cursor=str(found.next)) if found.next else "",
        "next_size": PAGE_SIZE,
    }
    return respond(request, LIST_TEMPLATE, context, fragment="list")


def _charts(frame: Frame) -> Mapping[str, Any]:
    """Of all workflows together: two queries. Not for who sees only some of what they count."""
    since = frame.now - LOOK_BACK
    newest = newest_waits(tasks=visible_tasks(frame.sight), since=since)
    return {
        "shows_charts": True,
        "area": waiting_area(waiting_by_hour(since=frame.now - WEEK), now=frame.now),
        "answers": answers_chart(newest, is_part=bool(newest and newest.count >= SAMPLE)),
    }


@page(roles=EVERYBODY)
def workflow(request: PersonRequest, workflow_id: uuid.UUID) -> HttpResponse:
    """404 where none of its requests may be seen."""
    frame = frame_of(request)
    one = find_workflow(workflow_id=workflow_id, sight=frame.sight)
    if one is None:
        raise Http404
    if request.GET.get("raw") == "definition" and one.definition is not None:
        return raw_text(one.definition.text)
    context = {
        "workflow": one,
        "console_url": workflow_console_url(one.arn),
        "may_open_connection": bool(READERS_OF_CONNECTIONS & request.user.roles),
        **_steps(one, frame),
        **_definition(one, frame),
    }
    return respond(request, TEMPLATE, context, fragment="detail")


def _place(text: str) -> NamePlace | None:
    try:
        return parse_place(text)
    except BadCursor:
        raise BadAddress("The place in the list cannot be read.") from None


def _steps(one: StateMachine, frame: Frame) -> Mapping[str, Any]:
    steps = steps_of(one.definition)
    names = [step.name for step in steps]
    waiting = open_by_state(
        workflow=one, sight=frame.sight, status=TaskStatus.WAITING, states=names
    )
    # Nothing finds these by their workflow, and few workflows have any.
    running = (
        open_by_state(workflow=one, sight=frame.sight, status=TaskStatus.RUNNING, states=names)
        if any(step.is_job for step in steps)
        else {}
    )
    usual = usual_waits(workflow=one, tasks=visible_tasks(frame.sight), since=frame.now - LOOK_BACK)
    return {
        "steps": step_rows(
            workflow=one, steps=steps, waiting=waiting, running=running, usual=usual.by_state
        ),
        "waiting": many(sum(waiting.values())),
        "picture": _picture(one, waiting),
        "usual": usual,
        "charts": [
            (name, answers_chart(usual.by_state[name], is_part=usual.is_part))
            for name in (*names, *sorted(set(usual.by_state) - set(names)))
            if name in usual.by_state and usual.by_state[name].answers
        ][:CHARTS_SHOWN],
        "look_back_days": LOOK_BACK.days,
    }


def _picture(one: StateMachine, waiting: Mapping[str, int]) -> Picture | None:
    """The states with how many wait in each; None where there is nothing that can be drawn."""
    if one.definition is None:
        return None
    definition = known_definition(one.definition.text)
    if definition is None:
        return None
    looks = {
        name: Look(Mark.WAITING, _("%(n)s waiting") % {"n": many(count)})
        for name, count in waiting.items()
        if count
    }
    return picture_of(definition=definition, looks=looks)


def _definition(one: StateMachine, frame: Frame) -> Mapping[str, Any]:
    if one.definition is None:
        return {"definition": None, "findings": ()}
    findings = findings_of(one.definition)
    return {
        "definition": code_text(one.definition.text),
        "raw_url": f"{workflow_page(one.pk)}?raw=definition",
        "described": ago(since=one.described_at, now=frame.now) if one.described_at else "",
        "findings": finding_lines(findings[:FINDINGS_SHOWN]),
        "more_findings": max(0, len(findings) - FINDINGS_SHOWN),
    }

"""One execution: how it stands, what it was given, and every request that it made."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _

from callbacks.models import CallbackTask, Decision, Execution
from callbacks.queries.executions import (
    Whole,
    find_execution,
    live_answers,
    standings_of,
    tasks_of,
    whole_of,
)
from callbacks.queries.map_runs import map_runs_of
from callbacks.templatetags.words import utc_time
from callbacks.views.activity_words import worker_words
from callbacks.views.closings import task_badge
from callbacks.views.codelines import code_text
from callbacks.views.console import console_url
from callbacks.views.fragments import respond
from callbacks.views.frame import EVERYBODY, frame_of
from callbacks.views.guard import PersonRequest, page
from callbacks.views.jsontree import json_tree
from callbacks.views.machine_words import machine_facts, part_of
from callbacks.views.map_run_words import map_runs_context
from callbacks.views.panels import Fact, run_words
from callbacks.views.places import events_page, execution_page, task_page
from callbacks.views.requests import raw_text
from callbacks.views.rescue_actions import actions_context
from callbacks.views.rescue_words import exits_context
from callbacks.views.run_graph import run_graph
from callbacks.views.timeline_words import timeline_of

TEMPLATE = "callbacks/execution.html"
RAW_TEXTS = ("input", "output", "cause")


@page(roles=EVERYBODY)
def execution_view(request: PersonRequest, execution_id: uuid.UUID) -> HttpResponse:
    """404 where none of its requests may be seen."""
    frame = frame_of(request)
    # Before the run: beside an action that is named stands the run as it was read for that. A page
    # without script does not look again.
    actions = actions_context(execution_id=execution_id)
    execution = find_execution(execution_id=execution_id, sight=frame.sight)
    if execution is None:
        raise Http404
    raw = request.GET.get("raw", "")
    if raw in RAW_TEXTS:
        return raw_text(getattr(execution, raw))
    tasks = tasks_of(execution=execution, sight=frame.sight)
    answers = live_answers(tasks=tasks)
    standings = standings_of(execution=execution, sight=frame.sight)
    whole = whole_of(execution=execution, sight=frame.sight)
    map_runs = map_runs_of(execution=execution, sight=frame.sight)
    context = {
        "execution": execution,
        "status_words": run_words(execution),
        "rows": [_row(task, answers.get(task.pk)) for task in tasks],
        "facts": _facts(execution, whole),
        "part_of": part_of(execution=execution, whole=whole),
        "console_url": console_url(execution.arn),
        "events_url": events_page(execution.pk),
        "timeline": timeline_of(
            execution=execution, attempts=tasks, answers=tuple(answers.values()), now=frame.now
        ),
        **run_graph(execution=execution, standings=standings, now=frame.now, map_runs=map_runs),
        **map_runs_context(
            execution=execution, lines=map_runs, sees_all=frame.sight.sees_all, now=frame.now
        ),
        **_texts(execution),
        **exits_context(execution=execution, user=request.user, now=frame.now),
        **actions,
    }
    return respond(request, TEMPLATE, context, fragment="body")


def _texts(execution: Execution) -> dict[str, Any]:
    place = execution_page(execution.pk)
    definition = execution.definition
    return {
        "input": json_tree(execution.input, raw_url=f"{place}?raw=input"),
        "output": json_tree(execution.output, raw_url=f"{place}?raw=output")
        if execution.output
        else None,
        "definition": code_text(definition.text) if definition is not None else None,
    }


def _row(task: CallbackTask, answer: Decision | None) -> dict[str, Any]:
    return {
        "url": task_page(task.pk),
        "headline": task.headline,
        "badge": task_badge(task, answer),
        "note": worker_words(task) if task.is_open else "",
        "state": task.state,
        "iteration": task.iteration,
        "attempt": task.attempt,
        "since": _utc(task.waiting_since),
        "until": _utc(task.closed_at),
        "event": f"{task.closed_event_id or ''} {task.closed_event_type}".strip(),
    }


def _facts(execution: Execution, whole: Whole | None) -> tuple[Fact, ...]:
    return (
        Fact(_("Execution"), execution.arn, is_code=True),
        *machine_facts(execution=execution, whole=whole),
        Fact(_("Status"), execution.status, is_code=True),
        Fact(_("Started"), _utc(execution.started_at)),
        *((Fact(_("Ended"), _utc(execution.stopped_at)),) if execution.stopped_at else ()),
        Fact(_("Redrives"), str(execution.redrive_count), is_code=True),
        Fact(_("Last event read"), str(execution.last_event_id), is_code=True),
        Fact(_("Read"), _utc(execution.read_at) or _("never")),
        *((Fact(_("Error"), execution.error, is_code=True),) if execution.error else ()),
        *((Fact(_("Cause"), execution.cause[:2_000]),) if execution.cause else ()),
        *((Fact(_("Problem"), execution.problem),) if execution.problem else ()),
    )


def _utc(at: datetime | None) -> str:
    return f"{utc_time(at)} UTC" if at else ""

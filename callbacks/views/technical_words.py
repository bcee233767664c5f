"""The technical view in words: payloads, definition, ids, limits and record entries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from callbacks.asl.definition import known_definition
from callbacks.models import AuditEntry, CallbackTask
from callbacks.queries.executions import Standing, Whole
from callbacks.queries.requests import RequestFacts
from callbacks.templatetags.words import middle, span, utc_time, whole
from callbacks.views.activity_words import worker_words
from callbacks.views.clocks import clock_of
from callbacks.views.codelines import code_lines
from callbacks.views.console import console_url
from callbacks.views.early_words import early_fact
from callbacks.views.jsontree import Tree, json_tree
from callbacks.views.machine_words import machine_facts
from callbacks.views.panels import Fact
from callbacks.views.places import events_page, execution_page, task_page
from callbacks.views.record_words import lines_words
from callbacks.views.run_graph import no_definition_words, run_graph
from callbacks.views.timeline_words import timeline_of
from callbacks.views.workflow_words import finding_lines, findings_of

ALWAYS = ("input", "context", "parameters")
PAYLOADS = (*ALWAYS, "variables")


@dataclass(frozen=True, slots=True)
class Payload:
    name: str
    label: str
    tree: Tree
    raw_url: str


def technical_context(
    *,
    facts: RequestFacts,
    lines: Sequence[AuditEntry],
    standings: Sequence[Standing],
    whole: Whole | None,
    now: datetime,
) -> dict[str, Any]:
    """What templates/callbacks/technical.html takes besides the plain page's context."""
    task = facts.task
    return {
        "timeline": timeline_of(
            execution=task.execution,
            attempts=facts.attempts,
            answers=facts.answers,
            now=now,
            task=task,
        ),
        "payloads": [_payload(task, name) for name in PAYLOADS if name in ALWAYS or task.variables],
        **_definition(task),
        "ids": _ids(task, whole),
        "limits": _limits(task, now),
        "lines": lines_words(lines),
        "console_url": console_url(task.execution.arn),
        "execution_url": execution_page(task.execution_id),
        "events_url": events_page(task.execution_id),
        "events_task": task.pk,
        **run_graph(execution=task.execution, standings=standings, now=now, focus=task),
    }


def _payload(task: CallbackTask, name: str) -> Payload:
    labels = {
        "input": _("Input"),
        "context": _("Context"),
        "parameters": _("Parameters"),
        "variables": _("Variables"),
    }
    raw_url = f"{task_page(task.pk)}?view=technical&raw={name}"
    text = getattr(task, name)
    return Payload(name, labels[name], json_tree(text, raw_url=raw_url), raw_url)


def _definition(task: CallbackTask) -> Mapping[str, Any]:
    """The state as this run has it, and what lint found about it."""
    row = task.execution.definition
    definition = known_definition(row.text) if row else None
    state = definition.state(task.state) if definition else None
    if row is None or state is None:
        words = no_definition_words(task.execution)
        return {"definition": None, "no_definition": words, "findings": ()}
    found = [finding for finding in findings_of(row) if finding.state == task.state]
    # Its fields are written below its name.
    fields = [f'    "{finding.field}":' for finding in found if finding.field]
    return {
        "definition": code_lines({task.state: dict(state.raw)}, bad=fields),
        "findings": finding_lines(found),
    }


def _ids(task: CallbackTask, whole: Whole | None) -> tuple[Fact, ...]:
    execution = task.execution
    return (
        Fact(_("Execution"), execution.arn, is_code=True),
        *machine_facts(execution=execution, whole=whole),
        Fact(_("State"), task.state, is_code=True),
        *((Fact(_("Iteration"), task.iteration, is_code=True),) if task.iteration else ()),
        Fact(_("Resource"), task.resource, is_code=True),
        *((Fact(_("Early completion"), early_fact()),) if task.early_completion else ()),
        *((Fact(_("Worker"), worker_words(task)),) if task.is_activity else ()),
        Fact(_("Scheduled by event"), str(task.scheduled_event_id), is_code=True),
        Fact(_("Redrives"), str(task.redrive_count), is_code=True),
        Fact(_("Last event read"), str(execution.last_event_id), is_code=True),
        Fact(_("Read"), _utc(execution.read_at) or _("never")),
        Fact(_("Token"), _token(task)),
        Fact(_("Request"), str(task.request_id), is_code=True),
        Fact(_("Attempt"), str(task.pk), is_code=True),
        *((Fact(_("Problem"), execution.problem),) if execution.problem else ()),
    )


def _token(task: CallbackTask) -> str:
    if not task.token_sha256:
        return str(task.get_token_state_display())
    return _("held, encrypted · %(n)s characters · sha256 %(hash)s") % {
        "n": whole(task.token_length),
        "hash": middle(task.token_sha256, 9),
    }


def _limits(task: CallbackTask, now: datetime) -> tuple[Fact, ...]:
    return (
        Fact("TimeoutSeconds", _seconds(task.timeout_seconds)),
        Fact("HeartbeatSeconds", _seconds(task.heartbeat_seconds)),
        Fact(_("Dies at the earliest"), _utc(task.dies_earliest)),
        Fact(_("Dies at the latest"), _utc(task.dies_latest)),
        Fact(_("Because"), clock_of(task=task, now=now).explain),
    )


def _seconds(seconds: int | None) -> str:
    if seconds is None:
        return _("not set")
    return f"{whole(seconds)} ({span(seconds)})"


def _utc(at: datetime | None) -> str:
    return f"{utc_time(at)} UTC" if at else ""

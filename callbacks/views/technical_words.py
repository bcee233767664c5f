"""The technical view in words: timeline, payloads, definition, ids, limits and record entries."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from callbacks.asl.definition import DefinitionError, parse_definition
from callbacks.models import AuditEntry, CallbackTask, Decision
from callbacks.queries.requests import RequestFacts
from callbacks.queries.sight import Sight
from callbacks.templatetags.words import day, middle, span, utc_time, whole
from callbacks.views.activity_words import worker_words
from callbacks.views.clocks import clock_of, short_moment
from callbacks.views.closings import closing_code, closing_sentence
from callbacks.views.codelines import code_lines
from callbacks.views.console import console_url
from callbacks.views.early_words import early_fact
from callbacks.views.jsontree import Tree, json_tree
from callbacks.views.machine_words import machine_facts
from callbacks.views.panels import Fact
from callbacks.views.places import decision_page, events_page, execution_page, task_page
from callbacks.views.record_words import line_words, lines_words

PAYLOADS = ("input", "context", "parameters")


@dataclass(frozen=True, slots=True)
class Moment:
    """A line of the timeline; `day` begins a new day."""

    day: str
    time: str
    icon: str
    tone: str
    text: str
    note: str = ""
    url: str = ""
    is_future: bool = False


@dataclass(frozen=True, slots=True)
class Payload:
    name: str
    label: str
    tree: Tree
    raw_url: str


def technical_context(
    *, facts: RequestFacts, lines: Sequence[AuditEntry], sight: Sight, now: datetime
) -> dict[str, Any]:
    """What templates/callbacks/technical.html takes besides the plain page's context."""
    task = facts.task
    return {
        "timeline": list(_timeline(facts, now)),
        "payloads": [_payload(task, name) for name in PAYLOADS],
        "definition": _definition(task),
        "ids": _ids(task, sight),
        "limits": _limits(task, now),
        "lines": lines_words(lines),
        "console_url": console_url(task.execution.arn),
        "execution_url": execution_page(task.execution_id),
        "events_url": events_page(task.execution_id),
    }


def _payload(task: CallbackTask, name: str) -> Payload:
    labels = {"input": _("Input"), "context": _("Context"), "parameters": _("Parameters")}
    raw_url = f"{task_page(task.pk)}?view=technical&raw={name}"
    text = getattr(task, name)
    return Payload(name, labels[name], json_tree(text, raw_url=raw_url), raw_url)


def _definition(task: CallbackTask) -> SafeString | None:
    definition = task.execution.definition
    if definition is None:
        return None
    try:
        state = parse_definition(definition.text).state(task.state)
    except DefinitionError:
        return None
    return code_lines({task.state: dict(state.raw)}) if state is not None else None


def _ids(task: CallbackTask, sight: Sight) -> tuple[Fact, ...]:
    execution = task.execution
    return (
        Fact(_("Execution"), execution.arn, is_code=True),
        *machine_facts(execution=execution, sight=sight),
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


def _timeline(facts: RequestFacts, now: datetime) -> Iterator[Moment]:
    last_day = ""
    for at, icon, tone, text, note, url in sorted(_moments(facts), key=lambda one: one[0]):
        this_day = day(at)
        yield Moment(
            day=this_day if this_day != last_day else "",
            time=short_moment(at, at),
            icon=icon,
            tone=tone,
            text=text,
            note=note,
            url=url,
            is_future=at > now,
        )
        last_day = this_day


# When, icon, tone, text, note, address.
_Line: TypeAlias = tuple[datetime, str, str, str, str, str]


def _moments(facts: RequestFacts) -> Iterator[_Line]:
    task = facts.task
    execution = task.execution
    if execution.is_known:
        yield execution.started_at, "circle-check", "ok", _("Run started"), execution.name, ""
    for attempt in facts.attempts:
        yield from _attempt_moments(attempt)
    for answer in facts.answers:
        yield _answer_moment(answer)
    if execution.stopped_at is not None:
        text = _("Run ended: %(status)s") % {"status": execution.status}
        yield execution.stopped_at, "player-stop", "", text, "", ""
    if task.is_open:
        yield task.dies_latest, "clock-off", "", _("The wait ends at the latest"), "", ""


def _attempt_moments(attempt: CallbackTask) -> Iterator[_Line]:
    url = task_page(attempt.pk)
    runs = attempt.early_completion
    text = _("Attempt %(n)d: a job runs") if runs else _("Attempt %(n)d waiting")
    text %= {"n": attempt.attempt}
    kind = "ActivityScheduled" if attempt.is_activity else "TaskScheduled"
    note = _("event %(id)d %(kind)s") % {"id": attempt.scheduled_event_id, "kind": kind}
    if not attempt.scheduled_event_id:
        note = _("its token was handed over")
    yield attempt.waiting_since, "loader" if runs else "hand-stop", "accent", text, note, url
    if attempt.is_activity and attempt.started_at is not None:
        yield attempt.started_at, "robot", "", _picked_up(attempt), "ActivityStarted", url
    if attempt.closed_at is not None:
        event = f"{attempt.closed_event_id or ''} {attempt.closed_event_type}".strip()
        error = f" · {attempt.closed_error}" if attempt.closed_error else ""
        words = closing_sentence(closing_code(attempt))
        yield attempt.closed_at, "circle", "", words, f"{event}{error}", url


def _picked_up(attempt: CallbackTask) -> str:
    if attempt.worker:
        return _("Worker %(name)s picked it up") % {"name": attempt.worker}
    return _("A worker without a name picked it up")


def _answer_moment(answer: Decision) -> _Line:
    icon, words = line_words(f"answer_{answer.status}")
    text = _("%(name)s answered: %(direction)s") % {
        "name": answer.decided_by_name,
        "direction": answer.get_direction_display(),
    }
    return answer.decided_at, icon, "accent", text, words, decision_page(answer.pk)

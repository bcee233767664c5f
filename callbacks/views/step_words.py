"""The steps of a workflow that wait: of what kind, for how long, how many, and how long usually."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

from callbacks.asl.definition import (
    SYNC_SUFFIXES,
    Definition,
    State,
    known_definition,
)
from callbacks.models import Definition as DefinitionRow
from callbacks.models import StateMachine
from callbacks.queries.waits import UsualWait
from callbacks.templatetags.words import span
from callbacks.views.places import contract_page
from callbacks.views.tasklists import JOBS, KIND

# A page of more is read by nobody.
STEPS_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Step:
    """One step as today's definition has it."""

    name: str
    # The Maps and Parallels around it, the outermost first.
    inside: str
    kind: str
    icon: str
    resource: str
    deadline: str
    can_hang: bool
    is_job: bool = False


@dataclass(frozen=True, slots=True)
class StepRow:
    """A step with its numbers; `step` is None where only older definitions have it."""

    name: str
    step: Step | None
    waiting: int
    waiting_url: str
    usual: UsualWait | None
    median: str
    p95: str
    # What answers to it hold; "" for a job, which nobody has to answer.
    answers_url: str


def steps_of(row: DefinitionRow | None) -> tuple[Step, ...]:
    """Every step that waits, and every job that its token may end early, in the text's order."""
    if row is None:
        return ()
    definition = known_definition(row.text)
    if definition is None:
        return ()
    states = [state for state in definition.states.values() if _is_shown(state)]
    return tuple(_step(definition, state) for state in states[:STEPS_SHOWN])


def step_rows(
    *,
    workflow: StateMachine,
    steps: Sequence[Step],
    waiting: Mapping[str, int],
    running: Mapping[str, int],
    usual: Mapping[str, UsualWait],
) -> tuple[StepRow, ...]:
    """Those of the definition, then steps of older ones in which something waits still."""
    known = {step.name: step for step in steps}
    older = sorted(set(waiting) - set(known))[:STEPS_SHOWN]
    rows = []
    for name in (*known, *older):
        step = known.get(name)
        is_job = step is not None and step.is_job
        rows.append(
            StepRow(
                name=name,
                step=step,
                waiting=(running if is_job else waiting).get(name, 0),
                waiting_url=waiting_list(
                    connection_id=workflow.connection_id,
                    workflow=workflow.name,
                    state=name,
                    jobs=is_job,
                ),
                usual=usual.get(name),
                median=span(usual[name].median) if name in usual else "",
                p95=span(usual[name].p95) if name in usual else "",
                answers_url=""
                if is_job or step is None
                else contract_page(workflow_id=workflow.pk, state=name),
            )
        )
    return tuple(rows)


def waiting_list(
    *, connection_id: uuid.UUID, workflow: str, state: str = "", jobs: bool = False
) -> str:
    """The address of the waiting list, filtered."""
    values = {
        KIND: JOBS if jobs else "",
        "connection": str(connection_id),
        "state_machine": workflow,
        "state": state,
    }
    query = urlencode({name: value for name, value in values.items() if value}, errors="replace")
    return f"{reverse('waiting')}?{query}"


def _is_shown(state: State) -> bool:
    return state.waits_for_token or state.is_activity or _is_job(state)


def _is_job(state: State) -> bool:
    return state.resource.endswith(SYNC_SUFFIXES) and state.passes_token


def _step(definition: Definition, state: State) -> Step:
    icon, kind = _kind(state)
    deadline, can_hang = _deadline(state)
    return Step(
        name=state.name,
        inside=" · ".join(one.name for one in definition.containers(state.name)),
        kind=kind,
        icon=icon,
        resource=state.resource.rpartition(":::")[2],
        deadline=deadline,
        can_hang=can_hang and definition.timeout_seconds is None and not _is_job(state),
        is_job=_is_job(state),
    )


def _kind(state: State) -> tuple[str, str]:
    if state.is_activity:
        return "robot", _("Waits for an activity's worker")
    if _is_job(state):
        return "loader", _("A job that an answer may end early")
    return "hand-stop", _("Waits for an answer")


def _deadline(state: State) -> tuple[str, bool]:
    """How long it may wait, and whether nothing of its own ends it."""
    parts = []
    if state.timeout_seconds is not None:
        parts.append(span(state.timeout_seconds))
    elif state.timeout_reference:
        parts.append(_("set by the run"))
    if state.heartbeat_seconds is not None:
        parts.append(_("a heartbeat every %(span)s") % {"span": span(state.heartbeat_seconds)})
    elif state.heartbeat_reference:
        parts.append(_("heartbeats, how often is set by the run"))
    return " · ".join(parts) or _("none"), not parts

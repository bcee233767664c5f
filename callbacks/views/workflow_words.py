"""Findings about a workflow as badges and lines, and its row in the list."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from django.urls import reverse
from django.utils.translation import gettext as _

from callbacks.asl.finding import Finding, Severity
from callbacks.asl.lint import counts, lint
from callbacks.models import Definition, Policy, WorkflowFigures
from callbacks.queries.workflows import WorkflowLine
from callbacks.sync.matching import Subject, matches_place
from callbacks.templatetags.words import span
from callbacks.views.charts import Line, waiting_line
from callbacks.views.places import workflow_page
from callbacks.views.step_words import steps_of, waiting_list

# A page of more is read by nobody.
FINDINGS_SHOWN = 200
BADGES_SHOWN = 2
# It is measured each hour.
MEASURED_WITHIN = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class FindingLine:
    """A finding with how it looks; `word` is its severity."""

    tone: str
    icon: str
    word: str
    finding: Finding


@dataclass(frozen=True, slots=True)
class WorkflowRow:
    """`badges` are the worst findings, `more` counts the other errors and warnings."""

    url: str
    name: str
    connection: str
    waiting: int
    waiting_url: str
    is_deleting: bool
    is_read: bool
    badges: tuple[FindingLine, ...]
    more: int
    notes: int
    policies: tuple[PolicyName, ...]
    # How its waits were, measured of late; None where that is not shown or not known yet.
    figures: FigureWords | None


@dataclass(frozen=True, slots=True)
class PolicyName:
    name: str
    url: str
    is_default: bool


@dataclass(frozen=True, slots=True)
class FigureWords:
    line: Line | None
    median: str
    p95: str
    ran_out: int


_LOOKS: Mapping[Severity, tuple[str, str, Callable[[], str]]] = {
    Severity.ERROR: ("dying", "alert-circle", lambda: _("Error")),
    Severity.WARNING: ("due", "alert-triangle", lambda: _("Warning")),
    Severity.NOTE: ("", "info-circle", lambda: _("Note")),
}


@lru_cache(maxsize=256)
def findings_of(definition: Definition) -> tuple[Finding, ...]:
    """Looked for once in each process: a definition never changes under its key, its hash."""
    return lint(text=definition.text)


def finding_lines(findings: Iterable[Finding]) -> tuple[FindingLine, ...]:
    return tuple(_line(finding) for finding in findings)


def workflow_row(
    *,
    line: WorkflowLine,
    labels: Mapping[uuid.UUID, str],
    rules: Sequence[Policy],
    has_figures: bool,
    now: datetime,
) -> WorkflowRow:
    """`rules`: the policies in force that the reader may know of, in their order."""
    findings = findings_of(line.definition) if line.definition is not None else ()
    bad = [finding for finding in findings if counts(finding)]
    # Ten steps without a deadline are one thing to know here.
    first = {finding.title: finding for finding in reversed(bad)}
    shown = list(reversed(first.values()))[:BADGES_SHOWN]
    return WorkflowRow(
        url=workflow_page(line.id),
        name=line.name,
        connection=labels.get(line.connection_id, ""),
        waiting=line.waiting,
        waiting_url=waiting_list(connection_id=line.connection_id, workflow=line.name),
        is_deleting=line.is_deleting,
        is_read=line.definition is not None,
        badges=finding_lines(shown),
        more=len(bad) - len(shown),
        notes=len(findings) - len(bad),
        policies=tuple(_policies(line, rules)),
        figures=_figures(line.figures, now) if has_figures else None,
    )


def _policies(line: WorkflowLine, rules: Sequence[Policy]) -> Iterator[PolicyName]:
    """Those that may cover what waits in it: up to the first that asks for no values."""
    found: dict[uuid.UUID, Policy] = {}
    for step in steps_of(line.definition):
        if not step.is_job:
            subject = Subject(
                connection=line.connection_name,
                state_machine=line.name,
                state=step.name,
                tags=line.tags,
            )
            found |= {rule.pk: rule for rule in _covering(rules, subject)}
    for rule in found.values():
        yield PolicyName(
            f"{rule.name}, v{rule.version}", reverse("policy", args=[rule.pk]), rule.is_default
        )


def _covering(rules: Sequence[Policy], subject: Subject) -> Iterator[Policy]:
    for rule in rules:
        if matches_place(rule, subject):
            yield rule
            if not rule.conditions:
                return


def _figures(figures: WorkflowFigures | None, now: datetime) -> FigureWords | None:
    """None where nobody has measured it of late."""
    if figures is None or now - figures.measured_at > MEASURED_WITHIN:
        return None
    return FigureWords(
        line=waiting_line(figures.waiting, now=now),
        median=span(figures.median) if figures.median is not None else "",
        p95=span(figures.p95) if figures.p95 is not None else "",
        ran_out=figures.ran_out,
    )


def _line(finding: Finding) -> FindingLine:
    tone, icon, word = _LOOKS[finding.severity]
    return FindingLine(tone, icon, word(), finding)

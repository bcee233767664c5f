"""Findings about a workflow as badges and lines, and its row in the list."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from django.utils.translation import gettext as _

from callbacks.asl.finding import Finding, Severity
from callbacks.asl.lint import counts, lint
from callbacks.models import Definition
from callbacks.queries.workflows import WorkflowLine
from callbacks.views.places import workflow_page
from callbacks.views.step_words import waiting_list

# A page of more is read by nobody.
FINDINGS_SHOWN = 200
BADGES_SHOWN = 2


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


def workflow_row(*, line: WorkflowLine, labels: Mapping[uuid.UUID, str]) -> WorkflowRow:
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
    )


def _line(finding: Finding) -> FindingLine:
    tone, icon, word = _LOOKS[finding.severity]
    return FindingLine(tone, icon, word(), finding)

"""`manage.py lint_workflows`: what in definitions can hang, leak its token or never be answered."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from callbacks.asl.finding import Finding, Severity
from callbacks.asl.lint import counts, is_unreadable, lint
from callbacks.models import Connection
from callbacks.queries.workflows import mirrored_definitions
from callbacks.templatetags.words import shown_plain

# Exit codes: something was found, or something could not be looked at.
FOUND, UNREADABLE = 1, 2
STDIN = "-"


@dataclass(frozen=True, slots=True)
class Linted:
    """One workflow; `findings` is None where its definition has not been read yet."""

    name: str
    # Empty for a file.
    connection: str
    findings: tuple[Finding, ...] | None


class Command(BaseCommand):
    help = (
        "Say what in definitions can hang, leak its token, or never be answered: of the workflows "
        "that are mirrored, or of files. Exits 1 where a finding is an error or a warning (notes "
        "do not count), 2 where a file cannot be read."
    )
    # A pipeline that checks files has no installation.
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "files",
            nargs="*",
            metavar="FILE",
            help="A definition as JSON, as AWS shows it; - is standard input.",
        )
        parser.add_argument("--connection", help="Only workflows of the connection of this name.")
        parser.add_argument("--json", action="store_true", help="Print the findings as JSON.")

    def handle(self, *args: Any, **options: Any) -> None:
        files, connection = options["files"], options["connection"]
        if files and connection:
            raise CommandError("Files belong to no connection: name those or it.", returncode=2)
        unread: list[str] = []
        linted = list(_files(files, unread) if files else _mirrored(connection))
        self.stdout.write(_as_json(linted) if options["json"] else _as_text(linted))
        if unread:
            raise CommandError("\n".join(unread), returncode=UNREADABLE)
        bad = sum(counts(finding) for one in linted for finding in one.findings or ())
        if bad:
            raise CommandError(f"Found {bad} that should be mended.", returncode=FOUND)


# --- what is looked at --------------------------------------------------------------------------
def _files(names: Sequence[str], unread: list[str]) -> Iterator[Linted]:
    """The files that can be read; why others cannot is added to `unread`."""
    for name in names:
        try:
            # Editors of Windows begin a file with a mark that JSON does not allow.
            text = sys.stdin.read() if name == STDIN else Path(name).read_text("utf-8-sig")
        except (OSError, UnicodeDecodeError) as exc:
            unread.append(shown_plain(f"{name} cannot be read: {exc}"))
            continue
        findings = lint(text=text)
        if is_unreadable(findings):
            unread.append(shown_plain(f"{name} is no definition. {findings[0].message}"))
        yield Linted(name, "", findings)


def _mirrored(connection: str | None) -> Iterator[Linted]:
    if connection is not None and not Connection.objects.filter(name=connection).exists():
        raise CommandError(f"There is no connection named {connection}.", returncode=2)
    for one in mirrored_definitions(connection=connection):
        findings = None if one.text is None else lint(text=one.text)
        yield Linted(one.name, one.connection, findings)


# --- how it is said -----------------------------------------------------------------------------
def _as_json(linted: Sequence[Linted]) -> str:
    found = [
        {
            "workflow": one.name,
            "connection": one.connection or None,
            "findings": None if one.findings is None else [asdict(f) for f in one.findings],
        }
        for one in linted
    ]
    return json.dumps({"workflows": found, **_totals(linted)}, indent=2)


def _as_text(linted: Sequence[Linted]) -> str:
    lines = [line for one in linted for line in _lines(one)]
    totals = {"workflows": len(linted), **_totals(linted)}
    lines.append(" · ".join(f"{name}: {number}" for name, number in totals.items()))
    # A name may hold what a terminal obeys.
    return "\n".join(shown_plain(line) for line in lines)


def _lines(one: Linted) -> Iterator[str]:
    yield f"{one.connection} · {one.name}" if one.connection else one.name
    if one.findings is None:
        yield "  its definition has not been read yet"
    elif not one.findings:
        yield "  nothing found"
    for finding in one.findings or ():
        place = f"{finding.state}: " if finding.state else ""
        yield f"  {finding.severity.upper()} {place}{finding.title} [{finding.code}]"
        yield f"    {finding.message}"
        yield f"    To mend it: {finding.mend}"
    yield ""


def _totals(linted: Sequence[Linted]) -> dict[str, int]:
    """How many there are of each severity: errors, warnings, notes."""
    found = Counter(finding.severity for one in linted for finding in one.findings or ())
    return {f"{severity}s": found[severity] for severity in Severity}

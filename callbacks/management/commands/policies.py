"""`manage.py policies export|check|apply FILE`: all policies as one YAML file."""

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from callbacks.audit import AuditUnavailable
from callbacks.audit.configuration import COMMAND
from callbacks.models.clock import database_now
from callbacks.policies.files import Change, apply, export, plan, read
from callbacks.policies.versions import LONGEST_NOTE, PolicyProblems


class Command(BaseCommand):
    help = "Write the policies in force to a file, check a file, or bring them to a file."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("action", choices=["export", "check", "apply"])
        parser.add_argument("file", help="A YAML file; - is standard input or output.")
        parser.add_argument("--note", default="", help="Why, for the record; apply needs it.")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["action"] == "export":
            self._export(options["file"])
            return
        try:
            policies = read(_text(options["file"]))
            if options["action"] == "check":
                self._say(plan(policies), "would be")
                return
            _check_note(options["note"])
            changes = apply(
                policies=policies, note=options["note"], actor=COMMAND, now=database_now()
            )
        except PolicyProblems as exc:
            lines = [f"{name}: {text}" for name, said in exc.errors.items() for text in said]
            raise CommandError("Nothing was changed.\n" + "\n".join(lines)) from exc
        except AuditUnavailable as exc:
            raise CommandError(f"{exc} Nothing was changed.") from exc
        self._say(changes, "is")

    def _export(self, name: str) -> None:
        if name == "-":
            self.stdout.write(export(), ending="")
            return
        text = export()
        try:
            Path(name).write_text(text, encoding="utf-8")
        except OSError as exc:
            raise CommandError(f"The file cannot be written: {exc}") from exc

    def _say(self, changes: list[Change], is_or_would_be: str) -> None:
        for change in changes:
            self.stdout.write(f"{change.name} {is_or_would_be} {change.what}")


def _check_note(note: str) -> None:
    if not note.strip():
        raise CommandError(
            "Say why, for the record: --note 'Refunds need two people'. Nothing was changed."
        )
    if len(note) > LONGEST_NOTE:
        raise CommandError(
            f"The note has {len(note):,} characters; at most {LONGEST_NOTE:,} are kept. "
            "Nothing was changed."
        )


def _text(name: str) -> str:
    try:
        return sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        raise CommandError(f"The file cannot be read: {exc}") from exc

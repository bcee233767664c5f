"""`manage.py verify_audit`: does the audit record hold?"""

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from callbacks.audit import triggers
from callbacks.audit.sink import sink_path
from callbacks.audit.verify import Fault, compare_with_file, verify_chain, verify_file
from callbacks.audit.verify_decisions import verify_decisions


class Command(BaseCommand):
    help = (
        "Check the whole audit record, or an exported file offline. "
        "Exits 0 where it holds and 1 where it does not, naming the first bad entry."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", nargs="?", type=Path, help="A file of entries to check alone.")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path | None = options["file"]
        try:
            if path is None:
                self._check_database()
            else:
                verdict = verify_file(path)
                self.stdout.write(f"Holds: {verdict.entries} entries, last hash {verdict.head}.")
        except Fault as exc:
            self.stdout.write(f"Does not hold. {exc}")
            sys.exit(1)
        except OSError as exc:
            raise CommandError(f"Cannot read the file: {exc}.") from exc

    def _check_database(self) -> None:
        verdict = verify_chain()
        decisions = verify_decisions()
        self._check_sink(sink_path())
        self._warn_of_missing_triggers()
        self.stdout.write(
            f"Holds: {verdict.entries} entries, {decisions} decisions, last hash {verdict.head}."
        )

    def _check_sink(self, path: Path) -> None:
        if path.exists():
            count = compare_with_file(path)
            self.stdout.write(f"The audit file {path} agrees: {count} entries.")
        else:
            self.stdout.write(f"There is no audit file at {path}; only the database was checked.")

    def _warn_of_missing_triggers(self) -> None:
        names = triggers.missing(connection)
        if names:
            self.stderr.write(
                "Warning: nothing keeps the record from being changed; these triggers are "
                f"missing: {', '.join(names)}."
            )

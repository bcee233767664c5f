"""`manage.py verify_audit`: does the audit record hold?"""

import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from callbacks.audit import AuditUnavailable, keys, triggers
from callbacks.audit.checkpoint import Signed
from callbacks.audit.checkpoint_files import checkpoint_paths
from callbacks.audit.faults import Fault
from callbacks.audit.notes import BadKey, Verifier, read_verifier
from callbacks.audit.sink import sink_path
from callbacks.audit.verify import compare_with_file, verify_chain, verify_file
from callbacks.audit.verify_checkpoints import Watch, read_checkpoints
from callbacks.audit.verify_decisions import verify_decisions


class Command(BaseCommand):
    help = (
        "Check the whole audit record against its checkpoints, or an exported file offline. "
        "Exits 0 where it holds and 1 where it does not, naming the first bad entry."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", nargs="?", type=Path, help="A file of entries to check alone.")
        parser.add_argument(
            "--checkpoints", type=Path, action="append", metavar="FILE",
            help="Checkpoints that were kept; else those in this installation's places.",
        )  # fmt: skip
        parser.add_argument(
            "--key", action="append", metavar="KEY",
            help="A verifier key; checkpoints of all others are refused.",
        )  # fmt: skip

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path | None = options["file"]
        try:
            trusted = _trusted(options["key"])
            if path is None:
                self._check_database(options["checkpoints"], trusted)
            else:
                watch = self._watch(options["checkpoints"] or [], trusted)
                verdict = verify_file(path, watch)
                self._tell_gaps(watch)
                self.stdout.write(f"Holds: {verdict.entries} entries, last hash {verdict.head}.")
        except Fault as exc:
            self.stdout.write(f"Does not hold. {exc}")
            if path is None:
                self._tell_first_difference(sink_path(), exc)
            sys.exit(1)
        except OSError as exc:
            raise CommandError(f"Cannot read the file: {exc}.") from exc

    def _check_database(self, given: list[Path] | None, trusted: list[Verifier]) -> None:
        watch = self._watch(
            given or [path for path in checkpoint_paths() if path.exists()], trusted
        )
        verdict = verify_chain(watch)
        watch.check_readings()
        decisions = verify_decisions()
        self._check_sink(sink_path())
        self._tell_gaps(watch)
        self._warn_of_missing_triggers()
        self.stdout.write(
            f"Holds: {verdict.entries} entries, {decisions} decisions, last hash {verdict.head}."
        )

    def _watch(self, paths: Iterable[Path], trusted: list[Verifier]) -> Watch:
        found: list[Signed] = []
        for path in paths:
            read = read_checkpoints(path, trusted=trusted)
            found += read
            self.stdout.write(f"{len(read)} checkpoints are read from {path}.")
        if found:
            last = max(found, key=lambda signed: signed.checkpoint.at).checkpoint
            self.stdout.write(f"The last one, of {last.at:%Y-%m-%d %H:%M:%S} UTC, has {last.size}.")
            for verifier in trusted:
                self.stdout.write(f"A signature counts if it is by {verifier.text()}")
        else:
            self.stdout.write("There is no checkpoint; a record that was rewritten would pass.")
        return Watch(found)

    def _check_sink(self, path: Path) -> None:
        if path.exists():
            count = compare_with_file(path)
            self.stdout.write(f"The audit file {path} agrees: {count} entries.")
        else:
            self.stdout.write(f"There is no audit file at {path}; only the database was checked.")

    def _tell_gaps(self, watch: Watch) -> None:
        for gap in watch.gaps:
            self.stdout.write(f"Gap on record: {gap}.")

    def _tell_first_difference(self, path: Path, told: Fault) -> None:
        """A checkpoint knows from where on entries are others; the file, which is the first."""
        with suppress(OSError):
            try:
                compare_with_file(path)
            except Fault as exc:
                if str(exc) != str(told):
                    self.stdout.write(f"By the audit file {path}: {exc}")

    def _warn_of_missing_triggers(self) -> None:
        names = triggers.missing(connection)
        if names:
            self.stderr.write(
                "Warning: nothing keeps the record from being changed; these triggers are "
                f"missing: {', '.join(names)}."
            )


def _trusted(given: list[str] | None) -> list[Verifier]:
    try:
        return [read_verifier(text) for text in given] if given else keys.trusted()
    except (BadKey, AuditUnavailable) as exc:
        raise CommandError(str(exc)) from exc

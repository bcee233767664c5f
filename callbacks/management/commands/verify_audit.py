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
from callbacks.audit.verify_export import PartOnly, is_export, last_checkpoint, verify_export
from callbacks.audit.verify_rows import verify_rows

PART_ONLY = (
    "This export was asked for with a filter. Of a part nothing can be proved: whoever has the "
    "file could have written its entries anew. Export the whole record, or check the database."
)


class Command(BaseCommand):
    help = (
        "Check the whole audit record against its checkpoints, or an exported file offline. "
        "Exits 0 where it holds and 1 where it does not, naming the first bad entry."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "file",
            nargs="?",
            type=Path,
            help="An audit file, or an export of the API as JSON lines, to check alone.",
        )
        parser.add_argument(
            "--checkpoints", type=Path, action="append", metavar="FILE",
            help="Checkpoints that were kept; else those in this installation's places.",
        )  # fmt: skip
        parser.add_argument(
            "--key", action="append", metavar="KEY",
            help="A verifier key; checkpoints of all others are refused.",
        )  # fmt: skip
        parser.add_argument(
            "--accept-gap", action="append", default=[], metavar="SEQUENCE:HASH",
            help="An acknowledged roll-back that you know of, by the number and hash of its entry; "
            "may be repeated. You say by it that the entries it names are lost, that you know what "
            "they were, and that whoever is named as acknowledging it did so. Checkpoints of those "
            "entries need not fit then, and nothing is proved of them. Without it every checkpoint "
            "that does not fit is a fault, whatever the record says.",
        )  # fmt: skip

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path | None = options["file"]
        given: list[Path] | None = options["checkpoints"]
        watch = Watch()
        try:
            trusted = _trusted(options["key"])
            signed = self._read(_places() if path is None and not given else given or [], trusted)
            if path and is_export(path):
                signed += self._told(last_checkpoint(path, trusted=trusted), path)
            self._tell_last(signed, trusted)
            watch = Watch(signed, accepted=options["accept_gap"])
            held = _check_file(path, watch) if path else self._check_database(watch)
            self._tell_gaps(watch)
            self.stdout.write(f"Holds: {held}.")
        except Fault as exc:
            self.stdout.write(f"Does not hold. {exc}")
            self._tell_gaps(watch)
            if path is None:
                self._tell_first_difference(sink_path(), exc)
            sys.exit(1)
        except PartOnly as exc:
            raise CommandError(PART_ONLY) from exc
        except OSError as exc:
            raise CommandError(f"Cannot read the file: {exc}.") from exc

    def _check_database(self, watch: Watch) -> str:
        verdict = verify_chain(watch)
        watch.check_readings()
        rows = verify_rows()
        self._check_sink(sink_path())
        self._warn_of_missing_triggers()
        return (
            f"{verdict.entries} entries, {rows['decision']} decisions with {rows['signature']} "
            f"signatures, {rows['comment']} comments, {rows['action']} other actions, "
            f"last hash {verdict.head}"
        )

    def _read(self, paths: Iterable[Path], trusted: list[Verifier]) -> list[Signed]:
        found: list[Signed] = []
        for path in paths:
            found += self._told(read_checkpoints(path, trusted=trusted), path)
        return found

    def _told(self, read: list[Signed], path: Path) -> list[Signed]:
        self.stdout.write(f"{len(read)} checkpoints are read from {path}.")
        return read

    def _tell_last(self, found: list[Signed], trusted: list[Verifier]) -> None:
        if found:
            last = max(found, key=lambda signed: signed.checkpoint.at).checkpoint
            self.stdout.write(f"The last one, of {last.at:%Y-%m-%d %H:%M:%S} UTC, has {last.size}.")
            for verifier in trusted:
                self.stdout.write(f"A signature counts if it is by {verifier.text()}")
        else:
            self.stdout.write("There is no checkpoint; a record that was rewritten would pass.")

    def _check_sink(self, path: Path) -> None:
        if path.exists():
            count = compare_with_file(path)
            self.stdout.write(f"The audit file {path} agrees: {count} entries.")
        else:
            self.stdout.write(f"There is no audit file at {path}; only the database was checked.")

    def _tell_gaps(self, watch: Watch) -> None:
        for line in watch.gaps.lines():
            self.stdout.write(line)

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


def _places() -> list[Path]:
    return [path for path in checkpoint_paths() if path.exists()]


def _check_file(path: Path, watch: Watch) -> str:
    verdict = verify_export(path, watch) if is_export(path) else verify_file(path, watch)
    if not verdict.entries:
        raise Fault(0, "nothing in the file is an entry of an audit record")
    return f"{verdict.entries} entries, last hash {verdict.head}"


def _trusted(given: list[str] | None) -> list[Verifier]:
    try:
        return [read_verifier(text) for text in given] if given else keys.trusted()
    except (BadKey, AuditUnavailable) as exc:
        raise CommandError(str(exc)) from exc

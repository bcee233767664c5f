"""Where checkpoints go: a file beside the audit file, and one in each further folder.

Each line is a JSON object whose "note" is one signed note.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

from callbacks.audit.errors import AuditUnavailable
from callbacks.audit.files import last_line, locked, write_all
from callbacks.audit.lines import BadLine


def checkpoint_paths() -> list[Path]:
    """The file beside the audit file first: without it there is no checkpoint."""
    sink = Path(settings.AUDIT_SINK_FILE)
    name = f"checkpoints-{sink.stem.removeprefix('sink-')}.jsonl"
    return [folder / name for folder in (sink.parent, *map(Path, settings.AUDIT_CHECKPOINT_SINKS))]


def append_note(path: Path, note: str) -> None:
    """Put the note durably at the end of the file. Raises AuditUnavailable."""
    line = json.dumps({"note": note}, ensure_ascii=False) + "\n"
    try:
        with locked(path) as file:
            last_line(file)  # cuts off what a crash left of one
            write_all(file, line.encode())
            os.fsync(file.fileno())
    except OSError as exc:
        raise AuditUnavailable(f"The checkpoints {path} cannot be written: {exc}.") from exc


def last_note(path: Path) -> str | None:
    """Return the last whole note; None where there is none. Raises AuditUnavailable and BadLine."""
    try:
        if not path.exists():
            return None
        with locked(path) as file:
            line = last_line(file)
    except OSError as exc:
        raise AuditUnavailable(f"The checkpoints {path} cannot be read: {exc}.") from exc
    return _read(line) if line else None


def read_notes(path: Path) -> Iterator[str]:
    """Yield all notes in their order. Raises BadLine and OSError."""
    with path.open("rb") as file:
        for line in file:
            if line.endswith(b"\n"):
                yield _read(line)


def _read(line: bytes) -> str:
    try:
        note = json.loads(line)["note"]
    except (ValueError, TypeError, KeyError, RecursionError) as exc:
        raise BadLine("the line is not a checkpoint") from exc
    if not isinstance(note, str):
        raise BadLine("the line is not a checkpoint")
    return note

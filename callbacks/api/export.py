"""The audit record as CSV that no spreadsheet takes for formulas, or as exact JSON lines."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from typing import Any

from callbacks.api.rendering import to_json
from callbacks.api.shapes import AuditItem, ExportedAuditItem

COLUMNS = (
    *("seq", "at", "kind", "actor_id", "actor", "channel", "decision", "task", "headline"),
    *("facts", "personal", "entry_hash"),
)
# What makes a spreadsheet compute (ASVS 1.2.10).
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\0")


class _Line:
    """A file for csv.writer that hands back each line."""

    def write(self, text: str) -> str:
        return text


def as_csv(items: Iterable[AuditItem], *, checkpoint: str | None) -> Iterator[str]:
    """The signed note of the last checkpoint is a row of its own at the end."""
    writer: Any = csv.writer(_Line(), quoting=csv.QUOTE_ALL)
    yield writer.writerow(COLUMNS)
    for item in items:
        yield writer.writerow([safe(cell) for cell in _cells(item)])
    yield writer.writerow(["# checkpoint", safe(checkpoint or "")])


def as_jsonl(
    items: Iterable[ExportedAuditItem], *, checkpoint: str | None, is_whole: bool
) -> Iterator[str]:
    """The last line has the signed note of the last checkpoint; `audit.verify_export` reads it."""
    for item in items:
        yield to_json(item.model_dump()) + "\n"
    yield to_json({"checkpoint": checkpoint, "is_whole": is_whole}) + "\n"


def safe(cell: str) -> str:
    """A quote before what would compute; a NUL is what no file of text has."""
    return ("'" + cell if cell.startswith(FORMULA_STARTS) else cell).replace("\0", "")


def _cells(item: AuditItem) -> Iterator[str]:
    for value in (
        *(item.seq, item.at.isoformat(), item.kind, item.actor.id, item.actor.name, item.channel),
        *(item.decision, item.task, item.headline),
        *(json.dumps(item.facts), json.dumps(item.personal), item.entry_hash),
    ):
        yield "" if value is None else str(value)

"""What a section found: tables to print, and the same as JSON to keep."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

Cell = str | int | float | None


@dataclass(frozen=True)
class Table:
    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    notes: Sequence[str] = field(default_factory=tuple)

    def text(self) -> str:
        cells = [list(self.columns), *([_shown(cell) for cell in row] for row in self.rows)]
        widths = [max(len(line[at]) for line in cells) for at in range(len(self.columns))]
        head, *body = (_line(line, widths, self.rows) for line in cells)
        rule = "-" * len(head)
        return "\n".join([self.title, rule, head, rule, *body, *self.notes])

    def column(self, name: str) -> list[Cell]:
        return [row[self.columns.index(name)] for row in self.rows]


def write_tables(
    folder: Path, found: Mapping[str, Iterable[Table]], about: Mapping[str, Any]
) -> None:
    """Keep each section as its own text and JSON file: a later run of one leaves the others."""
    folder.mkdir(parents=True, exist_ok=True)
    told = "\n".join(f"{name}: {value}" for name, value in about.items())
    for section, tables in found.items():
        shown = list(tables)
        text = "\n\n".join([told, *(table.text() for table in shown)])
        (folder / f"{section}.txt").write_text(text + "\n")
        kept = {"about": dict(about), "tables": [asdict(table) for table in shown]}
        (folder / f"{section}.json").write_text(json.dumps(kept, indent=1, default=str) + "\n")


def _shown(cell: Cell) -> str:
    if cell is None:
        return "-"
    if isinstance(cell, float):
        return f"{cell:,.2f}" if abs(cell) < 100 else f"{cell:,.0f}"
    return f"{cell:,}" if isinstance(cell, int) else cell


def _line(cells: Sequence[str], widths: Sequence[int], rows: Sequence[Sequence[Cell]]) -> str:
    # A column is a column of numbers where any of its cells is one.
    is_number = [any(isinstance(row[at], int | float) for row in rows) for at in range(len(widths))]
    return "  ".join(
        cell.rjust(width) if number else cell.ljust(width)
        for cell, width, number in zip(cells, widths, is_number, strict=True)
    ).rstrip()

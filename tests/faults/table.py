"""The table of the fault matrix, as text for a terminal or for docs/reliability.md: pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.faults.balance import Balance
from tests.faults.matrix import FAULTS

BEGIN, END = "<!-- made by make faults: begin -->", "<!-- made by make faults: end -->"
_NOT_RUN = "not run"
HEADER = (
    "fault", "what it is", "database", "runs", "answers given", "confirmed", "explained", "lost",
    "applied twice", "with differing bytes",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """What all runs of one fault came to on one database."""

    balance: Balance = field(default_factory=Balance)
    failed: int = 0

    def __add__(self, other: Row) -> Row:
        return Row(self.balance + other.balance, self.failed + other.failed)


def lines(rows: Mapping[str, Row], *, database: str) -> list[str]:
    """One line for each fault of the matrix, whether it was run or not."""
    return [_line(fault, rows.get(fault, Row()), database) for fault in FAULTS]


def put_into(document: str, made: list[str]) -> str:
    """Return the document with these lines in its table.

    Those of another database stay, and so do those of faults that these runs did not meet.
    """
    before, _, rest = document.partition(BEGIN)
    old, found, after = rest.partition(END)
    if not found:
        raise ValueError("the document has no place for the table")
    rows = {_key(line): line for line in made}
    for line in filter(_is_row, old.splitlines()):
        if _NOT_RUN in rows.get(_key(line), _NOT_RUN):
            rows[_key(line)] = line
    order = list(FAULTS)
    table = sorted(rows.values(), key=lambda line: (order.index(_key(line)[0]), _key(line)[1]))
    head = ["| " + " | ".join(HEADER) + " |", "| " + " | ".join(["---"] * len(HEADER)) + " |"]
    return before + "\n".join([BEGIN, *head, *table, END]) + after


def _line(fault: str, row: Row, database: str) -> str:
    sums = row.balance
    runs = f"{sums.runs:,}" + (f", and {row.failed} failed" if row.failed else "")
    figures = [
        sums.given, sums.confirmed, sums.explained, sums.lost, sums.applied_twice, sums.differing,
    ]  # fmt: skip
    told = [runs, *(f"{figure:,}" for figure in figures)]
    if row == Row():
        told = [_NOT_RUN, *[""] * len(figures)]
    return "| " + " | ".join([fault, FAULTS[fault], database, *told]) + " |"


def _is_row(line: str) -> bool:
    return line.startswith("| ") and _key(line)[0] in FAULTS


def _key(line: str) -> tuple[str, str]:
    cells = [cell.strip() for cell in line.split("|")]
    return cells[1], cells[3]

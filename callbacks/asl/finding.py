"""What lint says of a definition: a stable code, how bad it is, where, why, and what mends it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

# Names and paths of a definition stand in messages; nobody reads longer ones.
_LONGEST_NAME = 80
_YEAR = 366 * 86_400


class Severity(StrEnum):
    """The worst first."""

    # It hangs, or no answer can be right.
    ERROR = "error"
    # Some answer, or the lack of one, ends badly.
    WARNING = "warning"
    # Worth knowing; often meant so.
    NOTE = "note"

    @property
    def rank(self) -> int:
        return tuple(Severity).index(self)


@dataclass(frozen=True, slots=True)
class Finding:
    """`state` is empty where it is about the whole machine; `title` is the message in few words.

    `field` is the field of the state, or else of the machine, that is to be looked at; empty where
    the fault is what is not there.
    """

    code: str
    severity: Severity
    state: str
    title: str
    message: str
    mend: str
    field: str = ""


def quoted(name: object) -> str:
    """A name of the definition, for a message."""
    text = str(name)
    cut = text if len(text) <= _LONGEST_NAME else f"{text[:_LONGEST_NAME]}…"
    return f"“{cut}”"


def in_words(seconds: int) -> str:
    """A span in the largest unit that says it in whole numbers."""
    if seconds > _YEAR:
        return "more than a year"
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds and seconds % size == 0:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"

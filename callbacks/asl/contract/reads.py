"""What states read of an answer: where, as what, and whether they fail without it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from callbacks.asl.contract.carried import Carried, Part, Place
from callbacks.asl.language.values import Json

STRING, NUMBER, BOOLEAN, ARRAY, TIMESTAMP = "string", "number", "boolean", "array", "timestamp"
# A definition that reads more of one answer is no contract that a person could follow.
MOST_READS = 200


@dataclass(frozen=True, slots=True)
class Read:
    """`kind`: what it has to be for the state to work with it, "" where any value will do."""

    place: Place
    state: str
    kind: str = ""
    # What it is compared with.
    values: tuple[Json, ...] = ()
    # One of `values`, or the run fails.
    is_closed: bool = False
    # On every way the state fails without it.
    is_needed: bool = False
    # Names of it may reach into the items of lists, as JSONata's do.
    is_loose: bool = False


@dataclass(slots=True)
class Reads:
    """Those of one walk, each once."""

    found: dict[Read, None] = field(default_factory=dict)

    @property
    def is_full(self) -> bool:
        return len(self.found) >= MOST_READS

    def note(
        self,
        value: Carried,
        state: str,
        *,
        kind: str = "",
        values: Iterable[Json] = (),
        is_closed: bool = False,
        is_needed: bool = False,
        is_loose: bool = False,
    ) -> None:
        """That `state` reads this value; the answer as a whole says nothing about its form."""
        if isinstance(value, Part) and value.place and not self.is_full:
            read = Read(value.place, state, kind, tuple(values), is_closed, is_needed, is_loose)
            self.found[read] = None

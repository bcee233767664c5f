"""Which states a run entered and left, from events that were read for a page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.utils.translation import gettext as _

from callbacks.sync.live import LiveEvent
from callbacks.templatetags.words import span

ENTERED, LEFT = "StateEntered", "StateExited"


@dataclass(frozen=True, slots=True)
class Visits:
    """`is_whole`: the events go back to the start of the run, so that nothing is missing."""

    entries: Mapping[str, Sequence[datetime]] = field(default_factory=dict)
    exits: Mapping[str, Sequence[datetime]] = field(default_factory=dict)
    is_whole: bool = False

    @property
    def left(self) -> set[str]:
        return set(self.exits)

    @property
    def open(self) -> set[str]:
        """More often entered than left."""
        return {
            name
            for name, entries in self.entries.items()
            if len(entries) > len(self.exits.get(name, ()))
        }

    def words(self, name: str) -> str:
        """How long it took, or how often it ran; nothing where that is not known, or no time."""
        entries, exits = self.entries.get(name, ()), self.exits.get(name, ())
        if len(entries) == 1 and len(exits) == 1:
            seconds = (exits[0] - entries[0]).total_seconds()
            return _("ran %(time)s") % {"time": took(seconds)} if seconds >= 0.05 else ""
        if len(exits) > 1 and self.is_whole:
            return _("ran %(n)d times") % {"n": len(exits)}
        return ""


def visits_of(events: Iterable[LiveEvent]) -> Visits:
    entries: dict[str, list[datetime]] = {}
    exits: dict[str, list[datetime]] = {}
    is_whole = False
    for event in events:
        is_whole = is_whole or event.id == 1
        if event.state and event.type.endswith(ENTERED):
            entries.setdefault(event.state, []).append(event.at)
        elif event.state and event.type.endswith(LEFT):
            exits.setdefault(event.state, []).append(event.at)
    return Visits(entries, exits, is_whole)


def took(seconds: float) -> str:
    """A short time to a tenth: "0.4 s", "26 min"."""
    if seconds < 9.95:
        return _("%(n).1f s") % {"n": max(0.0, seconds)}
    return span(seconds)

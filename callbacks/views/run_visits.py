"""Which states a run entered and left, from events that were read for a page."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from callbacks.sync.live import LiveEvent
from callbacks.templatetags.words import span

ENTERED, LEFT = "StateEntered", "StateExited"


@dataclass(frozen=True, slots=True)
class Visits:
    """`is_whole`: the events go back to the start of the run, so that nothing is missing."""

    entries: Mapping[str, Sequence[LiveEvent]] = field(default_factory=dict)
    exits: Mapping[str, Sequence[LiveEvent]] = field(default_factory=dict)
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
        seconds = self.seconds(name)
        if seconds is not None:
            return _("ran %(time)s") % {"time": took(seconds)} if seconds >= 0.05 else ""
        count = len(self.exits.get(name, ()))
        return _("ran %(n)d times") % {"n": count} if count > 1 and self.is_whole else ""

    def seconds(self, name: str) -> float | None:
        """How long it took, where it was entered and left once: else they cannot be paired."""
        entries, exits = self.entries.get(name, ()), self.exits.get(name, ())
        if len(entries) == 1 and len(exits) == 1:
            return (exits[0].at - entries[0].at).total_seconds()
        return None


def visits_of(events: Iterable[LiveEvent]) -> Visits:
    entries: dict[str, list[LiveEvent]] = {}
    exits: dict[str, list[LiveEvent]] = {}
    is_whole = False
    for event in events:
        is_whole = is_whole or event.id == 1
        if event.state and event.type.endswith(ENTERED):
            entries.setdefault(event.state, []).append(event)
        elif event.state and event.type.endswith(LEFT):
            exits.setdefault(event.state, []).append(event)
    return Visits(entries, exits, is_whole)


def steps_of(visits: Visits, *, but: Container[str]) -> Iterator[tuple[LiveEvent, str]]:
    """Event and words of every step that was left, or entered and not left yet."""
    for name, exits in visits.exits.items():
        seconds = visits.seconds(name) or 0
        words = _("done in %(time)s") % {"time": took(seconds)} if seconds >= 0.05 else _("done")
        if name not in but:
            yield from ((event, words) for event in exits)
    for name in visits.open:
        if name not in but:
            yield max(visits.entries[name], key=lambda event: event.id), _("entered")


def took(seconds: float) -> str:
    """A short time to a tenth: "0.4 s", "26 min"."""
    if seconds < 9.95:
        return _("%(n).1f s") % {"n": max(0.0, seconds)}
    return span(seconds)

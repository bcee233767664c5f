"""How each state and way of a drawn graph looks, by where the run stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from callbacks.asl.definition import Definition, State
from callbacks.asl.drawing import Edge, Graph, Level, Way
from callbacks.asl.progress import Behind, Mark
from callbacks.views.graph_words import Look, look_words

_ENTERED = (Mark.RAN, Mark.WAITING, Mark.FAILED, Mark.INSIDE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tones:
    """Classes of the stylesheet, and the second line of a node, which says the same in words."""

    definition: Definition
    graph: Graph
    looks: Mapping[str, Look]
    behind: Behind | None
    is_run: bool

    def look(self, name: str) -> Look:
        return self.looks.get(name, Look())

    def note(self, state: State, *, is_short: bool = True) -> str:
        look = self.look(state.name)
        return look_words(state, look, self.behind, is_run=self.is_run, is_short=is_short)

    def of_state(self, name: str) -> str:
        mark = self.look(name).mark
        if self.behind is None or mark not in (Mark.AHEAD, Mark.UNKNOWN):
            return str(mark)
        yes, no = name in self.behind.yes, name in self.behind.no
        return f"{mark} {'yes' if yes else 'no'}" if yes != no else str(mark)

    def of_edge(self, edge: Edge) -> str:
        """Empty for a way of which nothing is known."""
        if edge.way is Way.CATCH:
            return "catch"
        if self.behind is not None and edge.source == self.behind.state:
            return "yes"
        return "done" if self.is_run and self._was_taken(edge) else ""

    def of_start(self, level: Level) -> str:
        return "done" if self.is_run and self._is_entered(level.start) else ""

    def _was_taken(self, edge: Edge) -> bool:
        """Surely: its source ran, its target was entered, and no other way out was."""
        if self.look(edge.source).mark is not Mark.RAN or not self._is_entered(edge.target):
            return False
        level = self.graph.level_of(self.definition.states[edge.source])
        others = (e for e in level.edges if e.source == edge.source and e.target != edge.target)
        return all(e.target is not None and self.look(e.target).mark is Mark.AHEAD for e in others)

    def _is_entered(self, name: str | None) -> bool:
        return name is not None and self.look(name).mark in _ENTERED

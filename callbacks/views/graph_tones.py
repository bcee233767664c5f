"""How each state and way of a drawn graph looks, by where the run stands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from callbacks.asl.definition import State
from callbacks.asl.drawing import Edge, Graph, Level, Way
from callbacks.asl.progress import Behind, Mark
from callbacks.views.graph_words import Look, look_words

_ENTERED = (Mark.RAN, Mark.WAITING, Mark.FAILED, Mark.INSIDE)


class Tones:
    """Classes of the stylesheet, and the second line of a node, which says the same in words.

    `is_run`: the looks are those of one run; `is_done`: it came to its end.
    """

    def __init__(
        self,
        *,
        graph: Graph,
        looks: Mapping[str, Look],
        behind: Behind | None,
        is_run: bool,
        is_done: bool,
    ) -> None:
        self._looks = looks
        self._behind = behind
        self._is_run = is_run
        self._is_done = is_done
        self._starts = {level.start for level in graph.levels}
        edges = [edge for level in graph.levels for edge in level.edges]
        self._ways_in = Counter(edge.target for edge in edges)
        self._ways_out: dict[str, list[Edge]] = {}
        for edge in edges:
            self._ways_out.setdefault(edge.source, []).append(edge)

    def look(self, name: str) -> Look:
        return self._looks.get(name, Look())

    def note(self, state: State, *, is_short: bool = True) -> str:
        look = self.look(state.name)
        return look_words(state, look, self._behind, is_run=self._is_run, is_short=is_short)

    def of_state(self, name: str) -> str:
        mark = self.look(name).mark
        if self._behind is None or mark not in (Mark.AHEAD, Mark.UNKNOWN):
            return str(mark)
        yes, no = name in self._behind.yes, name in self._behind.no
        return f"{mark} {'yes' if yes else 'no'}" if yes != no else str(mark)

    def of_edge(self, edge: Edge) -> str:
        """Empty for a way of which nothing is known."""
        if edge.way is Way.CATCH:
            return "catch"
        if self._behind is not None and edge.source == self._behind.state:
            return "yes"
        return "done" if self._is_run and self._was_taken(edge) else ""

    def of_start(self, level: Level) -> str:
        return "done" if self._is_run and self._is_entered(level.start) else ""

    def _was_taken(self, edge: Edge) -> bool:
        """Surely: its source ran, its target was entered, and no other way leads in, or led out."""
        if self.look(edge.source).mark is not Mark.RAN:
            return False
        if edge.target is None:
            return self._is_done and len(self._ways_out[edge.source]) == 1
        if not self._is_entered(edge.target):
            return False
        if self._ways_in[edge.target] == 1 and edge.target not in self._starts:
            return True
        others = (e for e in self._ways_out[edge.source] if e.target != edge.target)
        return all(e.target is not None and self.look(e.target).mark is Mark.AHEAD for e in others)

    def _is_entered(self, name: str | None) -> bool:
        return name is not None and self.look(name).mark in _ENTERED

"""A state machine as a picture: SVG drawn here, without script, and the same as a list.

Input is a Definition and a Look per state, from whoever knows: run_graph.py of a run.
Everything is text and numbers, which templates/parts/graph.html escapes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from callbacks.asl.definition import Definition
from callbacks.asl.drawing import Edge, Graph, Level, Way, graph_of
from callbacks.asl.layering import Box, TooLarge
from callbacks.asl.progress import Behind
from callbacks.asl.ranking import Line
from callbacks.asl.routing import Layout, Spot, lay_out
from callbacks.views.graph_list import Entry, entries_of
from callbacks.views.graph_parts import AROUND_TEXT, PILL, Node, Stroke, Word, head, path, pill
from callbacks.views.graph_tones import Tones
from callbacks.views.graph_words import (
    Look,
    edge_words,
    icon_of,
    legend_of,
    name_words,
    text_width,
    title_words,
)

MARGIN = 12
NODE_HEIGHT = 44
NARROWEST, WIDEST = 108, 260
# Of a Parallel's or Map's frame around what is inside.
FRAME, FRAME_TOP, BETWEEN = 18, 32, 24


@dataclass(slots=True)
class Picture:
    """What templates/parts/graph.html takes. Without a size it is too large, and only a list."""

    title: str
    description: str
    entries: Sequence[Entry]
    more: int
    legend: Sequence[tuple[str, str]] = ()
    width: int = 0
    height: int = 0
    nodes: list[Node] = field(default_factory=list)
    strokes: list[Stroke] = field(default_factory=list)
    words: list[Word] = field(default_factory=list)


def picture_of(
    *,
    definition: Definition,
    looks: Mapping[str, Look],
    description: str = "",
    behind: Behind | None = None,
    is_run: bool = False,
    is_done: bool = False,
    graph: Graph | None = None,
) -> Picture:
    """Draw it. `is_run`: the looks are where one run stands, so that its way can be drawn too.

    `is_done`: that run came to its end.
    """
    graph = graph or graph_of(definition)
    entries, more = entries_of(
        definition=definition, graph=graph, looks=looks, behind=behind, is_run=is_run
    )
    picture = Picture(
        title=title_words(len(definition.states)),
        description=description,
        entries=entries,
        more=more,
        legend=legend_of({look.mark for look in looks.values()}, graph, behind) if is_run else (),
    )
    if graph.is_too_large:
        return picture
    tones = Tones(graph=graph, looks=looks, behind=behind, is_run=is_run, is_done=is_done)
    try:
        _Drawing(definition, graph, tones).fill(picture)
    except TooLarge:
        return picture
    return picture


class _Drawing:
    def __init__(self, definition: Definition, graph: Graph, tones: Tones) -> None:
        self._definition = definition
        self._graph = graph
        self._tones = tones
        self._numbers = {
            name: number
            for number, name in enumerate(n for level in graph.levels for n in level.states)
        }
        self._boxes: dict[str, Box] = {}
        self._laid: dict[int, tuple[Layout, Sequence[Edge | None]]] = {}
        self._inside = {
            name: [at for at, one in enumerate(graph.levels) if one.container == name]
            for name in {level.container for level in graph.levels} - {None}
        }

    def fill(self, picture: Picture) -> None:
        """Raises TooLarge."""
        levels = self._graph.levels
        # What is inside first: its size is that of its frame.
        for number in reversed(range(len(levels))):
            self._laid[number] = self._lay_out(levels[number])
        origins: dict[int, Spot] = {0: (MARGIN, MARGIN)}
        for number, level in enumerate(levels):
            self._draw(picture, level, self._laid[number], origins[number], origins)
        whole = self._laid[0][0]
        picture.width = round(whole.width + 2 * MARGIN + 16)
        picture.height = round(whole.height + 2 * MARGIN)

    # --- sizes and places
    def _lay_out(self, level: Level) -> tuple[Layout, Sequence[Edge | None]]:
        is_top = level.container is None
        place = {name: at + is_top for at, name in enumerate(level.states)}
        boxes = [self._box(name) for name in level.states]
        lines, edges = self._lines(level, place)
        if is_top:
            boxes = [PILL, *boxes]
            ends = [edge for edge in level.edges if edge.target is None]
            if ends:
                boxes.append(PILL)
                lines += [
                    Line(place[e.source], len(boxes) - 1, self._tones.of_edge(e)) for e in ends
                ]
                edges += ends
            lines.insert(0, Line(0, 1, "begin"))
            edges.insert(0, None)
        return lay_out(boxes=boxes, lines=lines), edges

    def _lines(
        self, level: Level, place: Mapping[str, int]
    ) -> tuple[list[Line], list[Edge | None]]:
        edges = [edge for edge in level.edges if edge.target is not None]
        lines = [
            Line(
                source=place[edge.source],
                target=place[edge.target or ""],
                group=self._tones.of_edge(edge),
                label=text_width(edge_words(edge), 11),
                is_side=edge.way is Way.CATCH,
            )
            for edge in edges
        ]
        return lines, list(edges)

    def _box(self, name: str) -> Box:
        if name in self._inside:
            self._boxes[name] = self._frame(name)
        elif name not in self._boxes:
            state = self._definition.states[name]
            words = max(text_width(name_words(name), 12), text_width(self._tones.note(state), 10))
            width = min(max(NARROWEST, words + AROUND_TEXT), WIDEST)
            self._boxes[name] = Box(width, NODE_HEIGHT)
        return self._boxes[name]

    def _frame(self, name: str) -> Box:
        layouts = [self._laid[at][0] for at in self._inside[name]]
        inside = sum(one.width for one in layouts) + BETWEEN * (len(layouts) - 1)
        title = text_width(self._frame_title(name), 11) + 48
        return Box(
            max(inside, title) + 2 * FRAME, max(one.height for one in layouts) + FRAME_TOP + FRAME
        )

    def _frame_title(self, name: str) -> str:
        return f"{name_words(name)} · {self._tones.note(self._definition.states[name])}"

    # --- the drawing
    def _draw(
        self,
        picture: Picture,
        level: Level,
        laid: tuple[Layout, Sequence[Edge | None]],
        origin: Spot,
        origins: dict[int, Spot],
    ) -> None:
        layout, edges = laid
        is_top = level.container is None
        centres = [(x + origin[0], y + origin[1]) for x, y in layout.centres]
        if is_top:
            picture.nodes.append(pill(centres[0], _("Start")))
            if len(centres) > len(level.states) + 1:
                picture.nodes.append(pill(centres[-1], _("End")))
        for name, centre in zip(level.states, centres[is_top:], strict=False):
            self._draw_state(picture, name, centre, origins)
        for route, edge in zip(layout.routes, edges, strict=True):
            tone = self._tones.of_edge(edge) if edge is not None else self._tones.of_start(level)
            spots = [(x + origin[0], y + origin[1]) for x, y in route.spots]
            tip = head(spots) if route.has_end else ""
            picture.strokes.append(Stroke(path(spots), tip, tone))
            if route.label is not None and edge is not None:
                x, y = route.label
                picture.words.append(Word(x + origin[0], y + origin[1] + 4, edge_words(edge)))

    def _draw_state(
        self, picture: Picture, name: str, centre: Spot, origins: dict[int, Spot]
    ) -> None:
        box, state = self._boxes[name], self._definition.states[name]
        x, y = centre[0] - box.width / 2, centre[1] - box.height / 2
        is_frame = name in self._inside
        picture.nodes.append(
            Node(
                number=self._numbers[name],
                x=round(x, 1),
                y=round(y, 1),
                width=round(box.width, 1),
                height=box.height,
                tone=self._tones.of_state(name),
                name=self._frame_title(name) if is_frame else name_words(name),
                note="" if is_frame else self._tones.note(state),
                icon=icon_of(state, self._tones.look(name).mark),
                says=self._tones.note(state, is_short=False),
                is_frame=is_frame,
            )
        )
        inside = self._inside.get(name, ())
        wide = sum(self._laid[at][0].width for at in inside) + BETWEEN * (len(inside) - 1)
        left = x + (box.width - wide) / 2
        for at in inside:
            origins[at] = (left, y + FRAME_TOP)
            left += self._laid[at][0].width + BETWEEN

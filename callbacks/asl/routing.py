"""The lines of a layered drawing as points: straight through the layers, bent between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from callbacks.asl.layering import Box, Net
from callbacks.asl.ranking import Line

Spot: TypeAlias = tuple[float, float]

# Between layers, and beside a layer that holds only words and bends.
GAP, SMALL_GAP = 38.0, 14.0
# Between lines that begin or end at one box.
PORT = 14.0
LOOP = 14.0


@dataclass(frozen=True, slots=True)
class Route:
    """A line from source to target; one that joins another has no end of its own."""

    spots: tuple[Spot, ...]
    has_end: bool
    label: Spot | None


@dataclass(frozen=True, slots=True)
class Layout:
    """Centres of the boxes and the ways of the lines, in the order in which they were given."""

    width: float
    height: float
    centres: tuple[Spot, ...]
    routes: tuple[Route, ...]


def lay_out(*, boxes: Sequence[Box], lines: Sequence[Line]) -> Layout:
    """Place them from top to bottom: the first box, and what nothing leads to, on top.

    Raises layering.TooLarge.
    """
    return _Drawing(Net(boxes, lines)).layout()


class _Drawing:
    def __init__(self, net: Net) -> None:
        self._net = net
        self._tops: list[float] = []
        self._bottoms: list[float] = []
        self._stack()
        self._ports = self._ports_of_boxes()
        self._shared = set(net.trunks.values())
        self._used: set[int] = set()

    def layout(self) -> Layout:
        net = self._net
        routes = tuple(self._route(number) for number in range(len(net.lines)))
        left = min(point.x - point.width / 2 for point in net.points)
        right = max(point.x + point.width / 2 for point in net.points)
        boxes = net.points[: net.count]
        return Layout(
            width=right - left,
            height=self._bottoms[-1],
            centres=tuple((box.x - left, self._middle(box.rank)) for box in boxes),
            routes=tuple(_moved(route, -left) for route in routes),
        )

    def _stack(self) -> None:
        at, was_small = 0.0, False
        for rank, layer in enumerate(self._net.layers):
            is_small = all(self._net.points[number].is_bend for number in layer)
            if rank:
                at += SMALL_GAP if is_small or was_small else GAP
            self._tops.append(at)
            at += max((self._net.points[number].height for number in layer), default=0.0)
            self._bottoms.append(at)
            was_small = is_small

    def _middle(self, rank: int) -> float:
        return (self._tops[rank] + self._bottoms[rank]) / 2

    def _ports_of_boxes(self) -> Mapping[tuple[int, int], float]:
        """Where on a box's edge the line to or from a neighbour begins: side by side."""
        points = self._net.points
        ports: dict[tuple[int, int], float] = {}
        for number, box in enumerate(points[: self._net.count]):
            for around in (box.above, box.below):
                step = min(PORT, box.width * 0.7 / max(1, len(around)))
                beside = sorted(around, key=lambda one: points[one].x)
                main = [at for at, one in enumerate(beside) if self._net.pull(number, one) == 1]
                # The only main line keeps the middle.
                middle = main[0] if len(main) == 1 else (len(beside) - 1) / 2
                for at, one in enumerate(beside):
                    away = max(-0.45 * box.width, min(0.45 * box.width, (at - middle) * step))
                    ports[number, one] = box.x + away
        return ports

    def _route(self, number: int) -> Route:
        way = self._net.ways[number]
        if not way:
            return self._loop(self._net.lines[number].source)
        stops = [self._through(way, at) for at in range(len(way))]
        if self._net.turned[number]:
            way, stops = way[::-1], [stop[::-1] for stop in reversed(stops)]
        # Up to where it meets one that is drawn already.
        joint = next((at for at, one in enumerate(way) if one in self._used), None)
        self._used.update(self._shared.intersection(way))
        spots = [spot for stop in stops[:joint] for spot in stop]
        if joint is not None:
            spots.append(stops[joint][0])
        return Route(_without_repeats(spots), has_end=joint is None, label=self._label(way))

    def _through(self, way: Sequence[int], at: int) -> tuple[Spot, ...]:
        """The part of the line in one layer, from its top to its bottom."""
        point = self._net.points[way[at]]
        top, bottom, half = self._tops[point.rank], self._bottoms[point.rank], point.height / 2
        if at == 0:
            x = self._ports[way[0], way[1]]
            return (x, self._middle(point.rank) + half), (x, bottom)
        if at == len(way) - 1:
            x = self._ports[way[-1], way[-2]]
            return (x, top), (x, self._middle(point.rank) - half)
        return (point.x, top), (point.x, bottom)

    def _loop(self, number: int) -> Route:
        """A box that leads to itself: out at its right side, and back in."""
        box = self._net.points[number]
        x, y = box.x + box.width / 2, self._middle(box.rank)
        return Route(((x, y + 10), (x + LOOP, y), (x, y - 10)), has_end=True, label=None)

    def _label(self, way: Sequence[int]) -> Spot | None:
        for number in way[1:-1]:
            point = self._net.points[number]
            if point.width:
                return point.x, self._middle(point.rank)
        return None


def _without_repeats(spots: Sequence[Spot]) -> tuple[Spot, ...]:
    return tuple(spot for at, spot in enumerate(spots) if at == 0 or spot != spots[at - 1])


def _moved(route: Route, by: float) -> Route:
    return Route(
        tuple((x + by, y) for x, y in route.spots),
        route.has_end,
        None if route.label is None else (route.label[0] + by, route.label[1]),
    )

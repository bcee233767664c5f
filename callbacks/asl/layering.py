"""Where boxes and the lines between them go: a layered drawing, made in one pass on the server.

Written here, as no library fits: grandalf (the one in pure Python) takes 5 to 9 s for 300 states
that all lead to one Catch and puts them elsewhere each time; igraph and Graphviz need C, and the
first is under the GPL; dagre would need a script. The steps are Sugiyama's (IEEE SMC-11, 1981):
turn backward lines round, longest path for the layers, barycentres for the order. Positions in a
layer are the least squares of the wished ones (pool adjacent violators). Lines of one group to
one target run together from where they meet, so that a Catch of all states is one trunk and the
number of points stays bounded.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from callbacks.asl.ranking import Line, backward, ranks_of

MOST_POINTS = 6_000
SWEEPS = 8
BESIDE, BESIDE_LINES = 28.0, 14.0
LABEL_HEIGHT = 16.0
# How little words and lines at the side move others, against 1 of a box; main lines move those.
WORDS, SIDE, BEND = 0.0001, 0.002, 4.0


class TooLarge(ValueError):
    """More bends than a picture can hold."""


@dataclass(frozen=True, slots=True)
class Box:
    width: float
    height: float


@dataclass(slots=True)
class Point:
    """A box, the words of a line, or the bend of a line in a layer that it passes."""

    width: float
    height: float
    rank: int
    is_bend: bool = False
    x: float = 0.0
    # How little it gives way to others in its layer.
    weight: float = 1.0
    above: list[int] = field(default_factory=list)
    below: list[int] = field(default_factory=list)


class Net:
    """Boxes and lines in layers, ordered and placed; where the lines run, routing.py says.

    `points` begins with the boxes, `ways` has the points of each line from its upper box to its
    lower one. Raises TooLarge.
    """

    def __init__(self, boxes: Sequence[Box], lines: Sequence[Line]) -> None:
        self.lines = lines
        self.count = len(boxes)
        self.turned = backward(len(boxes), lines)
        ranks = ranks_of(len(boxes), lines, self.turned)
        self.points = [
            Point(box.width, box.height, rank) for box, rank in zip(boxes, ranks, strict=True)
        ]
        self.trunks: dict[tuple[int, bool, str, int], int] = {}
        # How strongly two points in neighbouring layers draw each other below one another.
        self._pulls: dict[tuple[int, int], float] = {}
        self.ways = [self._way(number) for number in range(len(lines))]
        self.layers: list[list[int]] = [[] for _ in range(1 + max(p.rank for p in self.points))]
        self._order_layers()
        self._place()

    # --- lines as chains of points, one in each layer, from the upper box to the lower
    def _way(self, number: int) -> list[int]:
        line, is_turned = self.lines[number], self.turned[number]
        if line.source == line.target:
            return []
        upper, lower = (line.target, line.source) if is_turned else (line.source, line.target)
        first, last = self.points[upper].rank, self.points[lower].rank
        # Words stand beside the box that the line comes from.
        worded = (last - 1 if is_turned else first + 1) if line.label else None
        way = [upper]
        for rank in range(first + 1, last):
            if rank == worded:
                way.append(self._add(Point(line.label, LABEL_HEIGHT, rank, weight=WORDS)))
            else:
                bend = Point(0, 0, rank, weight=SIDE if line.is_side else BEND)
                way.append(self._trunk((line.target, is_turned, line.group, rank), bend))
        way.append(lower)
        for above, below in pairwise(way):
            if (above, below) not in self._pulls:
                self.points[above].below.append(below)
                self.points[below].above.append(above)
                self._pulls[above, below] = SIDE
            if not line.is_side:
                self._pulls[above, below] = 1.0
        return way

    def _trunk(self, key: tuple[int, bool, str, int], bend: Point) -> int:
        if key not in self.trunks:
            self.trunks[key] = self._add(bend)
        return self.trunks[key]

    def _add(self, point: Point) -> int:
        if len(self.points) >= MOST_POINTS:
            raise TooLarge
        point.is_bend = True
        self.points.append(point)
        return len(self.points) - 1

    # --- the order within a layer
    def _order_layers(self) -> None:
        """Few crossings: each point goes to the mean of its neighbours', layer by layer."""
        self._fill()
        best, fewest = [list(layer) for layer in self.layers], self._crossings()
        for sweep in range(SWEEPS):
            if fewest == 0:
                break
            self._sweep(is_down=sweep % 2 == 0)
            crossings = self._crossings()
            if crossings < fewest:
                best, fewest = [list(layer) for layer in self.layers], crossings
        self.layers = best

    def _fill(self) -> None:
        """As a walk from the first box finds them, which keeps what belongs together together."""
        found: set[int] = set()
        for begin in range(len(self.points)):
            waiting = [begin]
            while waiting:
                number = waiting.pop()
                if number not in found:
                    found.add(number)
                    self.layers[self.points[number].rank].append(number)
                    waiting.extend(reversed(self.points[number].below))

    def _sweep(self, *, is_down: bool) -> None:
        ranks = range(1, len(self.layers))
        for rank in ranks if is_down else reversed(range(len(self.layers) - 1)):
            beside = self.layers[rank - 1 if is_down else rank + 1]
            place = {number: at for at, number in enumerate(beside)}
            here = {number: float(at) for at, number in enumerate(self.layers[rank])}
            for number in here:
                point = self.points[number]
                around = point.above if is_down else point.below
                if around:
                    here[number] = sum(place[one] for one in around) / len(around)
            self.layers[rank].sort(key=here.__getitem__)

    def _crossings(self) -> int:
        count = 0
        for upper, lower in pairwise(self.layers):
            place = {number: at for at, number in enumerate(lower)}
            ends: list[int] = []
            for number in upper:
                targets = sorted(place[one] for one in self.points[number].below)
                count += sum(len(ends) - bisect_left(ends, target + 1) for target in targets)
                for target in targets:
                    insort(ends, target)
        return count

    # --- how far to the right
    def _place(self) -> None:
        """Near the neighbours, long lines straight before all else."""
        for layer in self.layers:
            self._settle(layer, {number: self.points[number].x for number in layer})
        for sweep in range(2 * SWEEPS):
            layers = self.layers if sweep % 2 == 0 else list(reversed(self.layers))
            for layer in layers:
                self._settle(layer, {number: self._wish(number, sweep) for number in layer})

        # What follows one thing only stands exactly below it.
        for layer in self.layers[1:]:
            self._settle(layer, {number: self._straight(number) for number in layer})

    def _straight(self, number: int) -> float:
        point = self.points[number]
        bends = [one for one in point.above if self.points[one].is_bend]
        if point.is_bend and bends:
            return self.points[bends[0]].x
        above = [one for one in point.above if self.pull(number, one) == 1]
        if point.is_bend and point.above and not above:
            # Words at the side: beside the box that they are of.
            return self.points[point.above[0]].x
        if len(above) == 1:
            beside = [one for one in self.points[above[0]].below if self.pull(above[0], one) == 1]
            if len(beside) == 1:
                return self.points[above[0]].x
        return point.x

    def _wish(self, number: int, sweep: int) -> float:
        point = self.points[number]
        # At first only from one side, so that what is known moves through the whole picture.
        sides = (point.above, point.below) if sweep % 2 == 0 else (point.below, point.above)
        around = sides[0] or sides[1] if sweep < SWEEPS else [*point.above, *point.below]
        if point.is_bend:
            # A long line is straight, whatever joins it on its way.
            around = [one for one in around if self.points[one].is_bend] or around
        if not around:
            return point.x
        weights = [self.pull(number, one) for one in around]
        wished = sum(w * self.points[one].x for w, one in zip(weights, around, strict=True))
        return wished / sum(weights)

    def pull(self, one: int, other: int) -> float:
        """1 between points of a main line, little between those of one at the side."""
        return self._pulls.get((one, other)) or self._pulls[other, one]

    def _settle(self, layer: Sequence[int], wishes: Mapping[int, float]) -> None:
        offsets = [0.0]
        for left, right in pairwise(layer):
            offsets.append(offsets[-1] + self._apart(self.points[left], self.points[right]))
        weights = [self.points[number].weight for number in layer]
        wanted = [wishes[number] - offset for number, offset in zip(layer, offsets, strict=True)]
        for number, x, offset in zip(layer, rising(wanted, weights), offsets, strict=True):
            self.points[number].x = x + offset

    @staticmethod
    def _apart(left: Point, right: Point) -> float:
        gap = BESIDE_LINES if left.is_bend and right.is_bend else BESIDE
        return (left.width + right.width) / 2 + gap


def rising(wanted: Sequence[float], weights: Sequence[float]) -> list[float]:
    """The numbers nearest to the wanted ones, by weighted squares, of which none is below the last.

    Pool adjacent violators (Ayer et al., 1955).
    """
    pools: list[tuple[float, float, int]] = []
    for value, weight in zip(wanted, weights, strict=True):
        mean, total, count = value, weight, 1
        while pools and pools[-1][0] > mean:
            before, heavy, many = pools.pop()
            mean = (before * heavy + mean * total) / (heavy + total)
            total, count = total + heavy, count + many
        pools.append((mean, total, count))
    return [mean for mean, _total, count in pools for _ in range(count)]

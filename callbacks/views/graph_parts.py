"""What a drawn state graph is made of: nodes, strokes and words, in numbers and text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from callbacks.asl.layering import Box
from callbacks.asl.routing import Spot

PILL = Box(52, 26)
# Beside the text of a node: its icon, and what is free on both sides.
AROUND_TEXT = 52


@dataclass(frozen=True, slots=True)
class Node:
    """`number` is its place in the list, which its link leads to; -1 for Start and End."""

    number: int
    x: float
    y: float
    width: float
    height: float
    tone: str
    name: str
    note: str = ""
    icon: str = ""
    says: str = ""
    is_frame: bool = False

    @property
    def is_pill(self) -> bool:
        return self.number < 0

    @property
    def label(self) -> str:
        """Its accessible name."""
        return f"{self.name}: {self.says}" if self.says else self.name

    @property
    def text_x(self) -> float:
        if self.is_frame:
            return self.x + 36
        if self.is_pill:
            return self.x + self.width / 2
        return round(self.x + 34 + (self.width - AROUND_TEXT + 6) / 2, 1)

    @property
    def name_y(self) -> float:
        return self.y + (17 if self.is_pill else 20 if self.is_frame else 19)

    @property
    def note_y(self) -> float:
        return self.y + 34

    @property
    def icon_x(self) -> float:
        return self.x + 12

    @property
    def icon_y(self) -> float:
        return self.y + (8 if self.is_frame else 14)


@dataclass(frozen=True, slots=True)
class Stroke:
    d: str
    head: str
    tone: str


@dataclass(frozen=True, slots=True)
class Word:
    x: float
    y: float
    text: str


def pill(centre: Spot, name: str) -> Node:
    """Where a run starts or ends."""
    x, y = centre[0] - PILL.width / 2, centre[1] - PILL.height / 2
    return Node(-1, round(x, 1), round(y, 1), PILL.width, PILL.height, "pill", name)


def path(spots: Sequence[Spot]) -> str:
    """An SVG path: straight downwards, bent to the side."""
    (x, y), *others = spots
    parts = [f"M{x:.1f} {y:.1f}"]
    for to_x, to_y in others:
        if abs(to_x - x) < 0.05:
            parts.append(f"V{to_y:.1f}")
        else:
            middle = (y + to_y) / 2
            parts.append(f"C{x:.1f} {middle:.1f} {to_x:.1f} {middle:.1f} {to_x:.1f} {to_y:.1f}")
        x, y = to_x, to_y
    return "".join(parts)


def head(spots: Sequence[Spot]) -> str:
    """A triangle whose tip is where the line ends; lines end upwards only on a way back."""
    x, y = spots[-1]
    back = -9 if len(spots) < 2 or spots[-2][1] <= y else 9
    return f"M{x:.1f} {y:.1f}l-4.5 {back}h9z"

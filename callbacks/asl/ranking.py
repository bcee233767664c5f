"""Which layer of a drawing each box goes to: after everything that leads to it, circles undone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Line:
    """From one box to another, by their numbers; `label` is the width of its words.

    Lines of one group that lead to the same box may run together. One at the side does not pull
    its ends below each other.
    """

    source: int
    target: int
    group: str = ""
    label: float = 0
    is_side: bool = False


def backward(count: int, lines: Sequence[Line]) -> Sequence[bool]:
    """Which lines lead back to where the walk to them came through; turned, no circle is left."""
    onward: list[list[tuple[int, int]]] = [[] for _ in range(count)]
    for number, line in enumerate(lines):
        onward[line.source].append((number, line.target))
    turned = [False] * len(lines)
    done: set[int] = set()
    for begin in range(count):
        walk = [] if begin in done else [(begin, iter(onward[begin]))]
        open_ = {begin} if walk else set()
        done.update(open_)
        while walk:
            here, ways = walk[-1]
            number, target = next(ways, (-1, -1))
            if number < 0:
                walk.pop()
                open_.discard(here)
            elif target in open_:
                turned[number] = True
            elif target not in done:
                done.add(target)
                open_.add(target)
                walk.append((target, iter(onward[target])))
    return turned


def ranks_of(count: int, lines: Sequence[Line], turned: Sequence[bool]) -> list[int]:
    """The longest way to each box; words on a line take a layer of their own."""
    onward: list[list[tuple[int, int]]] = [[] for _ in range(count)]
    missing = [0] * count
    for line, is_turned in zip(lines, turned, strict=True):
        upper, lower = (line.target, line.source) if is_turned else (line.source, line.target)
        if upper != lower:
            onward[upper].append((lower, 2 if line.label else 1))
            missing[lower] += 1
    ranks = [0] * count
    ready = [number for number in range(count) if missing[number] == 0]
    for upper in ready:
        for lower, length in onward[upper]:
            ranks[lower] = max(ranks[lower], ranks[upper] + length)
            missing[lower] -= 1
            if missing[lower] == 0:
                ready.append(lower)
    return ranks

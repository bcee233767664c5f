"""Which part of an answer a value is, while the answer is followed through a workflow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

# Names from the answer down; None is each item of a list.
Place = tuple[str | None, ...]
# What is made of more values is not followed.
_LARGEST = 300


@dataclass(frozen=True, slots=True)
class Part:
    """The value at this place of the answer, as it is."""

    place: Place


@dataclass(frozen=True, slots=True)
class Made:
    """An object with these members; every other one is that of `rest`."""

    members: tuple[tuple[str, Carried], ...]
    rest: Carried = None
    # How many values are in it, itself among them, each as often as it stands there.
    size: int = field(default=1, compare=False)


# None: nothing of the answer that could be followed.
Carried = Part | Made | None


def made(members: Mapping[str, Carried], rest: Carried = None) -> Carried:
    """The object, or None where nothing of it stems from the answer."""
    if rest is None and not any(members.values()):
        return None
    size = 1 + _size(rest) + sum(map(_size, members.values()))
    # Templates that put a value into itself twice make trees of any size.
    return Made(tuple(sorted(members.items())), rest, size) if size <= _LARGEST else None


def _size(value: Carried) -> int:
    return value.size if isinstance(value, Made) else 1


def below(value: Carried, step: str | None) -> Carried:
    """The member of that name, or for None any item."""
    if isinstance(value, Part):
        return Part((*value.place, step))
    if isinstance(value, Made) and step is not None:
        members = dict(value.members)
        return members[step] if step in members else below(value.rest, step)
    return None


def placed(around: Carried, names: tuple[str, ...], value: Carried) -> Carried:
    """The value put at these names of an object (ResultPath)."""
    if not names:
        return value
    inner = placed(below(around, names[0]), names[1:], value)
    if isinstance(around, Made):
        return made({**dict(around.members), names[0]: inner}, around.rest)
    return made({names[0]: inner}, around)

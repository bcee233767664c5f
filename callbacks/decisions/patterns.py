"""How long a regular expression may look for a place where it fits. Pure.

Python's engine tries every way in which the repeats of a pattern can share a text, and their number
is what counts: repeats side by side make a power of the text's length, and a repeat of something
that itself repeats doubles with every letter.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

# A pattern is hopeless where even a text of this length has more ways than can be tried.
SHORT_TEXT = 64
MOST_WAYS = 20_000_000
# More than anybody could pay for. It is not counted further: the numbers would take for ever.
UNCOUNTED = 10**12

_TOKEN = re.compile(
    r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\(\?:|\(\?|[()|]|[*+?][?+]?|\{\d*,?\d*\}[?+]?|.", re.DOTALL
)
_COUNTS = re.compile(r"\{(\d*)(,?)(\d*)\}[?+]?")


class PatternError(ValueError):
    """The pattern is no regular expression, or a hopeless one."""


@dataclass(frozen=True, slots=True)
class _Ways:
    """In how many ways a part fits: `choices`, and `repeats` that share the letters of a text."""

    choices: int = 1
    repeats: int = 0

    def then(self, other: _Ways) -> _Ways:
        return _ways(self.choices * other.choices, self.repeats + other.repeats)

    def otherwise(self, other: _Ways) -> _Ways:
        return _ways(self.choices + other.choices, max(self.repeats, other.repeats))

    @property
    def is_one(self) -> bool:
        return self.choices == 1 and self.repeats == 0


def _ways(choices: int, repeats: int) -> _Ways:
    return _Ways(min(choices, UNCOUNTED), min(repeats, UNCOUNTED))


def check_pattern(pattern: str) -> None:
    """Raise PatternError where even a short text could keep the pattern busy for ever."""
    if ways(pattern, SHORT_TEXT) > MOST_WAYS:
        raise PatternError("it repeats too much; begin with ^, and repeat fewer parts.")


def ways(pattern: str, length: int) -> int:
    """In how many ways at most the pattern is tried on a text of this length, up to UNCOUNTED."""
    found = _read(pattern)
    return min(found.choices * _shared(length, found.repeats), UNCOUNTED)


def _shared(length: int, repeats: int) -> int:
    """In how many ways so many repeats share a text: comb(length + repeats, repeats)."""
    fewer, more = sorted((length, repeats))
    found = 1
    for taken in range(1, fewer + 1):
        found = found * (more + taken) // taken
        if found > UNCOUNTED:
            return UNCOUNTED
    return found


@lru_cache(maxsize=512)
def _read(pattern: str) -> _Ways:
    try:
        re.compile(pattern)
        found, _letters = _alternatives(_Tokens(pattern))
    except PatternError:
        raise
    # A count of thousands of digits is no number to Python: ValueError.
    except (re.error, OverflowError, RecursionError, ValueError) as exc:
        raise PatternError(f"it is no regular expression: {exc}.") from exc
    is_tried_once = pattern.startswith("^") and "|" not in pattern
    return found if is_tried_once else found.then(_Ways(repeats=1))


class _Tokens:
    """The pattern in pieces; `ahead` is the next one, "" at the end."""

    def __init__(self, pattern: str) -> None:
        self._rest: Iterator[str] = iter(_TOKEN.findall(pattern))
        self.ahead = next(self._rest, "")

    def take(self) -> str:
        taken, self.ahead = self.ahead, next(self._rest, "")
        return taken


def _alternatives(tokens: _Tokens) -> tuple[_Ways, list[str]]:
    """Read up to the end of a group; also return its letters and sets, "" before repeated ones."""
    found, letters = _sequence(tokens)
    while tokens.ahead == "|":
        tokens.take()
        other, more = _sequence(tokens)
        found, letters = found.otherwise(other), [*letters, *more]
    return found, letters


def _sequence(tokens: _Tokens) -> tuple[_Ways, list[str]]:
    found, letters = _Ways(), list[str]()
    while tokens.ahead not in ("", "|", ")"):
        part, inside = _part(tokens)
        found, letters = found.then(part), [*letters, *inside]
    return found, letters


def _part(tokens: _Tokens) -> tuple[_Ways, list[str]]:
    """One letter, set or group with what repeats it."""
    piece = tokens.take()
    if piece == "(?" or re.fullmatch(r"\\[1-9]", piece):
        raise PatternError("groups such as (?=…) and references such as \\1 are not supported.")
    if piece in ("(", "(?:"):
        ways_inside, letters = _alternatives(tokens)
        tokens.take()
    else:
        ways_inside, letters = _Ways(), [piece]
    if tokens.ahead[:1] in ("*", "+", "?") or _COUNTS.fullmatch(tokens.ahead):
        least, most = _counts(tokens.take())
        return _repeated(ways_inside, letters, least, most), ["", *letters]
    return ways_inside, letters


def _counts(repeat: str) -> tuple[int, int | None]:
    """How often at least and at most; None is any number."""
    if repeat[0] in "*+?":
        return int(repeat[0] == "+"), 1 if repeat[0] == "?" else None
    counts = _COUNTS.fullmatch(repeat)
    least, comma, most = counts.groups() if counts else ("", "", "")
    if not comma:
        return int(least or 1), int(least or 1)
    return int(least or 0), int(most) if most else None


def _repeated(inside: _Ways, letters: list[str], least: int, most: int | None) -> _Ways:
    if most is not None and (inside.is_one or most <= SHORT_TEXT):
        once_more = _Ways(choices=most - least + 1)
        return once_more.then(_ways(inside.choices**most, inside.repeats * most))
    if inside.is_one or _has_one_way(inside, letters):
        return _Ways(repeats=1)
    raise PatternError("it repeats something that itself repeats or chooses, as in (a+)+.")


def _has_one_way(inside: _Ways, letters: list[str]) -> bool:
    """Whether each round begins at a letter of its own, as in (-[a-z]+)*, so that none can slip."""
    if inside.choices > 1 or inside.repeats > 1 or not letters:
        return False
    first, *others = letters
    if not re.fullmatch(r"[^\\.^$\[]|\\[^A-Za-z0-9]", first):
        return False
    return not any(other and re.match(other, first[-1]) for other in others)

"""Whether a value that somebody wrote in a form or a file can be kept as JSON at all. Pure."""

from __future__ import annotations

import math
from typing import Any

DEEPEST = 100
MOST_VALUES = 20_000
# 4,300 digits: Python writes none longer.
LONGEST_INTEGER_BITS = 14_000


def why_not_kept(value: Any) -> str:
    """What no database takes, in words; "" where it can be kept and comes back the same."""
    seen, ahead = 0, [(value, 1)]
    while ahead:
        one, depth = ahead.pop()
        inner = _inside(one)
        seen += 1
        if seen + len(inner) > MOST_VALUES:
            return f"This holds more than {MOST_VALUES:,} values."
        if depth > DEEPEST:
            return f"This is nested too deep, more than {DEEPEST} levels."
        why = _why_not_one(one)
        if why:
            return why
        ahead += [(each, depth + 1) for each in inner]
    return ""


def _inside(one: Any) -> list[Any]:
    if isinstance(one, dict):
        return [*one.keys(), *one.values()]
    return one if isinstance(one, list) else []


def _why_not_one(one: Any) -> str:
    match one:
        case None | list():
            return ""
        case str():
            return _why_not_text(one)
        case dict():
            wrong = [str(name) for name in one if not isinstance(name, str)]
            return f"The name {wrong[0]:.40} is no text; put it in quotes." if wrong else ""
        case float():
            return "" if math.isfinite(one) else f"This holds {one}, which is no number in JSON."
        case int():
            too_large = one.bit_length() > LONGEST_INTEGER_BITS
            return "This holds too large a number." if too_large else ""
    return f"{one!s:.40} is neither text nor number; put it in quotes if it is a text."


def _why_not_text(text: str) -> str:
    if "\0" in text:
        return "This holds a NUL character (\\u0000), which cannot be kept."
    try:
        text.encode()
    except UnicodeEncodeError:
        return "This holds half a character (a lone surrogate), which cannot be kept."
    return ""

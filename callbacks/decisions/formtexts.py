"""An answer as what stands in the inputs of a form. Pure.

Whatever would be lost or changed on the way back keeps the answer JSON.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import Any

from callbacks.asl.language.values import render
from callbacks.asl.payload import check_output
from callbacks.decisions.formfields import (
    LIST,
    LONG_TEXT,
    NUMBER,
    TEXT,
    Field,
    is_scalar,
    word_of,
)
from callbacks.decisions.slots import answer_of

# What a browser takes out of an input, or turns into something else.
_CHANGED = {
    TEXT: re.compile(r"[\r\n\0]"),
    NUMBER: re.compile(r"[\r\n\0]"),
    LONG_TEXT: re.compile(r"[\r\0]"),
}
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def texts_of(
    fields: Sequence[Field], output_text: str, *, may_add: bool = True
) -> dict[str, str] | None:
    """What stands in each input for this answer, by name; None where the form cannot hold it.

    The names of an object may change their order. `may_add`: what a blank field stands for may be
    added, as the schema would refuse the answer without it. Raises PayloadError.
    """
    if not output_text.strip():
        return {field.name: "" for field in fields}
    value = check_output(output_text)
    if value == {}:
        # A form in which nothing stands is no answer, and this is one.
        return None
    found: dict[str, str] = {}
    for field in fields:
        text = _text_at(field, value)
        if text is None:
            return None
        found[field.name] = text
    made = answer_of((field.slot, found[field.name]) for field in fields)
    return found if _is_same(value, made, may_add=may_add) else None


def _is_same(value: Any, made: Any, *, may_add: bool) -> bool:
    """To the digit of each number."""
    if not isinstance(value, dict) or not isinstance(made, dict):
        return render(value) == render(made)
    if value.keys() - made.keys() or (made.keys() - value.keys() and not may_add):
        return False
    return all(_is_same(value[name], made[name], may_add=may_add) for name in value)


def _text_at(field: Field, value: Any) -> str | None:
    """None where the value there is of a kind that the input cannot show."""
    for part in field.place:
        if not isinstance(value, dict):
            return None
        if part not in value:
            return ""
        value = value[part]
    if field.kind == LIST and isinstance(value, list):
        return _lines(value)
    if value is None and field.is_nullable:
        return ""
    if field.choices:
        return render(value) if render(value) in field.choices else None
    return _word(field, value) if value is not None and is_scalar(value) else None


def _lines(value: list[Any]) -> str | None:
    lines = [word_of(one) for one in value if is_scalar(one)]
    is_whole = len(lines) == len(value) and not any(map(_CHANGED[TEXT].search, lines))
    return "\n".join(lines) if is_whole else None


def _word(field: Field, value: Any) -> str | None:
    text = word_of(value)
    if field.kind == LIST or _CHANGED[field.kind].search(text):
        return None
    return None if field.format == "date" and not _is_date(text) else text


def _is_date(text: str) -> bool:
    """A browser shows nothing in an input for dates where the text is no day of the calendar."""
    try:
        return bool(_DATE.fullmatch(text) and date.fromisoformat(text))
    except ValueError:
        return False

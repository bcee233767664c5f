"""The names of a form's inputs for the values of an answer, and the answer that they make. Pure.

A name says where its value belongs and how its text is written, so that what somebody typed makes
the same answer whatever the schema says by the time that it arrives.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from callbacks.asl.language.values import render
from callbacks.asl.payload import DIGITS_LIMIT, PayloadError, check_output

PREFIX = "field:"
AS_TEXT, AS_LONG, AS_NUMBER, AS_JSON = "text", "long", "number", "json"
AS_LIST, AS_NUMBERS = "list", "numbers"
DEEPEST = 10
_NAME = re.compile(r"field:(text|long|number|json|list|numbers):(.+)", re.DOTALL)
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]{1,3})?")
Place = tuple[str, ...]


class SlotError(ValueError):
    """The names are none of a form of ours."""


@dataclass(frozen=True, slots=True)
class Slot:
    """`written`: how its text is to be read. The parts of a place as in a JSON Pointer."""

    place: Place
    written: str

    @property
    def name(self) -> str:
        parts = (part.replace("~", "~0").replace("/", "~1") for part in self.place)
        return f"{PREFIX}{self.written}:{'/'.join(parts)}"


def parse_slot(name: str) -> Slot:
    """Raises SlotError."""
    found = _NAME.fullmatch(name)
    parts = found[2].split("/") if found else []
    if found is None or len(parts) > DEEPEST:
        raise SlotError(name[:80])
    place = tuple(part.replace("~1", "/").replace("~0", "~") for part in parts)
    return Slot(place, found[1])


def output_of(texts: Iterable[tuple[Slot, str]]) -> str:
    """Compact JSON, numbers as they were typed. Raises SlotError where two exclude each other.

    A blank field is left out. What is no number in a field for numbers stays a text, so that the
    schema says what is wrong and the page shows it again.
    """
    answer: dict[str, Any] = {}
    for slot, text in texts:
        if text == "" or (slot.written != AS_TEXT and not text.strip()):
            continue
        _put(answer, slot, _value(slot.written, text))
    return render(answer)


def misread(texts: Iterable[tuple[Slot, str]]) -> list[tuple[Slot, str]]:
    """What stands in fields for numbers and is none, with its text."""
    numbers = [(slot, text) for slot, text in texts if slot.written in (AS_NUMBER, AS_NUMBERS)]
    lines = [(slot, line.strip()) for slot, text in numbers for line in text.split("\n")]
    return [(slot, line) for slot, line in lines if line and isinstance(_number_or_text(line), str)]


def _put(answer: dict[str, Any], slot: Slot, value: Any) -> None:
    into: Any = answer
    for part in slot.place[:-1]:
        into = into.setdefault(part, {})
        if not isinstance(into, dict):
            raise SlotError(slot.name[:80])
    if slot.place[-1] in into:
        raise SlotError(slot.name[:80])
    into[slot.place[-1]] = value


def _value(written: str, text: str) -> Any:
    if written == AS_NUMBER:
        return _number_or_text(text.strip())
    if written in (AS_LIST, AS_NUMBERS):
        lines = [line.strip() for line in text.split("\n") if line.strip()]
        return [_number_or_text(line) if written == AS_NUMBERS else line for line in lines]
    return _json_or_text(text) if written == AS_JSON else text


def _json_or_text(text: str) -> Any:
    """What no choice stands for stays a text, which the schema then refuses."""
    try:
        return check_output(text)
    except PayloadError:
        return text


def _number_or_text(text: str) -> Any:
    if not _NUMBER.fullmatch(text) or len(text) > DIGITS_LIMIT:
        return text
    is_whole = text.lstrip("-").isdigit() and text != "-0"
    return int(text) if is_whole else Decimal(text)

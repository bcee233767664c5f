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
_OR_NULL = "-or-null"
# Behind the name of an object: it is there though nothing is in it. No name is written so.
_KEPT = "~2"
_NAME = re.compile(rf"field:(text|long|number|json|list|numbers)({_OR_NULL})?:(.+)", re.DOTALL)
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]{1,3})?")
Place = tuple[str, ...]


class SlotError(ValueError):
    """The names are none of a form of ours."""


@dataclass(frozen=True, slots=True)
class Slot:
    """`written`: how its text is to be read. The parts of a place as in a JSON Pointer."""

    place: Place
    written: str
    # Left blank it is null; else it is left out.
    is_nullable: bool = False
    # The objects around it that are sent, empty, where all in them is blank.
    kept: tuple[Place, ...] = ()

    @property
    def name(self) -> str:
        parts = [part.replace("~", "~0").replace("/", "~1") for part in self.place]
        for place in self.kept:
            parts[len(place) - 1] += _KEPT
        kind = self.written + (_OR_NULL if self.is_nullable else "")
        return f"{PREFIX}{kind}:{'/'.join(parts)}"

    def is_blank(self, text: str) -> bool:
        return text == "" or (self.written != AS_TEXT and not text.strip())


def parse_slot(name: str) -> Slot:
    """Raises SlotError."""
    found = _NAME.fullmatch(name)
    parts = found[3].split("/") if found else []
    if found is None or len(parts) > DEEPEST:
        raise SlotError(name[:80])
    plain = [part.removesuffix(_KEPT) for part in parts]
    place = tuple(part.replace("~1", "/").replace("~0", "~") for part in plain)
    kept = tuple(place[:n] for n, part in enumerate(parts, 1) if part != plain[n - 1])
    return Slot(place, found[1], is_nullable=bool(found[2]), kept=kept)


Texts = Iterable[tuple[Slot, str]]


def output_of(texts: Texts) -> str:
    """Compact JSON, numbers as they were typed. Raises SlotError where two exclude each other."""
    return render(answer_of(texts))


def answer_of(texts: Texts) -> dict[str, Any]:
    """A blank field is left out, or null. Raises SlotError where two exclude each other.

    What is no number in a field for numbers stays a text, so that the schema says what is wrong and
    the page shows it again.
    """
    typed = list(texts)
    objects = _objects(typed)
    answer: dict[str, Any] = {}
    for slot, text in typed:
        for place in slot.kept:
            if place in objects:
                _object_at(answer, place)
        if not slot.is_blank(text):
            _put(answer, slot, _value(slot.written, text))
        elif slot.is_nullable and slot.place[:-1] in objects:
            _put(answer, slot, None)
    return answer


def is_answer(texts: Texts) -> bool:
    """A form in which nothing was written is no answer, unless blank is null in all of it."""
    typed = list(texts)
    if any(not slot.is_blank(text) for slot, text in typed):
        return True
    return all(slot.is_nullable for slot, _text in typed) and answer_of(typed) != {}


def _objects(typed: list[tuple[Slot, str]]) -> set[Place]:
    """Those in which something was written, and those that are kept in one that is there."""
    there: set[Place] = {()}
    for slot, text in typed:
        if not slot.is_blank(text):
            there.update(slot.place[:depth] for depth in range(1, len(slot.place)))
    for place in sorted({place for slot, _text in typed for place in slot.kept}, key=len):
        if place[:-1] in there:
            there.add(place)
    return there


def misread(texts: Texts) -> list[tuple[Slot, str]]:
    """What stands in fields for numbers and is none, with its text."""
    numbers = [(slot, text) for slot, text in texts if slot.written in (AS_NUMBER, AS_NUMBERS)]
    lines = [(slot, line.strip()) for slot, text in numbers for line in text.split("\n")]
    return [(slot, line) for slot, line in lines if line and isinstance(_number_or_text(line), str)]


def _put(answer: dict[str, Any], slot: Slot, value: Any) -> None:
    into = _object_at(answer, slot.place[:-1])
    if slot.place[-1] in into:
        raise SlotError(slot.name[:80])
    into[slot.place[-1]] = value


def _object_at(answer: dict[str, Any], place: Place) -> dict[str, Any]:
    into = answer
    for part in place:
        inner: Any = into.setdefault(part, {})
        if not isinstance(inner, dict):
            raise SlotError("/".join(place)[:80])
        into = inner
    return into


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

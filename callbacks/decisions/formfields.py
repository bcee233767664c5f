"""A JSON Schema as fields of a form. Pure; an answer as what stands in them is `formtexts`.

Only what a form can show without a doubt is drawn: objects of texts, numbers, choices, yes and no,
and lists of texts or numbers. Of everything else the answer stays JSON.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from callbacks.asl.language.values import render
from callbacks.decisions.slots import (
    AS_JSON,
    AS_LIST,
    AS_LONG,
    AS_NUMBER,
    AS_NUMBERS,
    AS_TEXT,
    Place,
    Slot,
    is_answer,
)
from callbacks.decisions.slots import output_of as slots_output

TEXT, LONG_TEXT, NUMBER, CHOICE, YES_NO, LIST = "text", "long", "number", "choice", "yes_no", "list"
_DEEPEST = 3
_LONG_FROM = 200
_MOST_FIELDS = 60
_MOST_EXAMPLES = 3
# What HTML or a browser turns into something else in the name of an input.
_NO_NAME = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_OF_A_FIELD = frozenset({"string", "number", "integer", "boolean", "array"})
_TOO_RICH = frozenset({"$ref", "oneOf", "anyOf", "allOf", "not", "if", "patternProperties"})
_WRITTEN = {
    TEXT: AS_TEXT,
    LONG_TEXT: AS_LONG,
    NUMBER: AS_NUMBER,
    CHOICE: AS_JSON,
    YES_NO: AS_JSON,
    LIST: AS_LIST,
}


@dataclass(frozen=True, slots=True)
class Field:
    """One value of the answer. `group`: the titles of the objects around it."""

    place: Place
    kind: str
    label: str
    hint: str
    is_required: bool
    group: tuple[str, ...]
    # Left blank it is null, as the schema wants it to be there and lets it be null.
    is_nullable: bool = False
    # The objects around it that the schema wants to be there.
    kept: tuple[Place, ...] = ()
    # What can be chosen, as JSON texts.
    choices: tuple[str, ...] = ()
    # Of a list: what its members are.
    of_numbers: bool = False
    default: str = ""
    # "date" and such, for the browser's own help.
    format: str = ""
    examples: tuple[str, ...] = ()

    @property
    def slot(self) -> Slot:
        written = AS_NUMBERS if self.of_numbers else _WRITTEN[self.kind]
        return Slot(self.place, written, self.is_nullable, self.kept)

    @property
    def name(self) -> str:
        return self.slot.name


def fields_of(schema: Any, *, is_guess: bool = False) -> tuple[Field, ...]:
    """The fields in the order of the schema; empty where the schema is more than a form can be.

    Of a guess, what cannot be drawn is left out: an answer that has it is written as JSON.
    """
    try:
        fields = tuple(_of_object(schema, _Around(is_guess=is_guess)))
    except _NotDrawn:
        return ()
    return fields if len(fields) <= _MOST_FIELDS else ()


def default_output(fields: tuple[Field, ...]) -> str:
    """The answer that the form makes before anything is typed; "" where it makes none."""
    texts = [(field.slot, field.default) for field in fields]
    return slots_output(texts) if is_answer(texts) else ""


def output_of(fields: Sequence[Field], texts: Mapping[str, str]) -> str:
    """The answer that the inputs make."""
    return slots_output((field.slot, texts.get(field.name, "")) for field in fields)


class _NotDrawn(Exception):
    """The schema has a part that no field stands for."""


@dataclass(frozen=True, slots=True)
class _Around:
    """The object in which a value stands: its place, and the titles of it and of those around."""

    place: Place = ()
    group: tuple[str, ...] = ()
    kept: tuple[Place, ...] = ()
    is_guess: bool = False

    def inside(self, name: str, title: str, *, is_required: bool) -> _Around:
        """For an object of this name. Of a guess nothing says what is missing in an empty one."""
        place = (*self.place, name)
        kept = (place,) if is_required and not self.is_guess else ()
        group = (*self.group, title)
        return replace(self, place=place, group=group, kept=(*self.kept, *kept))


def _of_object(schema: Any, around: _Around) -> Iterator[Field]:
    properties = schema.get("properties") if isinstance(schema, dict) else None
    if not isinstance(properties, dict) or not properties or len(around.group) > _DEEPEST:
        raise _NotDrawn
    if _TOO_RICH & schema.keys():
        raise _NotDrawn
    named = schema.get("required")
    required = named if isinstance(named, list) else []
    for name, part in properties.items():
        try:
            yield from _of_member(part, name, around, name in required)
        except _NotDrawn:
            if not around.is_guess:
                raise


def _of_member(part: Any, name: str, around: _Around, is_required: bool) -> list[Field]:
    if not isinstance(part, dict) or _TOO_RICH & part.keys() or _NO_NAME.search(name) or not name:
        raise _NotDrawn
    title = str(part.get("title") or _spoken(name))
    if part.get("type") == "object":
        return list(_of_object(part, around.inside(name, title, is_required=is_required)))
    return [_field(part, name, around, title, is_required)]


def _field(
    part: Mapping[str, Any], name: str, around: _Around, title: str, is_required: bool
) -> Field:
    kind, choices = _kind(part)
    return Field(
        place=(*around.place, name),
        kind=kind,
        label=title,
        hint=str(part.get("description") or ""),
        is_required=is_required,
        group=around.group,
        # Where one chooses, null is one of the choices.
        is_nullable=is_required and not choices and _may_be_null(part),
        kept=around.kept,
        choices=choices,
        of_numbers=kind == LIST and part["items"].get("type") in ("number", "integer"),
        default=_default(part, kind),
        format=str(part.get("format") or ""),
        examples=_examples(part),
    )


def _kind(part: Mapping[str, Any]) -> tuple[str, tuple[str, ...]]:
    """With what can be chosen."""
    allowed = part.get("enum", [part["const"]] if "const" in part else None)
    if allowed is not None:
        if not isinstance(allowed, list) or not all(is_scalar(value) for value in allowed):
            raise _NotDrawn
        return CHOICE, tuple(render(_exact(one)) for one in allowed)
    kind = _one_type(part.get("type"))
    if kind not in _OF_A_FIELD:
        raise _NotDrawn
    if kind == "array":
        items = part.get("items")
        if not isinstance(items, dict) or items.get("type") not in ("string", "number", "integer"):
            raise _NotDrawn
        return LIST, ()
    if kind == "boolean":
        return YES_NO, ("true", "false", *(("null",) if _may_be_null(part) else ()))
    return _text_kind(part) if kind == "string" else NUMBER, ()


def _text_kind(part: Mapping[str, Any]) -> str:
    longest = part.get("maxLength")
    return LONG_TEXT if isinstance(longest, int) and longest > _LONG_FROM else TEXT


def _one_type(kind: Any) -> Any:
    """Of a value that may be null too, what else it is."""
    others = [one for one in kind if one != "null"] if isinstance(kind, list) else [kind]
    return others[0] if len(others) == 1 and isinstance(others[0], str) else None


def _may_be_null(part: Mapping[str, Any]) -> bool:
    return isinstance(part.get("type"), list) and "null" in part["type"]


def _default(part: Mapping[str, Any], kind: str) -> str:
    value = part.get("default")
    if value is None or isinstance(value, dict):
        return ""
    if kind == LIST:
        return "\n".join(word_of(one) for one in value) if isinstance(value, list) else ""
    if kind in (CHOICE, YES_NO):
        return render(_exact(value)) if is_scalar(value) else ""
    return word_of(value) if is_scalar(value) else ""


def _examples(part: Mapping[str, Any]) -> tuple[str, ...]:
    named = part.get("examples")
    scalars = [one for one in named if is_scalar(one)] if isinstance(named, list) else []
    return tuple(word_of(one) for one in scalars[:_MOST_EXAMPLES])


def is_scalar(value: Any) -> bool:
    return value is None or isinstance(value, str | bool | int | float | Decimal)


def _exact(value: Any) -> Any:
    return Decimal(str(value)) if isinstance(value, float) else value


def word_of(value: Any) -> str:
    """A value as it stands in an input."""
    return value if isinstance(value, str) else render(_exact(value))


def _spoken(name: str) -> str:
    """finalAmount, final_amount → Final amount."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|[_\-.]+", " ", name).strip()
    return (words[:1].upper() + words[1:].lower()) if words else name

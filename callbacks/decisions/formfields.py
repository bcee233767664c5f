"""A JSON Schema as fields of a form, and an answer as what stands in them. Pure.

Only what a form can show without a doubt is drawn: objects of texts, numbers, choices, yes and no,
and lists of texts or numbers. Of everything else the answer stays JSON.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from callbacks.asl.language.values import render
from callbacks.asl.payload import PayloadError, check_output
from callbacks.decisions.slots import (
    AS_JSON,
    AS_LIST,
    AS_LONG,
    AS_NUMBER,
    AS_NUMBERS,
    AS_TEXT,
    Place,
    Slot,
)
from callbacks.decisions.slots import output_of as slots_output

TEXT, LONG_TEXT, NUMBER, CHOICE, YES_NO, LIST = "text", "long", "number", "choice", "yes_no", "list"
_DEEPEST = 3
_LONG_FROM = 200
_MOST_FIELDS = 60
_MOST_EXAMPLES = 3
# What a browser takes out of an input, or turns into something else.
_CHANGED = {
    TEXT: re.compile(r"[\r\n\0]"),
    NUMBER: re.compile(r"[\r\n\0]"),
    LONG_TEXT: re.compile(r"[\r\0]"),
}
# What HTML or a browser turns into something else in the name of an input.
_NO_NAME = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
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
    # What can be chosen, as JSON texts with the words for it.
    choices: tuple[tuple[str, str], ...] = ()
    # Of a list: what its members are.
    of_numbers: bool = False
    default: str = ""
    # "date" and such, for the browser's own help.
    format: str = ""
    examples: tuple[str, ...] = ()

    @property
    def slot(self) -> Slot:
        return Slot(self.place, AS_NUMBERS if self.of_numbers else _WRITTEN[self.kind])

    @property
    def name(self) -> str:
        return self.slot.name


def fields_of(schema: Any, *, is_guess: bool = False) -> tuple[Field, ...]:
    """The fields in the order of the schema; empty where the schema is more than a form can be.

    Of a guess, what cannot be drawn is left out: an answer that has it is written as JSON.
    """
    try:
        fields = tuple(_of_object(schema, (), (), is_guess))
    except _NotDrawn:
        return ()
    return fields if len(fields) <= _MOST_FIELDS else ()


def texts_of(fields: tuple[Field, ...], output_text: str) -> dict[str, str] | None:
    """What stands in each input for this answer, by name; None where the form cannot hold it."""
    if not output_text.strip():
        return {field.name: "" for field in fields}
    try:
        value = check_output(output_text)
    except PayloadError:
        return None
    if value == {}:
        # A form in which nothing stands is no answer, and this is one.
        return None
    texts = {field.name: _text_at(field, value) for field in fields}
    if any(text is None for text in texts.values()):
        return None
    found = {name: text or "" for name, text in texts.items()}
    # Whatever would be lost or changed on the way back keeps the answer JSON.
    return found if render(value) == output_of(fields, found) else None


def default_output(fields: tuple[Field, ...]) -> str:
    """The answer that the schema's own defaults make; "" where it has none."""
    texts = {field.name: field.default for field in fields}
    return output_of(fields, texts) if any(texts.values()) else ""


def output_of(fields: Sequence[Field], texts: Mapping[str, str]) -> str:
    """The answer that the inputs make."""
    return slots_output((field.slot, texts.get(field.name, "")) for field in fields)


class _NotDrawn(Exception):
    """The schema has a part that no field stands for."""


def _of_object(
    schema: Any, place: Place, group: tuple[str, ...], is_guess: bool
) -> Iterator[Field]:
    properties = schema.get("properties") if isinstance(schema, dict) else None
    if not isinstance(properties, dict) or not properties or len(group) > _DEEPEST:
        raise _NotDrawn
    if _TOO_RICH & schema.keys():
        raise _NotDrawn
    named = schema.get("required")
    required = named if isinstance(named, list) else []
    for name, part in properties.items():
        try:
            yield from _of_member(part, (*place, name), group, is_guess, name in required)
        except _NotDrawn:
            if not is_guess:
                raise


def _of_member(
    part: Any, place: Place, group: tuple[str, ...], is_guess: bool, is_required: bool
) -> list[Field]:
    name = place[-1]
    if not isinstance(part, dict) or _TOO_RICH & part.keys() or _NO_NAME.search(name) or not name:
        raise _NotDrawn
    title = str(part.get("title") or _spoken(name))
    if part.get("type") == "object":
        return list(_of_object(part, place, (*group, title), is_guess))
    return [_field(part, place, group, title, is_required)]


def _field(
    part: Mapping[str, Any], place: Place, group: tuple[str, ...], title: str, is_required: bool
) -> Field:
    kind, choices = _kind(part)
    return Field(
        place=place,
        kind=kind,
        label=title,
        hint=str(part.get("description") or ""),
        is_required=is_required,
        group=group,
        choices=choices,
        of_numbers=kind == LIST and part["items"].get("type") in ("number", "integer"),
        default=_default(part, kind),
        format=str(part.get("format") or ""),
        examples=_examples(part),
    )


def _kind(part: Mapping[str, Any]) -> tuple[str, tuple[tuple[str, str], ...]]:
    allowed = part.get("enum", [part["const"]] if "const" in part else None)
    if allowed is not None:
        if not isinstance(allowed, list) or not all(_is_scalar(value) for value in allowed):
            raise _NotDrawn
        return CHOICE, tuple((render(_exact(one)), _word(one)) for one in allowed)
    kind = _one_type(part.get("type"))
    if kind not in _OF_A_FIELD:
        raise _NotDrawn
    if kind == "array":
        items = part.get("items")
        if not isinstance(items, dict) or items.get("type") not in ("string", "number", "integer"):
            raise _NotDrawn
        return LIST, ()
    if kind == "string":
        longest = part.get("maxLength")
        is_long = isinstance(longest, int) and longest > _LONG_FROM
        return (LONG_TEXT if is_long else TEXT), ()
    return (YES_NO if kind == "boolean" else NUMBER), ()


def _one_type(kind: Any) -> Any:
    """Of a value that may be null too, what else it is: a blank field is left out of the answer."""
    others = [one for one in kind if one != "null"] if isinstance(kind, list) else [kind]
    return others[0] if len(others) == 1 and isinstance(others[0], str) else None


def _default(part: Mapping[str, Any], kind: str) -> str:
    value = part.get("default")
    if value is None or isinstance(value, dict):
        return ""
    if kind == LIST:
        return "\n".join(_word(one) for one in value) if isinstance(value, list) else ""
    if kind in (CHOICE, YES_NO):
        return render(_exact(value)) if _is_scalar(value) else ""
    return _word(value) if _is_scalar(value) else ""


def _examples(part: Mapping[str, Any]) -> tuple[str, ...]:
    named = part.get("examples")
    scalars = [one for one in named if _is_scalar(one)] if isinstance(named, list) else []
    return tuple(_word(one) for one in scalars[:_MOST_EXAMPLES])


def _text_at(field: Field, value: Any) -> str | None:
    """None where the value there is of a kind that the input cannot show."""
    for part in field.place:
        if not isinstance(value, dict):
            return None
        if part not in value:
            return ""
        value = value[part]
    if field.kind == LIST:
        is_list = isinstance(value, list) and all(_is_scalar(one) for one in value)
        lines = [_word(one) for one in value] if is_list else []
        is_whole = is_list and not any(_CHANGED[TEXT].search(line) for line in lines)
        return "\n".join(lines) if is_whole else None
    if not _is_scalar(value):
        return None
    if field.kind in (CHOICE, YES_NO):
        offered = [one for one, _ in field.choices] or ["true", "false"]
        return render(value) if render(value) in offered else None
    if value is None:
        return None
    return None if _CHANGED[field.kind].search(_word(value)) else _of_format(field, _word(value))


def _of_format(field: Field, text: str) -> str | None:
    """A browser shows nothing in an input for dates where the text is no date."""
    is_shown = field.format != "date" or _DATE.fullmatch(text)
    return text if is_shown else None


def _is_scalar(value: Any) -> bool:
    return value is None or isinstance(value, str | bool | int | float | Decimal)


def _exact(value: Any) -> Any:
    return Decimal(str(value)) if isinstance(value, float) else value


def _word(value: Any) -> str:
    return value if isinstance(value, str) else render(_exact(value))


def _spoken(name: str) -> str:
    """finalAmount, final_amount → Final amount."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|[_\-.]+", " ", name).strip()
    return (words[:1].upper() + words[1:].lower()) if words else name

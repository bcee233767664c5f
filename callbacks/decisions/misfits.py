"""What is wrong with an answer under a policy's JSON Schema, in people's words and at its place."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from jsonschema.exceptions import SchemaError, ValidationError

from callbacks.asl.places import path

# Names and numbers of items, from the whole answer down.
Steps = tuple[str | int, ...]
_LONGEST_VALUE = 60
_LONGEST_PATTERN = 200
_MOST_NAMED = 10


@dataclass(frozen=True, slots=True)
class _Rule:
    """A rule of a schema, `word` with what it `says`, that a value breaks."""

    word: str
    says: Any
    value: Any
    # The part of the schema that the rule is in.
    schema: dict[str, Any]
    # Of forms of which one has to fit, whether none does.
    fits_none: bool


class Misfit(str):
    """A text that begins with the path of the value that it is about, for whoever sees no fields.

    It is a text so that it goes wherever the errors of an answer go. `words` alone is for whoever
    shows the value beside it.
    """

    place: Steps
    words: str

    def __new__(cls, place: Steps, words: str) -> Misfit:
        whole = _("The answer as a whole: %(words)s") % {"words": words}
        made = super().__new__(cls, f"{path(place)}: {words}" if place else whole)
        made.place, made.words = place, words
        return made

    def __getnewargs__(self) -> tuple[Steps, str]:  # type: ignore[override]  # two, not one
        return self.place, self.words


def words_of(error: ValidationError | SchemaError) -> str:
    """One sentence about “this”, which is the value at the error's place."""
    rule = _Rule(
        word=str(error.validator or ""),
        says=error.validator_value,
        value=error.instance,
        schema=error.schema if isinstance(error.schema, dict) else {},
        fits_none=bool(error.context),
    )
    return _WORDS.get(rule.word, _other)(rule)


def value_words(value: Any) -> str:
    """A value as JSON where that is short, else what it is."""
    if isinstance(value, dict):
        return _("an object") if value else _("an empty object")
    if isinstance(value, list):
        return _("a list") if value else _("an empty list")
    text = value if isinstance(value, str) else json.dumps(value)
    short = text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…"
    return json.dumps(short, ensure_ascii=False) if isinstance(value, str) else short


def _listed(values: Sequence[Any], last: str) -> str:
    """`last` stands before the last one."""
    if not values:
        return _("nothing at all")
    texts = [value_words(value) for value in values[:_MOST_NAMED]]
    if len(values) > _MOST_NAMED:
        return ", ".join([*texts, "…"])
    return f" {last} ".join(part for part in (", ".join(texts[:-1]), texts[-1]) if part)


def _required(rule: _Rule) -> str:
    return _("This is required and is missing.")


def _type(rule: _Rule) -> str:
    words = {
        "string": _("a text"),
        "number": _("a number"),
        "integer": _("a whole number"),
        "boolean": _("true or false"),
        "array": _("a list"),
        "object": _("an object"),
        "null": _("null"),
    }
    named = rule.says
    kinds = [
        words.get(str(one), str(one)) for one in (named if isinstance(named, list) else [named])
    ]
    values = {"kind": _(" or ").join(kinds), "value": value_words(rule.value)}
    return _("This has to be %(kind)s; it is %(value)s.") % values


def _enum(rule: _Rule) -> str:
    allowed = rule.says
    if len(allowed) == 1:
        return _only(allowed[0], rule)
    values = {"values": _listed(allowed, _("or")), "value": value_words(rule.value)}
    return _("This has to be %(values)s; it is %(value)s.") % values


def _const(rule: _Rule) -> str:
    return _only(rule.says, rule)


def _only(allowed: Any, rule: _Rule) -> str:
    if isinstance(allowed, dict | list):
        return _("This has to be exactly what the policy asks for.")
    values = {"only": value_words(allowed), "value": value_words(rule.value)}
    return _("This has to be %(only)s; it is %(value)s.") % values


def _limit(rule: _Rule) -> str:
    """Up to draft 4 `exclusiveMinimum: true` stands beside the limit that it is about."""
    strict = f"exclusive{rule.word.capitalize()}"
    word = strict if rule.schema.get(strict) is True else rule.word
    sentence = {
        "minimum": _("This has to be %(limit)s or more; it is %(value)s."),
        "maximum": _("This has to be %(limit)s or less; it is %(value)s."),
        "exclusiveMinimum": _("This has to be more than %(limit)s; it is %(value)s."),
        "exclusiveMaximum": _("This has to be less than %(limit)s; it is %(value)s."),
        "multipleOf": _("This has to be a multiple of %(limit)s; it is %(value)s."),
    }[word]
    return sentence % {"limit": value_words(rule.says), "value": value_words(rule.value)}


def _length(rule: _Rule) -> str:
    limit = int(rule.says)
    at_least = ngettext(
        "This needs at least %(n)s character; it has %(has)s.",
        "This needs at least %(n)s characters; it has %(has)s.",
        limit,
    )
    at_most = ngettext(
        "This may have at most %(n)s character; it has %(has)s.",
        "This may have at most %(n)s characters; it has %(has)s.",
        limit,
    )
    sentence = at_least if rule.word == "minLength" else at_most
    return sentence % {"n": limit, "has": len(rule.value)}


def _count(rule: _Rule) -> str:
    limit = int(rule.says)
    at_least = ngettext(
        "This needs at least %(n)s entry; it has %(has)s.",
        "This needs at least %(n)s entries; it has %(has)s.",
        limit,
    )
    at_most = ngettext(
        "This may have at most %(n)s entry; it has %(has)s.",
        "This may have at most %(n)s entries; it has %(has)s.",
        limit,
    )
    sentence = at_least if rule.word.startswith("min") else at_most
    return sentence % {"n": limit, "has": len(rule.value)}


def _pattern(rule: _Rule) -> str:
    pattern = str(rule.says)[:_LONGEST_PATTERN]
    return _("This has to match the pattern %(pattern)s.") % {"pattern": pattern}


def _format(rule: _Rule) -> str:
    return _("This is not written as a “%(format)s”.") % {"format": rule.says}


def _unique(rule: _Rule) -> str:
    return _("An entry stands twice in this list.")


def _unexpected(rule: _Rule) -> str:
    """Names are told where nothing but the named ones is allowed."""
    if rule.word != "additionalProperties" or "patternProperties" in rule.schema:
        return _("There is something in this that the form that is asked for does not name.")
    named = rule.schema.get("properties", {})
    extra = [name for name in rule.value if name not in named]
    values = {"names": _listed(extra, _("and"))}
    return _("The form that is asked for does not name this: %(names)s.") % values


def _name(rule: _Rule) -> str:
    return _("Nothing of this name may stand here.")


def _none_of(rule: _Rule) -> str:
    if rule.fits_none:
        words = _("This fits none of the forms that are allowed here; it is %(value)s.")
        return words % {"value": value_words(rule.value)}
    return _("This fits several of the forms of which only one is allowed here.")


def _not(rule: _Rule) -> str:
    return _("This has a form that is not allowed here.")


def _other(rule: _Rule) -> str:
    if not rule.word:
        return _("There is something in this that may not be there.")
    words = _("This breaks the rule “%(rule)s” of the form that is asked for.")
    return words % {"rule": rule.word}


_WORDS: dict[str, Callable[[_Rule], str]] = {
    "required": _required,
    "type": _type,
    "enum": _enum,
    "const": _const,
    "minimum": _limit,
    "maximum": _limit,
    "exclusiveMinimum": _limit,
    "exclusiveMaximum": _limit,
    "multipleOf": _limit,
    "minLength": _length,
    "maxLength": _length,
    "minItems": _count,
    "maxItems": _count,
    "minProperties": _count,
    "maxProperties": _count,
    "pattern": _pattern,
    "format": _format,
    "uniqueItems": _unique,
    "additionalProperties": _unexpected,
    "unevaluatedProperties": _unexpected,
    "propertyNames": _name,
    "anyOf": _none_of,
    "oneOf": _none_of,
    "not": _not,
}

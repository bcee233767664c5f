"""What answers to a step usually hold, as lines of a table and as a schema to take over."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from callbacks.asl.contract.carried import Place
from callbacks.asl.contract.infer import Contract
from callbacks.asl.language.values import render
from callbacks.asl.places import path
from callbacks.views.field_words import readers_of

_LONGEST_VALUE = 60
MOST_LINES = 100


@dataclass(frozen=True, slots=True)
class ContractLine:
    """One value of an answer. `usual`: what it mostly is, or examples of it."""

    path: str
    kind: str
    is_expected: bool
    usual: str
    readers: str


def source_of(contract: Contract) -> str:
    """From how much it was told."""
    if not contract.runs:
        return _("Told from what later steps read; no answer has succeeded here yet.")
    return ngettext(
        "Inferred from %(n)s run, and from what later steps read.",
        "Inferred from %(n)s runs, and from what later steps read.",
        contract.runs,
    ) % {"n": contract.runs}


def contract_lines(contract: Contract) -> list[ContractLine]:
    """Each value and what is around it, in the order of the answers."""
    if contract.schema is None:
        return []
    found = _lines(contract, contract.schema, (), is_expected=False)
    return [line for line, _number in zip(found, range(MOST_LINES), strict=False)]


def schema_text(contract: Contract) -> str:
    """The JSON Schema as a policy takes it, with who reads what."""
    if contract.schema is None:
        return ""
    told = _told(contract, contract.schema, ())
    return json.dumps(json.loads(render(told)), indent=2, ensure_ascii=False)


def _lines(
    contract: Contract, schema: Mapping[str, Any], place: Place, *, is_expected: bool
) -> Iterator[ContractLine]:
    if place:
        yield ContractLine(
            path=path(place),
            kind=_kind(schema),
            is_expected=is_expected,
            usual=_usual(schema),
            readers=", ".join(readers_of(contract, place)),
        )
    required = schema.get("required", ())
    for name, part in schema.get("properties", {}).items():
        yield from _lines(contract, part, (*place, name), is_expected=name in required)
    if schema.get("items"):
        yield from _lines(contract, schema["items"], (*place, None), is_expected=False)


def _told(contract: Contract, schema: Mapping[str, Any], place: Place) -> Mapping[str, Any]:
    told = _kept(schema)
    readers = readers_of(contract, place) if place else []
    if readers:
        told["description"] = f"Read by {', '.join(readers)}."
    if "properties" in schema:
        told["properties"] = {
            name: _told(contract, part, (*place, name))
            for name, part in schema["properties"].items()
        }
    if "items" in schema:
        told["items"] = _told(contract, schema["items"], (*place, None))
    return told


def _kept(schema: Mapping[str, Any]) -> dict[str, Any]:
    """What is usual becomes an example: a form is never filled in by what others have answered.

    JSON of a policy has doubles; what they cannot hold is left out.
    """
    told = {name: said for name, said in schema.items() if name not in ("default", "examples")}
    usual = [schema["default"]] if "default" in schema else []
    examples = [*usual, *(one for one in schema.get("examples", ()) if one not in usual)]
    survive = [one for one in examples if render(json.loads(render(one))) == render(one)]
    return {**told, "examples": survive} if survive else told


def _kind(schema: Mapping[str, Any]) -> str:
    words = {
        "string": _("a text"),
        "number": _("a number"),
        "integer": _("a whole number"),
        "boolean": _("yes or no"),
        "array": _("a list"),
        "object": _("an object"),
        "null": _("null"),
    }
    if "enum" in schema:
        return _("one of a few")
    named = schema.get("type")
    if isinstance(named, list):
        return _("%(kind)s or null") % {"kind": words[named[0]]}
    return words.get(str(named), _("not known"))


def _usual(schema: Mapping[str, Any]) -> str:
    if "enum" in schema:
        return ", ".join(_value(one) for one in schema["enum"])
    if "default" in schema:
        return _("mostly %(value)s") % {"value": _value(schema["default"])}
    return ", ".join(_value(one) for one in schema.get("examples", ()))


def _value(value: Any) -> str:
    text = value if isinstance(value, str) else render(value)
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…"

"""What an answer to a state usually is and what it has to hold, as a JSON Schema."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from callbacks.asl.contract.carried import Place
from callbacks.asl.contract.reads import TIMESTAMP, Read
from callbacks.asl.contract.samples import Schema, schema_of
from callbacks.asl.language.values import Json


@dataclass(frozen=True, slots=True)
class Contract:
    """`schema` is None where nothing is known. `runs`: of how many answers it was told."""

    schema: Schema | None
    reads: tuple[Read, ...]
    runs: int


def infer(reads: Sequence[Read], outputs: Sequence[Json]) -> Contract:
    """`outputs`: of past answers that went well, the newest first."""
    schema = schema_of(outputs) if outputs else {"type": "object"}
    if not _is(schema, "object"):
        # Answers that are a bare value, or each of another kind.
        return Contract(schema or None, tuple(reads), len(outputs))
    for read in reads:
        # What an answer that went well did without is not needed.
        is_needed = read.is_needed and not any(_lacks(one, read.place) for one in outputs)
        _graft(schema, read.place, replace(read, is_needed=is_needed))
    return Contract(schema if schema.get("properties") else None, tuple(reads), len(outputs))


def _lacks(value: Json, place: Place) -> bool:
    """Whether there is no such value; of lists, whose items need not be there, nothing is said."""
    for name in place:
        if name is None or not isinstance(value, dict):
            return False
        if name not in value:
            return True
        value = value[name]
    return False


def _graft(schema: Schema, place: Place, read: Read) -> None:
    """Put what is known of a place into the schema; what answers say of it goes before."""
    name, *rest = place
    if name is not None and _is(schema, "array") and read.is_loose:
        # JSONata looks into the items of a list by itself.
        name, rest = None, list(place)
    kind = "array" if name is None else "object"
    if not read.is_loose:
        schema.setdefault("type", kind)
    if "type" in schema and not _is(schema, kind):
        return
    part = _part(schema, name, is_needed=read.is_needed)
    if name is None:
        # A list may have no items, and a search for what they have finds nothing then.
        read = replace(read, is_needed=False)
    if rest:
        _graft(part, tuple(rest), read)
    else:
        _describe(part, read)


def _is(schema: Schema, kind: str) -> bool:
    """Whether it is of that kind, or null."""
    return schema.get("type") in (kind, [kind, "null"])


def _part(schema: Schema, name: str | None, *, is_needed: bool) -> Schema:
    around, key = (schema, "items") if name is None else (schema.setdefault("properties", {}), name)
    if name is not None and is_needed and name not in schema.get("required", ()):
        schema.setdefault("required", []).append(name)
    found: Schema = around.setdefault(key, {})
    return found


def _describe(part: Schema, read: Read) -> None:
    """What answers already tell of the kind goes before what the state makes of it."""
    kind = "string" if read.kind == TIMESTAMP else read.kind
    if kind:
        part.setdefault("type", kind)
    if read.kind == TIMESTAMP and _is(part, "string"):
        part.setdefault("format", "date-time")
    if not read.values or not _is(part, kind):
        return
    known: list[Json] = part.get("enum") or part.get("examples", [])
    if "enum" in part or (read.is_closed and all(one in read.values for one in known)):
        part.pop("examples", None)
        or_null = [None] if isinstance(part["type"], list) else []
        part["enum"] = _each_once([*known, *read.values, *or_null])
    elif kind == "string":
        part["examples"] = _each_once([*part.get("examples", ()), *read.values])


def _each_once(values: Iterable[Any]) -> list[Any]:
    seen: list[Any] = []
    for value in values:
        if value not in seen:
            seen.append(value)
    return seen

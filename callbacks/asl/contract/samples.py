"""A JSON Schema that past answers have in common, with what is usual in them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from callbacks.asl.language.values import Json, is_masked, render

# So many have to agree before something is said to be the rule.
FEW = 5
_ENUM_FROM, _MOST_CHOICES = 10, 6
_USUAL = 0.6
_MOST_EXAMPLES, _LONGEST_EXAMPLE = 3, 80
# An object with more names than that is a table, not a form.
_MOST_NAMES = 60
_MOST_ITEMS = 200
_DEEPEST = 8
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
Schema = dict[str, Any]


def schema_of(values: Sequence[Json], depth: int = 0) -> Schema:
    """Of values, the newest first; {} where they have nothing in common."""
    kinds = {_kind(value) for value in values}
    if {"integer", "number"} <= kinds:
        kinds.remove("integer")
    if len(kinds) == 2 and "null" in kinds:
        return _or_null(schema_of([value for value in values if value is not None], depth))
    if len(kinds) != 1 or depth > _DEEPEST:
        return {}
    kind = kinds.pop()
    if kind == "null":
        return {"type": "null"}
    if kind == "object":
        return _of_objects(values, depth)
    if kind == "array":
        items = [item for value in values for item in value][:_MOST_ITEMS]
        return {"type": "array", **({"items": schema_of(items, depth + 1)} if items else {})}
    return {"type": kind, **_usual(values, kind)}


def _or_null(schema: Schema) -> Schema:
    if not schema:
        return {}
    nullable = {**schema, "type": [schema["type"], "null"]}
    if "enum" in schema:
        nullable["enum"] = [*schema["enum"], None]
    return nullable


def _of_objects(values: Sequence[Any], depth: int) -> Schema:
    counts = Counter(name for value in values for name in value)
    if not counts or len(counts) > _MOST_NAMES:
        return {"type": "object"}
    properties = {
        name: schema_of([value[name] for value in values if name in value], depth + 1)
        for name in _in_order(values)
    }
    required = [name for name in properties if len(values) >= FEW and counts[name] == len(values)]
    return {
        "type": "object",
        "properties": properties,
        **({"required": required} if required else {}),
    }


def _in_order(values: Sequence[Any]) -> dict[str, None]:
    return dict.fromkeys(name for value in values for name in value)


def _kind(value: Json) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, str):
        return "string"
    if isinstance(value, int):
        return "integer"
    if isinstance(value, dict):
        return "object"
    return "array" if isinstance(value, list) else "number"


def _usual(values: Sequence[Json], kind: str) -> Schema:
    """Examples, the usual value, and the choice where there are only a few to choose from."""
    known = [value for value in values if not is_masked(value)]
    counts = Counter(render(value) for value in known)
    first = {render(value): value for value in reversed(known)}
    said: Schema = {}
    if kind == "string" and known and all(_DATE.fullmatch(str(value)) for value in known):
        said["format"] = "date"
    elif kind == "string" and _is_choice(counts, len(values)):
        said["enum"] = sorted(first.values(), key=lambda value: -counts[render(value)])
    elif kind != "boolean" and (examples := list(_examples(counts, first))):
        said["examples"] = examples
    for text, count in counts.most_common(1):
        is_usual = len(values) >= FEW and count >= _USUAL * len(values)
        if is_usual and len(text) <= _LONGEST_EXAMPLE:
            said["default"] = first[text]
    return said


def _is_choice(counts: Counter[str], total: int) -> bool:
    is_repeated = bool(counts) and min(counts.values()) > 1
    is_short = all(len(text) <= _LONGEST_EXAMPLE for text in counts)
    return total >= _ENUM_FROM and len(counts) <= _MOST_CHOICES and is_repeated and is_short


def _examples(counts: Counter[str], first: dict[str, Json]) -> Iterator[Json]:
    shown = (text for text, _ in counts.most_common() if 0 < len(text) <= _LONGEST_EXAMPLE)
    for _, text in zip(range(_MOST_EXAMPLES), shown, strict=False):
        yield first[text]

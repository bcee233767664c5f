"""Payload templates: Parameters, ResultSelector, ItemSelector, Assign with their `.$` fields."""

from __future__ import annotations

import random

from tests.simulator.asl.intrinsics import call
from tests.simulator.asl.paths import Documents, NoResult, evaluate, parse_path
from tests.simulator.errors import StateError, runtime
from tests.simulator.jsontext import Json, render


def fill(template: Json, documents: Documents, dice: random.Random) -> Json:
    """The template with every `.$` field replaced by what it names; raises StateError."""
    if isinstance(template, dict):
        return dict(_field(key, value, documents, dice) for key, value in template.items())
    if isinstance(template, list):
        return [fill(item, documents, dice) for item in template]
    return template


def _field(key: str, value: Json, documents: Documents, dice: random.Random) -> tuple[str, Json]:
    if not key.endswith(".$"):
        return key, fill(value, documents, dice)
    return key[:-2], lookup(str(value), documents, dice, field=key)


def lookup(text: str, documents: Documents, dice: random.Random, *, field: str) -> Json:
    """What a path or an intrinsic call names; raises StateError where that is nothing."""
    if text.startswith("States."):
        return call(text, documents, dice)
    try:
        return evaluate(parse_path(text), documents)
    except (NoResult, ValueError) as exc:
        raise missing(text, field, documents.data) from exc


def missing(path: str, field: str, data: Json) -> StateError:
    return runtime(
        f"The JSONPath '{path}' specified for the field '{field}' could not be found"
        f" in the input '{render(data)}'"
    )


def select(path: str | None, documents: Documents) -> Json:
    """InputPath and OutputPath: null means an empty object; a missing path is fatal."""
    if path is None:
        return {}
    if path == "$":
        return documents.data
    try:
        return evaluate(parse_path(path), documents)
    except NoResult as exc:
        raise runtime(f"Invalid path '{path}' : No results for path: {exc.route}") from exc
    except ValueError as exc:
        raise runtime(f"Invalid path '{path}'") from exc


def place(path: str | None, raw_input: Json, result: Json) -> Json:
    """ResultPath: where the result goes in the raw input; `$` replaces, null discards."""
    if path is None:
        return raw_input
    steps = parse_path(path).steps
    if not steps:
        return result
    if not isinstance(raw_input, dict):
        raise StateError(
            "States.ReferencePathConflict",
            f"Unable to apply ReferencePath {path} to input {render(raw_input)}",
        )
    return _placed(raw_input, [key for _, key in steps], result, path)


def _placed(value: Json, keys: list[str | int], result: Json, path: str) -> Json:
    if not keys:
        return result
    key, rest = keys[0], keys[1:]
    if isinstance(key, int):
        return _placed_item(value, key, rest, result, path)
    below = value if isinstance(value, dict) else {}
    return {**below, key: _placed(below.get(key), rest, result, path)}


def _placed_item(value: Json, index: int, rest: list[str | int], result: Json, path: str) -> Json:
    if not isinstance(value, list) or not -len(value) <= index < len(value):
        raise StateError(
            "States.ReferencePathConflict", f'Unable to apply "{path}" to {render(value)}'
        )
    items = list(value)
    items[index] = _placed(value[index], rest, result, path)
    return items

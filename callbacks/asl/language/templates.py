"""Payload templates and paths of JSONPath states: Parameters, ResultSelector, InputPath and so on.

The order in which they apply is in the states-language specification ("Input and Output
Processing"); the words of the causes are AWS's own.
"""

from __future__ import annotations

from typing import Any

from callbacks.asl.language.intrinsics import call
from callbacks.asl.language.paths import NAME, NoSuchValue, find, parse_path
from callbacks.asl.language.values import (
    PATH_MISMATCH,
    RUNTIME,
    CannotPredict,
    Json,
    Seen,
    StateFails,
    render,
)


def fill(template: Json, seen: Seen, field: str) -> Json:
    """The template with every `.$` member replaced by what it names."""
    if isinstance(template, dict):
        return dict(_member(key, value, seen, field) for key, value in template.items())
    if isinstance(template, list):
        return [fill(item, seen, field) for item in template]
    return template


def look_up(text: str, seen: Seen, field: str, member: str) -> Json:
    """What a path or an intrinsic call names; fails the state where that is nothing."""
    if text.startswith("States."):
        return call(text, seen)
    try:
        return find(text, seen)
    except NoSuchValue:
        cause = (
            f"The JSONPath '{text}' specified for the field '{member}' could not be found"
            f" in the input '{render(seen.data)}'"
        )
        raise StateFails(RUNTIME, cause, field=field, path=text) from None


def select(path: str | None, seen: Seen, field: str) -> Json:
    """InputPath and OutputPath: null gives {}, a plain path that finds nothing is the end."""
    if path is None:
        return {}
    if path == "$":
        return seen.data
    try:
        return find(path, seen)
    except NoSuchValue as exc:
        cause = f"Invalid path '{path}' : No results for path: {exc.route}"
        raise StateFails(RUNTIME, cause, field=field, path=path) from None


def place(path: str | None, raw_input: Json, result: Json) -> Json:
    """ResultPath: where the result goes in the state's raw input; null throws it away."""
    if path is None:
        return raw_input
    steps = parse_path(path).steps
    if not steps:
        return result
    if not isinstance(raw_input, dict):
        cause = f"Unable to apply ReferencePath {path} to input {render(raw_input)}"
        raise StateFails(PATH_MISMATCH, cause, field="ResultPath", path=path, is_verbatim=False)
    return _placed(raw_input, steps, result, path)


def _member(key: str, value: Json, seen: Seen, field: str) -> tuple[str, Json]:
    if not key.endswith(".$"):
        return key, fill(value, seen, field)
    return key[:-2], look_up(str(value), seen, field, key)


_ABSENT = object()


def _placed(value: Json, steps: tuple[tuple[str, Any], ...], result: Json, path: str) -> Json:
    if not steps:
        return result
    (kind, key), rest = steps[0], steps[1:]
    if kind == NAME:
        if value is not _ABSENT and not isinstance(value, dict):
            raise CannotPredict(f"whether AWS puts something at {path} over another value")
        below: dict[str, Json] = value if isinstance(value, dict) else {}
        return {**below, key: _placed(below.get(key, _ABSENT), rest, result, path)}
    if not isinstance(value, list) or not -len(value) <= key < len(value):
        raise CannotPredict(f"whether AWS puts something at {path}, where no list has a place")
    items = list(value)
    items[key] = _placed(value[key], rest, result, path)
    return items

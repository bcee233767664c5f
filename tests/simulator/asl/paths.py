"""JSONPath as Step Functions evaluates it: a plain missing path is fatal, a search finds []."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple

import jsonpath  # python-jsonpath: filters only, everything else is small enough to read here

from tests.simulator.errors import runtime
from tests.simulator.jsontext import Json


class Path(NamedTuple):
    """A parsed path: which document it starts from, and the steps below it."""

    text: str
    variable: str | None  # None: the data; "$": the context object; else the variable's name
    steps: tuple[tuple[str, Any], ...]
    definite: bool
    filtered: bool


class NoResult(Exception):
    """A definite path that leads nowhere; `route` is the way up to what is missing."""

    def __init__(self, route: str) -> None:
        super().__init__(route)
        self.route = route


class Documents:
    """What the paths of one state may look at."""

    __slots__ = ("context", "data", "variables")

    def __init__(self, data: Json, context: Json, variables: dict[str, Json]) -> None:
        self.data = data
        self.context = context
        self.variables = variables


STEP = re.compile(
    r"""(?P<descent>\.\.)(?P<dname>[\w\-]+|\*)?
      | \.(?P<name>[^\.\[\]\s()?,'"*]+)
      | \.(?P<star>\*)
      | \['(?P<quoted>(?:[^'\\]|\\.)*)'\]
      | \["(?P<double>(?:[^"\\]|\\.)*)"\]
      | \[(?P<bstar>\*)\]
      | \[(?P<index>-?\d+)\]
      | \[(?P<slice>-?\d*:-?\d*(?::-?\d*)?)\]
      | \[(?P<union>[^\[\]?]+)\]""",
    re.VERBOSE,
)


@lru_cache(maxsize=4096)
def parse_path(text: str) -> Path:
    """Read a path; raises ValueError where it is none."""
    if not text.startswith("$"):
        raise ValueError(f"not a path: {text}")
    match = re.match(r"\$(\$|[A-Za-z_][\w]*)?", text)
    root = match.group(1) if match else None
    rest = text[match.end() :] if match else ""
    if "?(" in rest or "[?" in rest:
        return Path(text, root, (("filter", "$" + rest),), definite=False, filtered=True)
    steps = tuple(_read_steps(text, rest))
    definite = all(kind in ("name", "index") for kind, _ in steps)
    return Path(text, root, steps, definite, filtered=False)


def _read_steps(text: str, rest: str) -> Iterator[tuple[str, Any]]:
    position = 0
    while position < len(rest):
        match = STEP.match(rest, position)
        if match is None:
            raise ValueError(f"not a path: {text}")
        yield from _read_step(match)
        position = match.end()


def _read_step(match: re.Match[str]) -> Iterator[tuple[str, Any]]:
    kind, value = match.lastgroup or "", match.group(match.lastgroup or 0)
    if match.group("descent"):
        yield "descent", None
        name = match.group("dname")
        if name:
            yield ("wildcard", None) if name == "*" else ("name", name)
    elif kind in ("name", "quoted", "double"):
        yield "name", re.sub(r"\\(.)", r"\1", value) if kind != "name" else value
    elif kind in ("star", "bstar"):
        yield "wildcard", None
    elif kind == "index":
        yield "index", int(value)
    elif kind == "slice":
        bounds = [int(part) if part else None for part in value.split(":")]
        yield "slice", slice(*bounds)
    else:
        yield "union", [_union_member(part.strip()) for part in value.split(",")]


def _union_member(text: str) -> str | int:
    return text[1:-1] if text[:1] in "'\"" else int(text)


def evaluate(path: Path, documents: Documents) -> Json:
    """The value at a definite path, or the list that any other path finds; raises NoResult."""
    if path.variable is None and documents.data is None:
        raise runtime("Unable to apply Path transformation to null or empty input.")
    root = _root(path, documents)
    if path.filtered:
        return jsonpath.findall(path.steps[0][1], root)
    return _walk(path, root) if path.definite else _search(path, root)


def _root(path: Path, documents: Documents) -> Json:
    if path.variable is None:
        return documents.data
    if path.variable == "$":
        return documents.context
    if path.variable not in documents.variables:
        raise runtime(f"The variable '{path.variable}' referenced in '{path.text}' does not exist.")
    return documents.variables[path.variable]


def _walk(path: Path, value: Json) -> Json:
    route = "$"
    for kind, key in path.steps:
        route += f"['{key}']" if kind == "name" else f"[{key}]"
        if not _has(value, key):
            raise NoResult(route)
        value = value[key]
    return value


def _search(path: Path, root: Json) -> list[Json]:
    found = [root]
    for kind, key in path.steps:
        found = [result for value in found for result in _step(kind, key, value)]
    return found


def _step(kind: str, key: Any, value: Json) -> Iterator[Json]:
    if kind == "descent":
        yield from _descend(value)
    elif kind == "wildcard":
        yield from _children(value)
    elif kind == "slice":
        yield from value[key] if isinstance(value, list) else ()
    elif kind == "union":
        for member in key:
            yield from _member(value, member)
    else:
        yield from _member(value, key)


def _member(value: Json, key: str | int) -> Iterator[Json]:
    if _has(value, key):
        yield value[key]


def _has(value: Json, key: str | int) -> bool:
    if isinstance(key, str):
        return isinstance(value, dict) and key in value
    return isinstance(value, list) and -len(value) <= key < len(value)


def _children(value: Json) -> Iterator[Json]:
    if isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, list):
        yield from value


def _descend(value: Json) -> Iterator[Json]:
    yield value
    for child in _children(value):
        yield from _descend(child)

"""JSONPath as Step Functions evaluates it: a plain missing path fails, a search finds [].

The rules were read off AWS's recordings; the paths are those of its documentation
(dg/amazon-states-language-paths). Not followed is what the library behind the service does in ways
of its own: several names in one bracket, steps and bounds of mixed signs in a slice.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from callbacks.asl.language.path_filters import parse_filter
from callbacks.asl.language.values import RUNTIME, CannotPredict, Json, Seen, StateFails

# Deep searches of deep searches take the square of an input, and more.
MOST_VALUES = 100_000

NAME, INDEX, WILDCARD, SLICE, UNION, DESCENT = "name", "index", "*", "slice", "union", ".."
FILTER = "filter"
_ROOT = re.compile(r"\$(\$|[A-Za-z_]\w*)?")
_STEP = re.compile(
    r"""(?P<descent>\.\.)(?=[\w*\[])
      | \.?(?P<star>\*|\[\s*+\*\s*+\])
      | \.?(?P<name>[^.\[\]\s()?,'"*@:]+)
      | \.?\[\s*+'(?P<single>(?:[^'\\]|\\.)*+)'\s*+\]
      | \.?\[\s*+"(?P<double>(?:[^"\\]|\\.)*+)"\s*+\]
      | \.?\[\s*+(?P<index>-?\d{1,9})\s*+\]
      | \.?\[\s*+(?P<slice>\d{1,9}\s*+:(?:\s*+\d{1,9})?|:\s*+\d{1,9}
          |-\d{1,9}\s*+:|:\s*+-\d{1,9})\s*+\]
      | \.?\[\s*+(?P<union>\d{1,9}(?:\s*+,\s*+\d{1,9})+)\s*+\]""",
    re.VERBOSE,
)
_FILTER = re.compile(r"\.?\[\s*+\?\s*+(?=\()")
_LONGEST_PATH = 1_000
_NO_DATA = "Unable to apply Path transformation to null or empty input."
Step = tuple[str, Any]


class NoSuchValue(Exception):
    """A plain path leads nowhere; `route` is the way up to what is missing, as AWS writes it."""

    def __init__(self, route: str) -> None:
        super().__init__(route)
        self.route = route


@dataclass(frozen=True, slots=True)
class Path:
    """`root`: None for the data, "$" for the context object, else a variable's name."""

    text: str
    root: str | None
    steps: tuple[Step, ...]

    @property
    def is_plain(self) -> bool:
        """It can find one value at most (a Reference Path)."""
        return all(kind in (NAME, INDEX) for kind, _ in self.steps)


@lru_cache(maxsize=4096)
def parse_path(text: str) -> Path:
    """Raises CannotPredict for a form that is not followed here."""
    root = _ROOT.match(text)
    if root is None or len(text) > _LONGEST_PATH:
        raise CannotPredict(f"the path {text[:80]} has a form that is not followed here")
    steps: list[Step] = []
    at = root.end()
    while at < len(text):
        step, at = _step_at(text, at)
        if step[0] == FILTER and steps and steps[-1][0] == DESCENT:
            raise CannotPredict(f"the path {text[:80]} searches everything by a filter")
        steps.append(step)
    return Path(text, root[1], tuple(steps))


def find(text: str, seen: Seen) -> Json:
    """The value at a plain path, or the list that any other finds.

    Raises NoSuchValue, StateFails for a variable that does not exist or where the data is null,
    CannotPredict.
    """
    path = parse_path(text)
    if path.root is None and seen.data is None:
        # Even "$" (awslabs/states-language, issue 29).
        raise StateFails(RUNTIME, _NO_DATA, path=text)
    root = _root(path, seen)
    if path.root == "$" and not seen.is_complete:
        return _known_context(path, root)
    return _walk(path, root) if path.is_plain else _search(path, root)


def _known_context(path: Path, root: Json) -> Json:
    """Of a context object that is known in part only what cannot have more to it."""
    unknown = CannotPredict(f"{path.text[:80]} of the context object is not known here")
    if not path.is_plain:
        raise unknown
    try:
        value = _walk(path, root)
    except NoSuchValue:
        raise unknown from None
    names = [key for _, key in path.steps]
    if isinstance(value, Mapping | list) and names[:2] != ["Execution", "Input"]:
        raise unknown
    return value


def _step_at(text: str, at: int) -> tuple[Step, int]:
    """The step that begins there, and where it ends."""
    begun = _FILTER.match(text, at)
    if begun is not None:
        chosen, end = parse_filter(text, begun.end())
        return (FILTER, chosen), end
    found = _STEP.match(text, at)
    if found is None or found.end() == at:
        raise CannotPredict(f"the path {text[:80]} has a form that is not followed here")
    return _step(found), found.end()


def _step(found: re.Match[str]) -> Step:
    kind = found.lastgroup or ""
    text = found[kind]
    if kind in ("single", "double"):
        return NAME, re.sub(r"\\(.)", r"\1", text)
    if kind == "index":
        return INDEX, int(text)
    if kind == "slice":
        bounds = [int(part) if part.strip() else None for part in text.split(":")]
        return SLICE, slice(*bounds)
    if kind == "union":
        return UNION, tuple(int(part) for part in text.split(","))
    return {"descent": (DESCENT, None), "star": (WILDCARD, None)}.get(kind, (NAME, text))


def _root(path: Path, seen: Seen) -> Json:
    if path.root is None:
        return seen.data
    if path.root == "$":
        return seen.context
    if path.root in seen.variables:
        return seen.variables[path.root]
    if seen.may_be_assigned(path.root):
        raise CannotPredict(f"the variable ${path.root} is not known here")
    cause = f"The variable '{path.root}' referenced in '{path.text}' does not exist."
    raise StateFails(RUNTIME, cause, path=path.text)


def _walk(path: Path, value: Json) -> Json:
    route = "$"
    for kind, key in path.steps:
        route += f"['{key}']" if kind == NAME else f"[{key}]"
        if not _has(value, key):
            raise NoSuchValue(route)
        value = value[key]
    return value


def _search(path: Path, root: Json) -> list[Json]:
    found = [root]
    for kind, key in path.steps:
        following: list[Json] = []
        for value in found:
            following.extend(_children_by(kind, key, value))
            if len(following) > MOST_VALUES:
                raise CannotPredict(f"the path {path.text[:80]} finds too many values")
        found = following
    return found


def _children_by(kind: str, key: Any, value: Json) -> Iterator[Json]:
    if kind == DESCENT:
        yield from _descend(value)
    elif kind == WILDCARD:
        yield from _children(value)
    elif kind == FILTER:
        yield from key.chosen(value)
    elif kind == SLICE:
        yield from value[key] if isinstance(value, list) and key.step != 0 else ()
    else:
        for one in key if kind == UNION else (key,):
            if _has(value, one):
                yield value[one]


def _has(value: Json, key: str | int) -> bool:
    if isinstance(key, str):
        return isinstance(value, Mapping) and key in value
    return isinstance(value, list) and -len(value) <= key < len(value)


def _children(value: Json) -> Iterator[Json]:
    if isinstance(value, Mapping):
        yield from value.values()
    elif isinstance(value, list):
        yield from value


def _descend(value: Json) -> Iterator[Json]:
    yield value
    for child in _children(value):
        yield from _descend(child)

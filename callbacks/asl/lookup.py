"""Values at a JSONPath of a task's input or context, for rules and texts. Pure.

"$.amount" looks into the input, "$$.Execution.Name" into the context, as in a definition.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from jsonpath import JSONPath, JSONPathEnvironment

from callbacks.asl.path_cost import why_costly
from callbacks.asl.payload import parse_exact

LONGEST_PATH = 200
_ENVIRONMENT = JSONPathEnvironment()


class PathError(ValueError):
    """The text is not a JSONPath, or none that can be looked up in time."""


@dataclass(frozen=True)
class Payloads:
    """A task's masked input and context as JSON texts; read once, when first asked for."""

    input: str
    context: str = ""

    @cached_property
    def _input(self) -> Any:
        return _read(self.input)

    @cached_property
    def _context(self) -> Any:
        return _read(self.context)

    def find(self, path: str) -> list[Any]:
        """Every value at the path, numbers as int or Decimal. Raises PathError."""
        if path.startswith("$$"):
            return _find(path[1:], self._context)
        return _find(path, self._input)


def check_path(path: str) -> None:
    """Raise PathError where the text is no path into input or context, or a costly one.

    Only this refuses costly ones: a policy that is in force stays what it was.
    """
    if len(path) > LONGEST_PATH:
        raise PathError(f"it has {len(path):,} characters; a path has at most {LONGEST_PATH}.")
    why = why_costly(_compile(path[1:] if path.startswith("$$") else path))
    if why:
        raise PathError(why)


def _find(path: str, document: Any) -> list[Any]:
    compiled = _compile(path)
    if not isinstance(document, dict | list):
        return [document] if path == "$" and document is not None else []
    try:
        return list(compiled.findall(document))
    # The library lets through what a filter stumbles over: TypeError, OverflowError, re.error.
    except Exception as exc:
        raise PathError(str(exc)) from exc


@lru_cache(maxsize=512)
def _compile(path: str) -> JSONPath:
    if not path.startswith("$"):
        raise PathError(f"A path begins with $, and this one does not: {path!r}.")
    try:
        compiled = _ENVIRONMENT.compile(path)
    except Exception as exc:
        # The library draws the place below, for a terminal.
        why = str(exc).partition("\n")[0]
        raise PathError(f"This is not a JSONPath: {why}.") from exc
    if not isinstance(compiled, JSONPath):
        raise PathError("Write one path, not several joined.")
    return compiled


def _read(text: str) -> Any:
    try:
        return parse_exact(text)
    except (ValueError, RecursionError):
        return None

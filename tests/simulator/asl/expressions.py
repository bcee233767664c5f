"""One JSONata expression: compiled once, evaluated within bounds, its value as plain JSON."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from tests.simulator.asl.jsonata import UNDEFINED, Seen
from tests.simulator.asl.library import JException, Jsonata, Utils
from tests.simulator.asl.queryfunctions import Refused, functions
from tests.simulator.jsontext import Json

# The depth and the words are those that others report of AWS (see queryfunctions).
MAX_DEPTH = 100
MAX_STEPS = 200_000  # about a second


class Thrown(Exception):
    """The expression ended in an error; the text is the end of AWS's sentence."""


class Unsupported(Exception):
    """The value is, or has within it, a function: JSON has no such thing."""


_TOO_DEEP = (
    "Stack overflow error: Check for non-terminating recursive function."
    " Consider rewriting as tail-recursive."
)


class _Bounds:
    """Ends a runaway recursion. Not the library's own bounds: those count an array constructor
    as a level that is never left, and go by the wall's time, so that a repetition could differ."""

    def __init__(self) -> None:
        self._depth = self._steps = 0

    def enter(self, *_: Any) -> None:
        self._depth += 1
        self._steps += 1
        if self._depth > MAX_DEPTH:
            raise Refused(f"{_TOO_DEEP} Depth={self._depth} max={MAX_DEPTH}")
        if self._steps > MAX_STEPS:
            raise Refused("Expression evaluation timeout: Check for infinite loop")

    def leave(self, *_: Any) -> None:
        self._depth -= 1


@lru_cache(maxsize=4096)
def _compiled(source: str) -> Jsonata:
    expression = Jsonata(source)
    # So that a null is told from nothing at all.
    expression.set_output_convert_nulls(False)
    return expression


def syntax_error(source: str) -> str | None:
    try:
        _compiled(source)
    except JException as exc:
        return f"{exc.get_error()}: {exc}"
    except Exception as exc:  # noqa: BLE001 - a regular expression that Python refuses, for one
        return repr(exc)
    return None


def evaluate(source: str, seen: Seen) -> Json:
    """The value, or UNDEFINED; raises Thrown and Unsupported."""
    expression = _compiled(source)
    try:
        value = expression.evaluate(None, _frame(expression, seen))
    except JException as exc:
        raise Thrown(f"threw an error during evaluation. {exc.get_error()}: {exc}") from exc
    except Refused as exc:
        raise Thrown(f"threw an error during evaluation: {exc}") from exc
    except RecursionError as exc:
        raise Thrown(f"threw an error during evaluation: {_TOO_DEEP}") from exc
    except Exception as exc:  # the library lets errors of Python's own through
        raise Thrown(f"threw an internal error during evaluation. {exc!r}") from exc
    return UNDEFINED if value is None else _plain(value)


def _frame(expression: Jsonata, seen: Seen) -> Jsonata.Frame:
    frame = expression.create_frame()
    bounds = _Bounds()
    frame.set_evaluate_entry_callback(bounds.enter)
    frame.set_evaluate_exit_callback(bounds.leave)
    for name, function in functions(seen.now, seen.dice).items():
        frame.bind(name, function)
    for name, value in seen.variables.items():
        frame.bind(name, Utils.NULL_VALUE if value is None else value)
    frame.bind("states", seen.states)
    return frame


def _plain(value: Any) -> Json:
    """A copy in JSON's own types: the library's lists are of other classes, its null is another."""
    if value is None or value is Utils.NULL_VALUE:
        return None
    if isinstance(value, (str, bool, int, float)):
        return value
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    raise Unsupported

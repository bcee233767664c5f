"""One JSONata expression, evaluated within bounds: its value as plain JSON.

The library is jsonata-python. An expression comes from whoever wrote the workflow, and must not
hold a web process: steps, depth and sizes are counted (what a function of the library goes through
in one step is a value that a step has made), and regular expressions run on RE2,
which takes time in proportion to the text.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any

import re2

from callbacks.asl.language.jsonata_functions import OWN_FUNCTIONS, Refused
from callbacks.asl.language.jsonata_standard import STANDARD_FUNCTIONS
from callbacks.asl.language.library import JException, Jsonata, Mended, RegexFlags, Utils
from callbacks.asl.language.values import CannotPredict, Json

UNDEFINED: Any = object()
# AWS's own depth is 100 levels of calls; one level there is some levels of the library here.
_MAX_DEPTH = 100
_MAX_STEPS = 100_000
# An output has 262,144 bytes at most; what is larger on the way is not followed.
_MAX_SIZE = 1_000_000
_SIZE_OF_A_STEP = 100
# Each has two bytes at least.
_MAX_MEMBERS = 150_000
_BYTES_OF_A_STEP = 20_000
_COMPARISONS = ("=", "!=", "in")
FUNCTIONS: Mapping[str, Any] = {
    **STANDARD_FUNCTIONS,
    **{name: Jsonata.JLambda(function) for name, function in OWN_FUNCTIONS.items()},
}
NAMES_OF_FUNCTIONS = frozenset(Jsonata.static_frame.bindings) | FUNCTIONS.keys()


class Thrown(Exception):
    """The expression ended in an error; the text is JSONata's code and words."""


class Unsupported(Exception):
    """The value is a function or holds one: JSON has no such thing."""


class _Stopped(BaseException):
    """Not an Exception: the library catches those."""


def evaluate(source: str, *, states: Mapping[str, Json], variables: Mapping[str, Json]) -> Json:
    """The value, or UNDEFINED. Raises Thrown, Unsupported, CannotPredict."""
    expression = _compiled(source)
    frame = expression.create_frame()
    given = _given(dict(states))
    meter = _Meter(of_comparison=1 + len(repr(given)) // _BYTES_OF_A_STEP)
    frame.set_evaluate_entry_callback(meter.enter)
    frame.set_evaluate_exit_callback(meter.leave)
    frame.bind("eval", None)
    for name, function in FUNCTIONS.items():
        frame.bind(name, function)
    for name, value in variables.items():
        frame.bind(name, _given(value))
    frame.bind("states", given)
    value = _evaluated(expression, frame)
    return UNDEFINED if value is None else _Copy().of(value)


def syntax_tree(source: str) -> Any:
    """The library's tree of an expression. Raises CannotPredict for one that it cannot read."""
    return _compiled(source).ast


def _evaluated(expression: Jsonata, frame: Jsonata.Frame) -> Any:
    try:
        return expression.evaluate(None, frame)
    except _Stopped as exc:
        raise CannotPredict(f"the expression takes too long to work out here: {exc}") from None
    except MemoryError:
        raise CannotPredict("the expression takes too much memory here") from None
    except JException as exc:
        if exc.get_error() == "D1001":
            raise CannotPredict("what AWS makes of a number that is too large") from None
        raise Thrown(f"{exc.get_error()}: {exc}") from None
    except Refused as exc:
        raise Thrown(str(exc)) from None
    except CannotPredict:
        raise
    # The library lets errors of Python's own through; what AWS does there is not known.
    except Exception as exc:
        raise CannotPredict("the expression meets values that it is not followed with") from exc


@lru_cache(maxsize=2048)
def _compiled(source: str) -> Jsonata:
    try:
        expression = Mended(source, _linear)
    # A definition with a syntax error was never accepted, so it is a form that the library or RE2
    # does not know.
    except Exception as exc:
        raise CannotPredict(f"the expression has a form that is not followed here: {exc}") from exc
    # So that a null is told from nothing at all.
    expression.set_output_convert_nulls(False)
    expression.set_validate_input(False)
    return expression


def _linear(pattern: str, flags: RegexFlags) -> Any:
    options = re2.Options()
    options.case_sensitive = not flags.case_insensitive
    options.log_errors = False
    return re2.compile(f"(?m){pattern}" if flags.multiline else pattern, options)


class _Meter:
    """What an evaluation has taken so far. Counts, and no clock: the same each time."""

    def __init__(self, *, of_comparison: int) -> None:
        self._depth = self._steps = 0
        self._of_comparison = of_comparison

    def enter(self, expr: Any, *_: Any) -> None:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise _Stopped(f"more than {_MAX_DEPTH} levels")
        # What is compared may be all there is, however few expressions name it.
        self._add(self._of_comparison if getattr(expr, "value", "") in _COMPARISONS else 1)

    def leave(self, _expr: Any, _input: Any, _frame: Any, result: Any) -> None:
        self._depth -= 1
        size = len(result) if isinstance(result, str | list | dict) else 0
        if size > _MAX_SIZE:
            raise _Stopped(f"a value of more than {_MAX_SIZE:,} characters or members")
        self._add(size // _SIZE_OF_A_STEP)

    def _add(self, steps: int) -> None:
        self._steps += steps
        if self._steps > _MAX_STEPS:
            raise _Stopped(f"more than {_MAX_STEPS:,} steps")


def _given(value: Json) -> Any:
    """As the library takes it: floats, and a null of its own."""
    if value is None:
        return Utils.NULL_VALUE
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, list):
        return [_given(item) for item in value]
    if isinstance(value, Mapping):
        return {key: _given(item) for key, item in value.items()}
    return value


class _Copy:
    """A value in JSON's own types, whole numbers without a point as JavaScript writes them."""

    def __init__(self) -> None:
        self._members = 0

    def of(self, value: Any) -> Json:
        self._members += 1
        if self._members > _MAX_MEMBERS:
            raise CannotPredict("the expression gives more than can be followed")
        if value is None or value is Utils.NULL_VALUE:
            return None
        if isinstance(value, str | bool | int):
            return value
        if isinstance(value, float):
            return int(value) if value.is_integer() and abs(value) < 1e15 else Decimal(repr(value))
        if isinstance(value, list):
            return [self.of(item) for item in value]
        if isinstance(value, dict):
            return {key: self.of(item) for key, item in value.items()}
        raise Unsupported

"""jsonata-python, without the limit of recursion that it sets for the whole process, and mended.

With ten thousand levels a text of brackets alone would be parsed, or end the process. Where the
library differs from JSONata 2.0.6, the reference that AWS names, `Mended` and
`jsonata_standard` follow the reference.
"""

from __future__ import annotations

import json
import math
import operator
import sys
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

_BEFORE = sys.getrecursionlimit()

from jsonata.functions import Functions  # noqa: E402
from jsonata.jexception import JException  # noqa: E402
from jsonata.jsonata import Jsonata  # noqa: E402
from jsonata.parser import Parser  # noqa: E402
from jsonata.regex_engine import RegexFlags  # noqa: E402
from jsonata.signature import Signature  # noqa: E402
from jsonata.utils import Utils  # noqa: E402

sys.setrecursionlimit(_BEFORE)

__all__ = ["Functions", "JException", "Jsonata", "Mended", "RegexFlags", "Utils", "text_of"]

from callbacks.asl.language.values import CannotPredict, in_java_order  # noqa: E402

# JavaScript writes numbers between these without an exponent.
_SMALLEST_PLAIN, _LARGEST_PLAIN = 1e-6, 1e21
_ORDERS = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
_FUNCTIONS = (Jsonata.JFunctionCallable, Parser.Symbol)


def _symbol(self: Any, value: Any) -> str:
    return "l" if value is Utils.NULL_VALUE else str(_symbol_before(self, value))


# The library lets a null pass every signature, as if it were missing.
_symbol_before, Signature.get_symbol = Signature.get_symbol, _symbol


class Mended(Jsonata):  # type: ignore[misc]  # the library has no types
    """An expression, with its operators as the reference has them."""

    def evaluate_numeric_expression(self, lhs: Any, rhs: Any, op: str | None) -> Any:
        if op == "%" and Utils.is_numeric(lhs) and Utils.is_numeric(rhs):
            # The library cuts fractions off.
            return Utils.convert_number(math.fmod(lhs, rhs))
        return super().evaluate_numeric_expression(lhs, rhs, op)

    def evaluate_string_concat(self, lhs: Any, rhs: Any) -> str:
        return "".join(text_of(one) for one in (lhs, rhs) if one is not None)

    def evaluate_comparison_expression(self, lhs: Any, rhs: Any, op: str | None) -> Any:
        if isinstance(lhs, str) and isinstance(rhs, str):
            return _ORDERS[op or ""](in_java_order(lhs), in_java_order(rhs))
        return super().evaluate_comparison_expression(lhs, rhs, op)

    def evaluate_includes_expression(self, lhs: Any, rhs: Any) -> bool:
        # The library takes 1 for true, and looks into objects.
        if lhs is None or rhs is None:
            return False
        return any(_is_identical(lhs, one) for one in (rhs if isinstance(rhs, list) else [rhs]))


def _is_identical(left: Any, right: Any) -> bool:
    """As JavaScript's three equals signs."""
    if isinstance(left, list | dict | bool) or isinstance(right, bool):
        return left is right
    return bool(left == right)


def text_of(value: Any, *, indent: str = "") -> str:
    """What `$string` and `&` make of a value: JSON as JavaScript writes it, a text as it is.

    With `indent` each member stands on a line of its own, so far in for each level.
    """
    if isinstance(value, Utils.JList) and value.outer_wrapper:
        value = value[0]
    if isinstance(value, _FUNCTIONS) or callable(value):
        return ""
    return value if isinstance(value, str) else _json(value, indent, "\n" if indent else "")


def _json(value: Any, indent: str, line: str) -> str:
    """`line`: what begins a line at this level; "" where all stands on one."""
    if isinstance(value, list):
        return _listed("[]", [_json(one, indent, line + indent) for one in value], indent, line)
    if isinstance(value, dict):
        _check_order(value)
        colon = ": " if line else ":"
        members = [
            f"{_quoted(name)}{colon}{_json(one, indent, line + indent)}"
            for name, one in value.items()
        ]
        return _listed("{}", members, indent, line)
    if isinstance(value, _FUNCTIONS) or callable(value):
        return '""'
    if isinstance(value, int | float) and not isinstance(value, bool):
        return number_text(value)
    return _quoted(None if value is Utils.NULL_VALUE else value)


def _check_order(value: Mapping[str, Any]) -> None:
    """JavaScript puts names that are numbers first, by their size."""
    numbers = sorted((name for name in value if name.isdecimal()), key=int)
    if list(value)[: len(numbers)] != numbers:
        raise CannotPredict("whether AWS keeps the order of names that are numbers")


def _listed(brackets: str, members: Sequence[str], indent: str, line: str) -> str:
    if not members:
        return brackets
    inner = f",{line}{indent}".join(members)
    return f"{brackets[0]}{line}{indent}{inner}{line}{brackets[1]}"


def _quoted(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def number_text(value: float) -> str:
    """Rounded to fifteen digits, as JSONata does first."""
    rounded = float(f"{value:.15g}")
    if rounded == 0:
        return "0"
    if _SMALLEST_PLAIN <= abs(rounded) < _LARGEST_PLAIN:
        return f"{Decimal(repr(rounded)):f}".removesuffix(".0")
    digits, exponent = f"{Decimal(repr(rounded)):e}".split("e")
    return f"{digits}e{int(exponent):+d}"

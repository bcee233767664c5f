"""What Step Functions takes as an answer, checked before it is sent; the same check at every door.

Limits: API reference of SendTaskSuccess and SendTaskFailure. botocore checks none of them.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from callbacks.asl.masking import has_token

OUTPUT_LIMIT_BYTES = 262_144
ERROR_LIMIT_CHARACTERS = 256
CAUSE_LIMIT_CHARACTERS = 32_768
# Python's parser ends near 1,000 levels; no answer that a person writes comes near 200.
DEPTH_LIMIT = 200
# Python converts no longer digit strings, and no number of AWS's needs them.
DIGITS_LIMIT = 4_300

# A string may lack its end; nothing is ever looked at twice.
_STRING_OR_BRACKET = re.compile(r'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)|[\[\]{}]', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a text. `line` and `column` count from 1; None where it is the whole."""

    code: str
    message: str
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        if self.line is None:
            return self.message
        return f"Line {self.line}, column {self.column}: {self.message}"


class PayloadError(Exception):
    """A text that cannot be an answer."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


class _Refused(ValueError):
    """Raised by a parser hook, which does not know where it is."""


def check_output(text: str) -> Any:
    """Return the parsed output. Raises PayloadError with the first problem found.

    Strict JSON: no NaN, no number beyond a double, no key twice in one object, at most DEPTH_LIMIT
    levels. Numbers come as Decimal or int, so nothing is rounded here.
    """
    check_text(text)
    if not text.strip():
        raise PayloadError(
            Problem("empty", "Write an answer. An empty one is never sent as if it were {}.")
        )
    _check_size(text)
    check_depth(text)
    try:
        value = parse_exact(text)
        _check_escapes(text)
        return value
    except json.JSONDecodeError as exc:
        message = f"This is not JSON: {_in_words(exc.msg)}."
        raise PayloadError(Problem("not_json", message, exc.lineno, exc.colno)) from None
    except _Refused as exc:
        raise PayloadError(Problem("not_json", str(exc))) from None


def parse_exact(text: str) -> Any:
    """Parse strict JSON with numbers as exact decimals."""
    return json.loads(
        text,
        parse_constant=_refuse_constant,
        parse_int=_integer,
        parse_float=_decimal,
        object_pairs_hook=_object,
    )


def same_value(left: str, right: str) -> bool:
    """Whether two JSON texts mean the same; AWS and the emulators write theirs anew.

    Numbers are compared by value: exactly, or as the doubles that Step Functions may make of them.
    Texts that are not JSON are the same only to the letter.
    """
    if left == right:
        return True
    try:
        check_depth(left)
        check_depth(right)
        return _same(parse_exact(left), parse_exact(right))
    except (ValueError, PayloadError):
        return False


def check_error(error: str) -> None:
    _check_length(error, ERROR_LIMIT_CHARACTERS, "error name")


def check_cause(cause: str) -> None:
    _check_length(cause, CAUSE_LIMIT_CHARACTERS, "cause")


def check_text(text: str) -> None:
    """Raise PayloadError where a text cannot be kept or sent as UTF-8, or holds a task token."""
    if text.startswith("\ufeff"):
        message = "a hidden byte order mark stands before the text; remove it."
        raise PayloadError(Problem("byte_order_mark", message, 1, 1))
    try:
        text.encode()
    except UnicodeEncodeError as exc:
        message = "half a character (a lone surrogate), which cannot be sent."
        raise PayloadError(Problem("surrogate", message, *_place(text, exc.start))) from None
    if "\0" in text:
        message = "a NUL character, which cannot be kept; in JSON write \\u0000."
        raise PayloadError(Problem("nul", message, *_place(text, text.index("\0"))))
    if has_token(text):
        message = "A task token stands in it, and whoever reads that can answer. Take it out."
        raise PayloadError(Problem("token", message))


def _check_length(text: str, limit: int, what: str) -> None:
    check_text(text)
    if len(text) > limit:
        message = f"The {what} has {len(text):,} characters; AWS takes at most {limit:,}."
        raise PayloadError(Problem("too_long", message))


def _check_size(text: str) -> None:
    size = len(text.encode())
    if size > OUTPUT_LIMIT_BYTES:
        message = f"The answer has {size:,} bytes; AWS takes at most {OUTPUT_LIMIT_BYTES:,}."
        raise PayloadError(Problem("too_big", message))


def check_depth(text: str) -> None:
    """Raise PayloadError before a parser would run out of stack."""
    depth = 0
    for match in _STRING_OR_BRACKET.finditer(text):
        character = match.group()
        if character in "[{":
            depth += 1
        elif character in "]}":
            depth -= 1
        if depth > DEPTH_LIMIT:
            message = f"nested too deep, more than {DEPTH_LIMIT} levels."
            raise PayloadError(Problem("too_deep", message, *_place(text, match.start())))


def _check_escapes(text: str) -> None:
    """Refuse half a character written as an escape: UTF-8 cannot hold it, so AWS changes it."""
    for match in _STRING_OR_BRACKET.finditer(text):
        string = match.group()
        if "\\u" not in string:
            continue
        try:
            json.loads(string).encode()
        except UnicodeEncodeError:
            message = "half a character (a lone surrogate), which AWS would replace."
            raise PayloadError(
                Problem("surrogate", message, *_place(text, match.start()))
            ) from None


def _place(text: str, index: int) -> tuple[int, int]:
    return text.count("\n", 0, index) + 1, index - text.rfind("\n", 0, index)


def _in_words(message: str) -> str:
    return message[:1].lower() + message[1:]


def _refuse_constant(name: str) -> Any:
    raise _Refused(f"{name} is not a JSON number.")


def _integer(text: str) -> int:
    _check_digits(text)
    return int(text)


def _decimal(text: str) -> Decimal:
    _check_digits(text)
    if not math.isfinite(float(text)):
        raise _Refused(f"The number {text[:40]} is too large for AWS.")
    return Decimal(text)


def _check_digits(text: str) -> None:
    if len(text) > DIGITS_LIMIT:
        raise _Refused(f"A number has {len(text):,} digits; at most {DIGITS_LIMIT:,} can be sent.")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key, value in pairs:
        if key in result:
            raise _Refused(f"The key “{key[:100]}” stands twice in one object; AWS would keep one.")
        result[key] = value
    return result


def _same(left: Any, right: Any) -> bool:
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(_same(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(_same, left, right))
    if _is_number(left) and _is_number(right):
        return bool(left == right) or _as_double(left) == _as_double(right)
    return type(left) is type(right) and bool(left == right)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


def _as_double(value: int | Decimal) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf

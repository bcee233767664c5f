"""The intrinsic functions themselves (dg/intrinsic-functions); named as AWS names them.

They raise TypeError, ValueError or LookupError for arguments that AWS does not take.
"""

from __future__ import annotations

import base64
import hashlib
import math
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from callbacks.asl.language.values import CannotPredict, Json, is_number, read_text, text_of

# "The input must be at most 10,000 characters" of Base64Encode, Base64Decode and Hash.
_LONGEST_TEXT = 10_000
_LONGEST_RANGE = 1_000
_LONGEST_RESULT = 1_000_000
HASHES = {
    "MD5": hashlib.md5,
    "SHA-1": hashlib.sha1,
    "SHA-256": hashlib.sha256,
    "SHA-384": hashlib.sha384,
    "SHA-512": hashlib.sha512,
}


class Literal(str):
    """A text as it stands between quotes in a call, its escapes not yet taken off."""

    __slots__ = ()


def unescaped(text: str) -> str:
    """A literal's text (dg/intrinsic-functions, "Reserved characters in intrinsic functions")."""
    return _ESCAPE.sub(_escaped, text)


_ESCAPE = re.compile(r"\\(.?)", re.DOTALL)


def _escaped(found: re.Match[str]) -> str:
    if not found[1] or found[1] not in "'{}\\":
        raise CannotPredict("what AWS makes of a backslash before another character is not known")
    return found[1]


def format_text(template: Json, *values: Json) -> str:
    """`{}` takes the next value; in a literal `\\{` and `\\}` stand for the character."""
    is_literal = isinstance(template, Literal)
    if not is_literal and "\\" in _text(template):
        raise CannotPredict("whether AWS takes backslashes off a template that is data")
    pieces: list[str] = []
    rest = iter(values)
    for found in _PIECE.finditer(_text(template)):
        if found["place"]:
            pieces.append(_shown(next(rest, _MISSING)))
        elif found["brace"]:
            _refuse_brace(found["brace"])
        else:
            pieces.append(unescaped(found[0]) if is_literal else found[0])
    if sum(map(len, pieces)) > _LONGEST_RESULT:
        raise CannotPredict("States.Format makes a text that is too long to be followed")
    if next(rest, _MISSING) is not _MISSING:
        raise ValueError("more values than places")
    return "".join(pieces)


_PIECE = re.compile(r"(?P<place>\{\})|(?P<brace>[{}])|(?:\\.?|[^{}\\])+", re.DOTALL)
_MISSING = object()


def _refuse_brace(brace: str) -> None:
    if brace == "}":
        raise CannotPredict("whether AWS takes a closing brace alone is not known")
    raise ValueError("matching '}' not found for '{'")


def _shown(value: Json) -> str:
    if value is _MISSING:
        raise ValueError("fewer values than places")
    return value if isinstance(value, str) else text_of(value)


def _text(value: Json) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value


def _short_text(value: Json) -> str:
    if len(_text(value)) > _LONGEST_TEXT:
        raise ValueError(f"a text of more than {_LONGEST_TEXT:,} characters")
    return str(value)


def _list(value: Json) -> list[Json]:
    if not isinstance(value, list):
        raise TypeError("not an array")
    return value


def _whole(value: Json) -> int:
    """Numbers are rounded to the nearest whole one, halves upwards, also below 0 (recorded)."""
    if not is_number(value):
        raise TypeError("not a number")
    if isinstance(value, int):
        return value
    return math.floor(Decimal(str(value)) + Decimal("0.5"))


def _exactly_whole(value: Json) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError("not a whole number")
    return value


def _string_to_json(text: Json) -> Json:
    # A blank text gives null, as recorded.
    return read_text(text) if _text(text).strip() else None


def _array_partition(items: Json, size: Json) -> list[Json]:
    step = _whole(size)
    if step <= 0:
        raise ValueError("a chunk size that is not positive")
    return [_list(items)[at : at + step] for at in range(0, len(items), step)]


def _array_contains(items: Json, value: Json) -> bool:
    return any(_is_same(item, value) for item in _list(items))


def _is_same(left: Json, right: Json) -> bool:
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if left == right and text_of(left) != text_of(right):
        raise CannotPredict("whether AWS takes 1 and 1.0 for the same is not known")
    return bool(left == right)


def _array_range(first: Json, last: Json, step: Json) -> list[int]:
    start, end, by = _whole(first), _whole(last), _whole(step)
    values = range(start, end + (1 if by > 0 else -1), by)
    if len(values) > _LONGEST_RANGE:
        raise ValueError(f"more than {_LONGEST_RANGE:,} elements")
    return list(values)


def _array_get_item(items: Json, index: Json) -> Json:
    at = _exactly_whole(index)
    if at < 0:
        raise LookupError("an index below 0")
    return _list(items)[at]


def _array_unique(items: Json) -> list[Json]:
    first: dict[str, Json] = {}
    for item in _list(items):
        first.setdefault(text_of(item), item)
    return list(first.values())


def _hash(data: Json, algorithm: Json) -> str:
    text = data if isinstance(data, str) else text_of(data)
    return HASHES[_text(algorithm)](_short_text(text).encode()).hexdigest()


def _base64_encode(text: Json) -> str:
    return base64.b64encode(_short_text(text).encode()).decode()


def _base64_decode(text: Json) -> str:
    packed = _short_text(text)
    try:
        return base64.b64decode(packed, validate=True).decode()
    except ValueError:
        # Java asks for no padding, and replaces what is no UTF-8.
        raise CannotPredict("what AWS makes of such a Base64 text is not known") from None


def _json_merge(left: Json, right: Json, is_deep: Json) -> Json:
    if is_deep is not False:
        raise ValueError("only the shallow merge is supported")
    if not (isinstance(left, dict) and isinstance(right, dict)):
        raise TypeError("not an object")
    return {**left, **right}


def _math_add(left: Json, right: Json) -> int:
    total = _whole(left) + _whole(right)
    if not -(2**31) <= total < 2**31:
        raise CannotPredict("how AWS adds numbers beyond 32 bits is not known")
    return total


def _string_split(text: Json, separators: Json) -> list[str]:
    """Each character of the second argument separates; empty parts are left out (recorded)."""
    found = _text(text)
    if not _text(separators):
        raise CannotPredict("what splitting by nothing gives is not known")
    for separator in separators[1:]:
        found = found.replace(separator, separators[0])
    return [part for part in found.split(separators[0]) if part]


def _by_chance(*_: Json) -> Json:
    raise CannotPredict("a number or id is drawn by chance")


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "Array": lambda *given: list(given),
    "ArrayContains": _array_contains,
    "ArrayGetItem": _array_get_item,
    "ArrayLength": lambda items: len(_list(items)),
    "ArrayPartition": _array_partition,
    "ArrayRange": _array_range,
    "ArrayUnique": _array_unique,
    "Base64Decode": _base64_decode,
    "Base64Encode": _base64_encode,
    "Format": format_text,
    "Hash": _hash,
    "JsonMerge": _json_merge,
    "JsonToString": text_of,
    "MathAdd": _math_add,
    "MathRandom": _by_chance,
    "StringSplit": _string_split,
    "StringToJson": _string_to_json,
    "UUID": _by_chance,
}

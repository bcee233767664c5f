"""Functions of JSONata's own that the library has otherwise than JSONata 2.0.6, or without bounds.

Source: docs.jsonata.org, and what the reference implementation does. What it refuses carries its
code, as AWS's causes do.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from typing import Any

from callbacks.asl.language.jsonata_functions import is_not_whole
from callbacks.asl.language.library import Functions, JException, Jsonata, Utils, text_of
from callbacks.asl.language.values import CannotPredict, Json, in_java_order

_LONGEST_PAD = 300_000
_LONGEST_TEXT = 5_000_000
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([Ee][-+]?[0-9]+)?")
_WITH_BASE = re.compile(r"0([xX][0-9A-Fa-f]+|[oO][0-7]+|[bB][01]+)")
_BASES = {"x": 16, "o": 8, "b": 2}
_TIMESTAMP = re.compile(
    r"\d{4}(-[01]\d)*+(-[0-3]\d)*+(T[0-2]\d:[0-5]\d:[0-5]\d)*+(\.\d++)?+"
    r"([+-][0-2]\d:?[0-5]\d|Z)?"
)


def _string(value: Json = None, is_pretty: Json = None) -> str | None:
    return None if value is None else text_of(value, indent="  " if is_pretty is True else "")


def _number(value: Json = None) -> Json:
    if isinstance(value, bool):
        return int(value)
    if not isinstance(value, str | int | float | None):
        # Handed to $map its arguments are not held against its signature.
        raise JException("T0410", -1, 1, "number")
    if not isinstance(value, str):
        return value
    found = _double(value)
    if found is None or math.isinf(found):
        raise JException("D3030", -1, value)
    return Utils.convert_number(found)


def _double(text: str) -> float | None:
    if _WITH_BASE.fullmatch(text):
        try:
            return float(int(text[2:], _BASES[text[1].lower()]))
        except OverflowError:
            return None
    return float(text) if _NUMBER.fullmatch(text) else None


def _power(base: Json = None, exponent: Json = None) -> Json:
    if base is None:
        return None
    try:
        found = math.pow(base, exponent)
    except (ValueError, OverflowError):
        raise JException("D3061", -1, base, exponent) from None
    return Utils.convert_number(found)


def _base64_encode(text: Json = None) -> Json:
    return Functions.base64encode(_ascii(text))


def _base64_decode(text: Json = None) -> Json:
    return _ascii(Functions.base64decode(text))


def _ascii(text: Json) -> Json:
    if text is not None and not text.isascii():
        raise CannotPredict("whether AWS packs bytes or characters into Base64 is not known")
    return text


def _to_millis(text: Json = None, picture: Json = None) -> Json:
    if text is None:
        return None
    if picture is None and not _TIMESTAMP.fullmatch(text):
        raise JException("D3110", -1, text)
    return Functions.datetime_to_millis(text, picture)


def _pad(text: Json = None, width: Json = None, filler: Json = None) -> Json:
    if text is None:
        return None
    if is_not_whole(width):
        raise CannotPredict("what $pad gives for such a width is not known")
    if abs(width) > _LONGEST_PAD:
        raise CannotPredict("$pad makes a text that is too long")
    missing = max(abs(int(width)) - len(text), 0)
    padding = ((filler or " ") * missing)[:missing]
    return text + padding if width > 0 else padding + text


def _distinct(items: Json = None) -> Json:
    """In linear time, and telling 1 from true: the library's own does neither."""
    if not isinstance(items, list) or len(items) <= 1:
        return items
    # Of a list that was written so one value stays a list.
    kept = Utils.create_sequence() if Utils.is_sequence(items) else []
    first: dict[str, Json] = {}
    for item in items:
        first.setdefault(_key(item), item)
    kept.extend(first.values())
    return kept


def _key(value: Any) -> str:
    return json.dumps(_canonical(value), sort_keys=True)


def _canonical(value: Any) -> Any:
    """A number however it was written; a function, which is only itself, is told from all texts."""
    if isinstance(value, list):
        return [_canonical(one) for one in value]
    if isinstance(value, dict):
        return {name: _canonical(one) for name, one in value.items()}
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if value is None or value is Utils.NULL_VALUE or isinstance(value, str | int | float):
        return None if value is Utils.NULL_VALUE else value
    return {"": id(value)}


def _count(items: Json = None) -> int:
    return 0 if items is None else len(items)


def _join(texts: Json = None, separator: Json = None) -> Json:
    if texts is None:
        return None
    between = separator or ""
    _check_length(sum(map(len, texts)) + len(between) * len(texts))
    return between.join(texts)


def _split(text: Json = None, by: Json = None, limit: Json = None) -> Json:
    if text is None:
        return None
    if limit is not None and limit < 0:
        raise JException("D3020", -1, text)
    if isinstance(by, str):
        return Functions.split(text, by, limit)
    parts = list(_between(text, by))
    return parts if limit is None else parts[: math.floor(limit)]


def _between(text: str, pattern: Any) -> Iterator[str]:
    """Without the groups of the pattern, which the library mixes in."""
    at = 0
    for found in pattern.finditer(text):
        if found.start() == found.end():
            raise JException("D1004", -1, pattern.pattern)
        yield text[at : found.start()]
        at = found.end()
    yield text[at:]


def _replace(text: Json = None, pattern: Json = None, by: Json = None, limit: Json = None) -> Json:
    if text is None:
        return None
    if pattern is None or by is None:
        raise CannotPredict("what $replace gives for such arguments is not known")
    if isinstance(by, str):
        _check_length(len(text) + (len(text) + 1) * len(by))
    return Functions.replace(text, pattern, by, limit)


def _sort(items: Json = None, comparator: Any = None) -> Json:
    if items is None or len(items) <= 1:
        return items
    if comparator is None:
        return sorted(_comparable(items), key=_order)
    return _merge_sorted(list(items), comparator)


def _order(value: Json) -> Any:
    return in_java_order(value) if isinstance(value, str) else value


def _comparable(items: list[Json]) -> list[Json]:
    if not (all(map(Utils.is_numeric, items)) or all(isinstance(one, str) for one in items)):
        raise JException("D3070", -1)
    return items


def _merge_sorted(items: list[Json], comparator: Any) -> list[Json]:
    """As the reference does it: what the comparator does not put behind another keeps its place."""
    if len(items) <= 1:
        return items
    middle = len(items) // 2
    left = _merge_sorted(items[:middle], comparator)
    right = _merge_sorted(items[middle:], comparator)
    merged: list[Json] = []
    at = 0
    for one in left:
        while at < len(right) and _is_behind(one, right[at], comparator):
            merged.append(right[at])
            at += 1
        merged.append(one)
    return merged + right[at:]


def _is_behind(one: Json, other: Json, comparator: Any) -> bool:
    found = Functions.func_apply(comparator, [one, other])
    if not isinstance(found, bool | int | float):
        raise CannotPredict("a comparator of $sort gives no truth value")
    return bool(found)


def _check_length(length: int) -> None:
    if length > _LONGEST_TEXT:
        raise CannotPredict("the expression makes a text that is too long to be followed")


# With the reference's signatures: the library then refuses other arguments as it does.
STANDARD_FUNCTIONS: dict[str, Any] = {
    name: Jsonata.JFunction(Jsonata.JLambda(function), signature)
    for name, function, signature in (
        ("string", _string, "<x-b?:s>"),
        ("number", _number, "<(nsb)-:n>"),
        ("power", _power, "<n-n:n>"),
        ("base64encode", _base64_encode, "<s-:s>"),
        ("base64decode", _base64_decode, "<s-:s>"),
        ("toMillis", _to_millis, "<s-s?:n>"),
        ("join", _join, "<a<s>s?:s>"),
        ("split", _split, "<s-(sf)n?:a<s>>"),
        ("sort", _sort, "<af?:a>"),
        ("distinct", _distinct, "<x:x>"),
        ("pad", _pad, "<s-ns?:s>"),
        ("replace", _replace, "<s-(sf)(sf)n?:s>"),
        ("count", _count, "<a:n>"),
    )
}

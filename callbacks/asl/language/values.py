"""Values as expressions see them, and the two ways in which an evaluation gives none."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from json.encoder import encode_basestring
from typing import Any

from callbacks.asl.masking import has_mask
from callbacks.asl.payload import PayloadError, check_depth, parse_exact

# JSON as `payload.parse_exact` reads it: numbers are int or Decimal, so nothing is rounded.
Json = Any

RUNTIME = "States.Runtime"
QUERY_FAILURE = "States.QueryEvaluationError"
DATA_LIMIT = "States.DataLimitExceeded"
NO_CHOICE = "States.NoChoiceMatched"
INTRINSIC_FAILURE = "States.IntrinsicFailure"
# As incidents tell of it; the documentation has States.ResultPathMatchFailure.
PATH_MISMATCH = "States.ReferencePathConflict"

# Java writes doubles between these as Python does; others with an exponent of its own.
_SMALLEST_PLAIN, _LARGEST_PLAIN = Decimal("0.001"), Decimal(10) ** 7


class CannotPredict(Exception):
    """What comes of it depends on something that is not known here; the message says on what."""


class StateFails(Exception):
    """The state would fail here with this error; `field` and `path` say at what.

    `is_verbatim`: the cause is in AWS's own words, as far as recordings show them.
    """

    def __init__(
        self,
        error: str,
        cause: str,
        *,
        field: str = "",
        path: str = "",
        is_verbatim: bool = True,
        value: Json = None,
    ) -> None:
        super().__init__(cause)
        self.error = error
        self.cause = cause
        self.field = field
        self.path = path
        self.is_verbatim = is_verbatim
        # What was too large, where that is the matter.
        self.value = value


@dataclass(frozen=True, slots=True)
class Seen:
    """What the expressions of one state may look at.

    `data`: what `$` means in JSONPath. `states`: `$states` of JSONata, without its context.
    A variable or a part of the context that is not known is absent, and `is_complete` is False.
    `assignable`: the names of all variables that there can be, None where that is not known.
    """

    data: Json
    context: Mapping[str, Json]
    variables: Mapping[str, Json]
    states: Mapping[str, Json] = field(default_factory=dict)
    is_complete: bool = True
    assignable: frozenset[str] | None = None

    def may_be_assigned(self, name: str) -> bool:
        """Whether a variable that is absent may exist all the same."""
        return not self.is_complete and (self.assignable is None or name in self.assignable)


def render(value: Json) -> str:
    """Compact JSON, numbers as they were written."""
    parts: list[str] = []
    _write(value, parts)
    return "".join(parts)


def size_of(value: Json) -> int:
    """Bytes of UTF-8, as the service counts a payload (dg/service-quotas).

    The text itself is not made: a template may name one large value a thousand times.
    """
    return _Sizes().of(value)


class _Sizes:
    """Counts each object once, however often it is named."""

    def __init__(self) -> None:
        self._known: dict[int, int] = {}
        self._names: dict[str, int] = {}

    def of(self, value: Json) -> int:
        if not isinstance(value, dict | list):
            return _leaf_size(value)
        known = self._known.get(id(value))
        if known is None:
            known = self._known[id(value)] = self._of_members(value)
        return known

    def _of_members(self, value: Json) -> int:
        # The brackets, and a comma between two members.
        size = 1 + max(len(value), 1)
        if isinstance(value, list):
            for one in value:
                size += self.of(one)
            return size
        for name, one in value.items():
            size += self._of_name(name) + self.of(one)
        return size

    def _of_name(self, name: str) -> int:
        """With its colon. The rows of a table have the same names."""
        if name not in self._names:
            self._names[name] = _leaf_size(name) + 1
        return self._names[name]


def _leaf_size(value: Json) -> int:
    if isinstance(value, str):
        quoted = encode_basestring(value)
        return len(quoted if quoted.isascii() else quoted.encode(errors="replace"))
    if isinstance(value, bool) or value is None:
        return 5 if value is False else 4
    return len(str(value))


def is_masked(value: Json) -> bool:
    """Whether a task token stood in it: what is there now is not what AWS has."""
    if isinstance(value, str):
        return has_mask(value)
    if isinstance(value, Mapping):
        return any(is_masked(one) for one in value.values())
    return isinstance(value, list) and any(map(is_masked, value))


def check_unmasked(*values: Json) -> None:
    """Raise CannotPredict where something is to be worked out of a text that is masked here."""
    if any(map(is_masked, values)):
        raise CannotPredict("it works with a task token, which is masked here")


def read_text(text: str) -> Json:
    """A JSON text inside the data. Raises ValueError, and CannotPredict where AWS may be milder."""
    try:
        check_depth(text)
        return parse_exact(text)
    except json.JSONDecodeError as exc:
        if exc.msg == "Extra data":
            raise CannotPredict("whether AWS reads a JSON text with more behind it") from None
        raise
    except (PayloadError, ValueError, RecursionError) as exc:
        raise CannotPredict(f"what AWS makes of such a JSON text is not known: {exc}") from None


def text_of_number(value: int | Decimal) -> str:
    """As AWS writes a number into a text. Raises CannotPredict where its form is not known."""
    if isinstance(value, int):
        return str(value)
    if value and not _SMALLEST_PLAIN <= abs(value) < _LARGEST_PLAIN:
        raise CannotPredict(f"how AWS writes the number {value} into a text is not known")
    return repr(float(value))


def text_of(value: Json) -> str:
    """The JSON text that an expression makes of a value."""
    parts: list[str] = []
    _write(value, parts, number=text_of_number)
    return "".join(parts)


def in_java_order(text: str) -> bytes:
    """What Java and JavaScript order texts by: their units of UTF-16."""
    return text.encode("utf-16-be", "surrogatepass")


def kind_of(value: Json) -> str:
    """JSON's word for what it is."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if is_number(value):
        return "number"
    if isinstance(value, str):
        return "string"
    return "array" if isinstance(value, list) else "object"


def is_number(value: Json) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def _write(value: Json, parts: list[str], number: Any = str) -> None:
    if isinstance(value, dict):
        opening = "{"
        for key, inner in value.items():
            parts.append(f"{opening}{encode_basestring(key)}:")
            _write(inner, parts, number)
            opening = ","
        parts.append("{}" if opening == "{" else "}")
    elif isinstance(value, list):
        opening = "["
        for inner in value:
            parts.append(opening)
            _write(inner, parts, number)
            opening = ","
        parts.append("[]" if opening == "[" else "]")
    elif isinstance(value, str):
        parts.append(encode_basestring(value))
    elif is_number(value):
        parts.append(number(value))
    else:
        parts.append({None: "null", True: "true", False: "false"}[value])

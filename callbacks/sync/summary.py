"""What a list shows of a task: headline, key fields, who asked; by its policy, else found. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol

from callbacks.asl.lookup import PathError, Payloads
from callbacks.asl.masking import MARKER
from callbacks.sync.money import as_money, currency_path

MOST_FIELDS = 6
LONGEST_VALUE = 60
LONGEST_LABEL = 40
DEEPEST = 3
LONGEST_HEADLINE = 300
LONGEST_NAME = 200
# What a value is called that has no name.
ALONE = "Input"

# Who asked, under the names that people give it; compared without case, "_" and "-".
ASKERS = (
    "requestedby",
    "askedby",
    "submittedby",
    "createdby",
    "initiatedby",
    "requester",
    "submitter",
    "initiator",
)

_PLACE = re.compile(r"\{(\$[^{}]*?)\s*(\|\s*money\s*)?\}")
_WORD_ENDS = re.compile(r"[_\-.\s]+|(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")


class _Number(str):
    """A number's own text: 120.00 stays 120.00, and 5,000 digits are no trouble."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Summary:
    headline: str
    key_fields: tuple[tuple[str, str], ...]
    asked_by: str


class Texts(Protocol):
    """The columns of a policy that say what people read; empty ones leave it to us."""

    headline: str
    key_fields: Sequence[Mapping[str, str]]
    requester_path: str


def summarise(*, state_machine: str, state: str, payloads: Payloads, texts: Texts) -> Summary:
    """Read the (masked) payloads for what tells one request from the next."""
    given = _parse(payloads.input)
    headline = _filled(texts.headline, payloads) or f"{state_machine}: {state}"
    fields = _named_fields(texts.key_fields, payloads) if texts.key_fields else _first_fields(given)
    asker = _first_text(texts.requester_path, payloads) if texts.requester_path else _asker(given)
    return Summary(
        headline=headline[:LONGEST_HEADLINE],
        key_fields=tuple(fields),
        asked_by=asker[:LONGEST_NAME],
    )


def value_alone(text: str) -> str:
    """The value of an input that is nothing but one short value, or ""."""
    return _short(_parse(text)) or ""


def paths_in(template: str) -> list[str]:
    """The paths that a headline asks for."""
    return [path for path, _money in _PLACE.findall(template)]


def _filled(template: str, payloads: Payloads) -> str:
    """The headline with each `{path}` as the value that is there; "…" where none is."""

    def value(place: re.Match[str]) -> str:
        text = _first_text(place[1], payloads)
        if text and place[2]:
            text = as_money(text, currency=_first_text(currency_path(place[1]), payloads))
        return text or "…"

    return _PLACE.sub(value, template)


def _named_fields(
    wanted: Sequence[Mapping[str, str]], payloads: Payloads
) -> Iterator[tuple[str, str]]:
    for field in wanted:
        text = _first_text(field["path"], payloads)
        if text:
            yield field["label"][:LONGEST_LABEL], text


def _first_text(path: str, payloads: Payloads) -> str:
    """The first value at the path that can stand in a line, or ""."""
    try:
        found = payloads.find(path)
    except PathError:
        return ""
    texts = (_short(_as_text(value)) for value in found)
    return next((text for text in texts if text), "")


def _as_text(value: Any) -> Any:
    return str(value) if isinstance(value, int | Decimal) and not isinstance(value, bool) else value


def humanise(key: str) -> str:
    """Make a label of a key: "orderId" and "order_id" read "Order id"; "VAT" stays."""
    words = [word for word in _WORD_ENDS.split(_one_line(key)) if word]
    text = " ".join(word if word.isupper() and len(word) > 1 else word.lower() for word in words)
    return text[:1].upper() + text[1:]


def _parse(text: str) -> Any:
    try:
        return json.loads(text, parse_int=_Number, parse_float=_Number, parse_constant=_Number)
    except (ValueError, RecursionError):
        return None


def _first_fields(given: Any) -> Iterator[tuple[str, str]]:
    if not isinstance(given, dict):
        # An item of a Map often is one value, and nothing else tells it from the next.
        alone = _short(given)
        if alone is not None:
            yield ALONE, alone
        return
    found = 0
    for path, value in _scalars(given, ()):
        text = _short(value)
        if text is None or _is_asker(path[-1]):
            continue
        label = humanise(" ".join(path))[:LONGEST_LABEL].rstrip()
        yield label, text
        found += 1
        if found == MOST_FIELDS:
            return


def _scalars(node: dict[str, Any], path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Members in the order of the input, those of objects inside it in their place."""
    for key, value in node.items():
        if isinstance(value, dict):
            if len(path) + 1 < DEEPEST:
                yield from _scalars(value, (*path, key))
        elif not isinstance(value, list):
            yield (*path, key), value


def _short(value: Any) -> str | None:
    """The value's text, or None where it says nothing in a list: empty, long, or masked."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if not isinstance(value, str) or len(value) > LONGEST_VALUE or MARKER.search(value):
        return None
    return _one_line(value) or None


def _asker(given: Any) -> str:
    if not isinstance(given, dict):
        return ""
    by_name = {_plain(key): value for key, value in given.items() if isinstance(value, str)}
    for name in ASKERS:
        value = by_name.get(name, "")
        if value and not isinstance(value, _Number) and not MARKER.search(value):
            return _one_line(value)[:LONGEST_NAME]
    return ""


def _is_asker(key: str) -> bool:
    return _plain(key) in ASKERS


def _plain(key: str) -> str:
    return key.replace("_", "").replace("-", "").lower()


def _one_line(text: str) -> str:
    # Neither a line break nor a NUL nor half a character belongs in a list, and PostgreSQL's
    # jsonb refuses the last two.
    return " ".join(_CONTROL.sub(" ", text).split())

"""Tokens out of every payload, in every spelling, before anything is stored or shown.

Masked are: every token that the caller knows; what stands under a key that names a task token; and
whatever has the shape of AWS's tokens, known or not. What is left of the text stays byte for byte,
and JSON stays JSON.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from callbacks.asl.spellings import (
    AWS_TOKEN_WRAPPED,
    Finder,
    View,
    closed_up,
    closed_up_view,
    plain_views,
    readings,
    views,
)

# What stands in a masked text; pages show it as a word of its own.
MARKER = re.compile(
    r"\[masked · (?P<length>\d+) characters · sha256 (?P<sha256>[0-9a-f]{4}…[0-9a-f]{4})\]"
)

_NAME = r"[\w.$ -]{0,80}?task[_\-. ]?token"
# An expression of a definition is no token: "$$.Task.Token", "{% $states.context.Task.Token %}".
_VALUE = r"(?!\[masked ·|\$|\{%)(?P<secret>[^\"\\<>\s]{1,4096})"
_NAMED_SECRETS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        # {"taskToken": "…"}, and {"Task": {"Token": "…"}}
        rf'"{_NAME}"\s*:\s*"{_VALUE}"',
        rf'"Task"\s*:\s*\{{[^{{}}]*?"Token"\s*:\s*"{_VALUE}"',
        # Message attributes and DynamoDB items: {"taskToken": {"StringValue": "…"}}
        rf'"{_NAME}"\s*:\s*\{{[^{{}}]*?"(?:StringValue|Value|S)"\s*:\s*"{_VALUE}"',
        # Environment variables of a container, in both orders
        rf'"(?:Name|Key)"\s*:\s*"{_NAME}"\s*,\s*"(?:StringValue|Value)"\s*:\s*"{_VALUE}"',
        rf'"(?:StringValue|Value)"\s*:\s*"{_VALUE}"\s*,\s*"(?:Name|Key)"\s*:\s*"{_NAME}"',
        # https://…?taskToken=…
        r"task[_\-.]?token=(?!\[masked ·|\$|\{)(?P<secret>[^&\s\"'\\<>#]{4,4096})",
    )
)
_MAY_NAME_ONE = re.compile(r"token", re.IGNORECASE)
# A base64 text of a token of AWS's shape, for the three alignments of its first eight characters.
_SHAPE_IN_BASE64 = re.compile(
    r"(?:QVFDRUFBQU|FRQ0VBQUFB|BUUNFQUFBQ|QUFBQUtnQU|FBQUFLZ0FB|BQUFBS2dBQ)"
    r"[A-Za-z0-9+/=_-]{80,}"
)
_BASE64_TAIL = r"[A-Za-z0-9+/=_-]*"
# The same names and values in a value that is already parsed.
_SECRET_NAME = re.compile(_NAME, re.IGNORECASE)
_SECRET_VALUE = re.compile(_VALUE)
_VALUE_MEMBERS = frozenset({"StringValue", "Value", "value", "S"})


@dataclass(frozen=True, slots=True)
class _Hit:
    start: int
    end: int
    marker: str


class Masker:
    """Masks with a set of known tokens; make one per execution and use it for all its texts.

    `shape`: what is taken for a token although nobody knows it.
    """

    def __init__(
        self, tokens: Iterable[str] = (), *, shape: re.Pattern[str] = AWS_TOKEN_WRAPPED
    ) -> None:
        self._finder = Finder(tokens)
        self._shapes = (shape, _SHAPE_IN_BASE64)

    def text(self, text: str) -> str:
        """The text with a marker in the place of every token; JSON in, JSON out."""
        masked = self._masked(text)
        if masked == text or not _is_json(text) or _is_json(masked):
            return masked
        # A token that stood outside of any string, such as a number.
        return json.dumps(self.json(json.loads(text)), ensure_ascii=False)

    def json(self, value: Any) -> Any:
        """A copy of a parsed value with every text in it masked, keys too."""
        holder: list[Any] = [None]
        waiting: list[tuple[Any, Any, Any, frozenset[str]]] = [(holder, 0, value, frozenset())]
        while waiting:
            into, key, node, secret = waiting.pop()
            if isinstance(node, dict):
                copy: dict[Any, Any] = {self._leaf(name): None for name in node}
                into[key] = copy
                secret = secret | _secret_members(node)
                for name, member in node.items():
                    if name in secret and _is_secret(member):
                        copy[self._leaf(name)] = _marker(member)
                    else:
                        waiting.append((copy, self._leaf(name), member, _secrets_below(name)))
            elif isinstance(node, list | tuple):
                into[key] = items = [None] * len(node)
                waiting.extend((items, at, item, frozenset()) for at, item in enumerate(node))
            else:
                into[key] = self._leaf(node)
        return holder[0]

    def _leaf(self, value: Any) -> Any:
        if isinstance(value, str):
            return self._masked(value)
        if isinstance(value, int | float | Decimal) and self._finder.present(str(value)):
            return _marker(str(value))
        return value

    def _masked(self, text: str) -> str:
        if not self._has_any(text):
            return text
        return _replaced(text, [hit for view in views(text) for hit in self._hits(view)])

    def _has_any(self, text: str) -> bool:
        """The quick look: most texts have nothing to mask, and places cost time."""
        if any(self._has_shape(view) or _has_named(view) for view in plain_views(text)):
            return True
        return any(self._finder.present(reading) for reading, _, _ in readings(text))

    def _has_shape(self, text: str) -> bool:
        return any(shape.search(text) for shape in self._shapes)

    def _hits(self, view: View) -> Iterator[_Hit]:
        for start, end in _named(view.text):
            yield _hit(view, start, end, view.text[start:end])
        for pattern in self._shapes:
            for found in pattern.finditer(view.text):
                yield _hit(view, *found.span(), closed_up(found.group()))
        yield from self._known_hits(view)
        if self._has_split(view.text):
            yield from self._known_hits(closed_up_view(view))

    def _has_split(self, text: str) -> bool:
        """Whether closing up brings a token together: places in the closed text cost time."""
        closed = closed_up(text)
        return any(
            # The end of a base64 text may stand on the next line although its core does not.
            needle.kind == "base64" or closed.count(needle.text) > text.count(needle.text)
            for needle in self._finder.present(closed)
        )

    def _known_hits(self, view: View) -> Iterator[_Hit]:
        for needle in self._finder.present(view.text):
            # Base64 mixes the token's ends with what stands beside them: off with all that follows.
            tail = _BASE64_TAIL if needle.kind == "base64" else ""
            for found in re.finditer(re.escape(needle.text) + tail, view.text):
                yield _hit(view, *found.span(), needle.token)


def mask_tokens(text: str) -> str:
    """A text that a person typed, with a marker in the place of whatever has a token's shape."""
    return AWS_TOKEN_WRAPPED.sub(lambda found: _marker(closed_up(found.group())), text)


def has_token(text: str) -> bool:
    """Whether a text holds something of a token's shape, or stood for one before it was masked."""
    return bool(AWS_TOKEN_WRAPPED.search(text) or has_mask(text))


def has_mask(text: str) -> bool:
    """Whether a token stood in it before it was masked."""
    return MARKER.search(text) is not None


def _marker(secret: str) -> str:
    digest = hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
    return f"[masked · {len(secret)} characters · sha256 {digest[:4]}…{digest[-4:]}]"


def _has_named(text: str) -> bool:
    return any(True for _ in _named(text))


def _named(text: str) -> Iterator[tuple[int, int]]:
    if _MAY_NAME_ONE.search(text):
        for pattern in _NAMED_SECRETS:
            for found in pattern.finditer(text):
                yield found.span("secret")


def _hit(view: View, start: int, end: int, secret: str) -> _Hit:
    first, last = view.span(start, end)
    return _Hit(first, last, _marker(secret))


def _replaced(text: str, hits: list[_Hit]) -> str:
    pieces: list[str] = []
    at = 0
    # The longest of those that begin together: it says most.
    for hit in sorted(hits, key=lambda hit: (hit.start, -hit.end)):
        if hit.end <= at:
            continue
        if hit.start >= at:
            pieces += (text[at : hit.start], hit.marker)
        at = hit.end  # one that overlaps is swallowed by the marker before it
    pieces.append(text[at:])
    return "".join(pieces)


def _is_json(text: str) -> bool:
    try:
        json.loads(text, parse_int=str)
    except (ValueError, RecursionError):
        return False
    return True


def _secret_members(node: dict[Any, Any]) -> frozenset[str]:
    """Members of a parsed object that are tokens by their own name or by a Name beside them."""
    found = {name for name in node if isinstance(name, str) and _SECRET_NAME.fullmatch(name)}
    if any(_SECRET_NAME.fullmatch(str(node.get(name, ""))) for name in ("Name", "name", "Key")):
        found |= _VALUE_MEMBERS
    return frozenset(found)


def _secrets_below(name: Any) -> frozenset[str]:
    if name == "Task":
        return frozenset({"Token"})
    return _VALUE_MEMBERS if _SECRET_NAME.fullmatch(str(name)) else frozenset()


def _is_secret(value: Any) -> bool:
    return isinstance(value, str) and bool(_SECRET_VALUE.fullmatch(value))

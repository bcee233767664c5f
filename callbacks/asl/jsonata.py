"""The few JSONata forms through which a token is usually passed, as expression nodes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from callbacks.asl.expression import (
    Base64,
    Concat,
    Context,
    Items,
    JsonOf,
    Literal,
    Merge,
    Node,
    Opaque,
    Record,
    Url,
)

_TOKEN = re.compile(
    r"""\s*(?:(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')"""
    r"""|(?P<call>\$[A-Za-z]\w*)\s*\(|(?P<path>\$\w*(?:\s*\.\s*(?:\w+|`[^`]*`))*)"""
    r"""|(?P<number>-?\d+(?:\.\d+)?)|(?P<word>true|false|null)\b|(?P<mark>[&{}\[\](),:]))""",
    re.DOTALL,
)
_NESTING_LIMIT = 30
T = TypeVar("T")


class _NotFollowed(Exception):
    """The expression has a form that is not followed here."""


def parse_value(text: str) -> Node:
    """A string of an Arguments template: an expression only between `{%` and `%}`."""
    stripped = text.strip()
    if not (stripped.startswith("{%") and stripped.endswith("%}")):
        return Literal(text)
    expression = stripped[2:-2]
    try:
        reader = _Reader(_tokens(expression))
        node = reader.expression(0)
        reader.expect_end()
    except _NotFollowed:
        return Opaque(mentions_context="context" in expression)
    return node


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str


def _tokens(expression: str) -> list[_Token]:
    tokens, at = [], 0
    end = len(expression.rstrip())
    while at < end:
        found = _TOKEN.match(expression, at)
        if found is None or found.lastgroup is None:
            raise _NotFollowed
        tokens.append(_Token(found.lastgroup, found[found.lastgroup]))
        at = found.end()
    return tokens


class _Reader:
    """One pass over the tokens; anything unexpected is `_NotFollowed`."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._at = 0

    def expression(self, depth: int) -> Node:
        if depth > _NESTING_LIMIT:
            raise _NotFollowed
        parts = [self._primary(depth)]
        while self._take("&"):
            parts.append(self._primary(depth))
        return parts[0] if len(parts) == 1 else Concat(tuple(parts))

    def expect_end(self) -> None:
        if self._at != len(self._tokens):
            raise _NotFollowed

    def _primary(self, depth: int) -> Node:
        token = self._next()
        if token.kind == "text":
            return Literal(_unquote(token.text))
        if token.kind == "path":
            return _reference(token.text)
        if token.kind == "call":
            return _call(token.text, self._list(")", lambda: self.expression(depth + 1)))
        if token.kind == "mark":
            return self._bracketed(token.text, depth)
        return Opaque(mentions_context=False)

    def _bracketed(self, mark: str, depth: int) -> Node:
        if mark == "{":
            return Record(self._list("}", lambda: self._member(depth)))
        if mark == "[":
            return Items(self._list("]", lambda: self.expression(depth + 1)))
        if mark == "(":
            inner = self.expression(depth + 1)
            if self._take(")"):
                return inner
        raise _NotFollowed

    def _member(self, depth: int) -> tuple[str, Node]:
        name = self._next()
        if name.kind != "text" or not self._take(":"):
            raise _NotFollowed
        return _unquote(name.text), self.expression(depth + 1)

    def _list(self, close: str, read: Callable[[], T]) -> tuple[T, ...]:
        found: list[T] = []
        while not self._take(close):
            if found and not self._take(","):
                raise _NotFollowed
            found.append(read())
        return tuple(found)

    def _next(self) -> _Token:
        if self._at >= len(self._tokens):
            raise _NotFollowed
        self._at += 1
        return self._tokens[self._at - 1]

    def _take(self, mark: str) -> bool:
        if self._at < len(self._tokens) and self._tokens[self._at] == _Token("mark", mark):
            self._at += 1
            return True
        return False


def _unquote(quoted: str) -> str:
    inner = quoted[1:-1]
    if quoted[0] == "'":
        inner = inner.replace("\\'", "'").replace('"', '\\"')
    try:
        return str(json.loads(f'"{inner}"', strict=False))
    except ValueError as exc:
        raise _NotFollowed from exc


def _reference(path: str) -> Node:
    names = [name.strip().strip("`") for name in path.split(".")]
    if names[:2] == ["$states", "context"]:
        return Context(tuple(names[2:]))
    return Opaque(mentions_context=names == ["$states"])


def _call(name: str, arguments: tuple[Node, ...]) -> Node:
    if len(arguments) == 1 and name in _OF_ONE:
        return _OF_ONE[name](arguments[0])
    if name == "$merge" and len(arguments) == 1 and isinstance(arguments[0], Items):
        return Merge(arguments[0].parts)
    if name == "$string" and arguments:
        return JsonOf(arguments[0])
    harmless = all(isinstance(a, Literal) or a == Opaque(mentions_context=False) for a in arguments)
    return Opaque(mentions_context=not harmless)


_OF_ONE: dict[str, Callable[[Node], Node]] = {
    "$string": JsonOf,
    "$base64encode": Base64,
    "$encodeUrlComponent": Url,
    "$encodeUrl": Url,
}

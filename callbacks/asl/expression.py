"""What an expression of either query language is made of, as far as a token can pass through."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Context:
    """A member of the context object; the empty path is the whole of it."""

    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Literal:
    text: str


@dataclass(frozen=True, slots=True)
class Opaque:
    """Anything else: data, or a form that we do not follow."""

    mentions_context: bool


@dataclass(frozen=True, slots=True)
class Record:
    members: tuple[tuple[str, Node], ...]


@dataclass(frozen=True, slots=True)
class Items:
    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Concat:
    """Texts joined into one."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Merge:
    """Objects laid over each other."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class JsonOf:
    """The inner value as JSON text."""

    inner: Node


@dataclass(frozen=True, slots=True)
class Base64:
    inner: Node


@dataclass(frozen=True, slots=True)
class Url:
    """The inner text percent-encoded."""

    inner: Node


Node = Context | Literal | Opaque | Record | Items | Concat | Merge | JsonOf | Base64 | Url

"""Where in a state's Parameters or Arguments the context object, and with it the token, is used.

A template becomes a small tree of what each place is made of; `tokens` holds the parameters that
were really sent against that tree. What these few forms do not cover becomes `Opaque`, which says
only whether the context is mentioned: reading stays exact, or says that it is not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from callbacks.asl import jsonata, jsonpath
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

# Deeper templates than any tool writes are only asked whether they mention the context.
_DEPTH_LIMIT = 60


@dataclass(frozen=True, slots=True)
class _Language:
    is_jsonata: bool
    input_path: str | None


def template_tree(*, template: Any, input_path: str | None, is_jsonata: bool) -> Node:
    """What the sent parameters are made of. Without a template they are the state's input."""
    language = _Language(is_jsonata, input_path)
    if template is None and not is_jsonata:
        return jsonpath.parse("$", input_path=input_path)
    return _tree(template, language, 0)


def mentions_token(*, template: Any, input_path: str | None, is_jsonata: bool) -> bool:
    """Whether any place could carry the state's own token."""
    tree = template_tree(template=template, input_path=input_path, is_jsonata=is_jsonata)
    return any(_carries_token(leaf) for leaf in _leaves(tree))


def _tree(template: Any, language: _Language, depth: int) -> Node:
    if depth > _DEPTH_LIMIT:
        return Opaque(mentions_context=True)
    if isinstance(template, dict):
        return Record(tuple(_member(k, v, language, depth) for k, v in template.items()))
    if isinstance(template, list):
        return Items(tuple(_tree(item, language, depth + 1) for item in template))
    if isinstance(template, str) and language.is_jsonata:
        return jsonata.parse_value(template)
    return Opaque(mentions_context=False)


def _member(name: str, value: Any, language: _Language, depth: int) -> tuple[str, Node]:
    if not language.is_jsonata and name.endswith(".$") and isinstance(value, str):
        return name[:-2], jsonpath.parse(value, input_path=language.input_path)
    return name, _tree(value, language, depth + 1)


def _carries_token(leaf: Node) -> bool:
    if isinstance(leaf, Context):
        return leaf.path in ((), ("Task",), ("Task", "Token"))
    return isinstance(leaf, Opaque) and leaf.mentions_context


def _leaves(tree: Node) -> list[Node]:
    leaves, waiting = [], [tree]
    while waiting:
        node = waiting.pop()
        inner = children(node)
        waiting.extend(inner)
        if not inner:
            leaves.append(node)
    return leaves


def children(node: Node) -> tuple[Node, ...]:
    if isinstance(node, Record):
        return tuple(value for _, value in node.members)
    if isinstance(node, Items | Concat | Merge):
        return node.parts
    if isinstance(node, JsonOf | Base64 | Url):
        return (node.inner,)
    assert isinstance(node, Context | Literal | Opaque)  # noqa: S101 - tells mypy that all are covered
    return ()

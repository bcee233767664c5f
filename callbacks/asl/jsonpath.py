"""JSONPath references and intrinsic functions of a Parameters template, as expression nodes."""

from __future__ import annotations

import re
from collections.abc import Callable

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
)

_STEP = re.compile(r"""\.([^.\[\]'"*?()@,\s]+)|\[\s*'([^']*)'\s*\]|\[\s*"([^"]*)"\s*\]""")
_TOKEN = re.compile(
    r"""\s*(?:(?P<call>States\.\w+)\s*\(|(?P<text>'(?:[^'\\]|\\.)*')|(?P<path>\$[^,()\s]*)"""
    r"""|(?P<comma>,)|(?P<close>\))|(?P<other>[^\s,()']+))""",
    re.DOTALL,
)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_NESTING_LIMIT = 12


class _NotFollowed(Exception):
    """The expression has a form that is not followed here."""


def parse(expression: str, *, input_path: str | None) -> Node:
    text = expression.strip()
    if text.startswith("$"):
        return _reference(text, input_path)
    try:
        node, end = _value(text, 0, input_path, 0)
    except _NotFollowed:
        return _opaque(text, input_path)
    return node if not text[end:].strip() else _opaque(text, input_path)


def _opaque(text: str, input_path: str | None) -> Opaque:
    through_input = (input_path or "").startswith("$$") and "$" in text
    return Opaque(mentions_context="$$" in text or through_input)


def _reference(text: str, input_path: str | None) -> Node:
    # With an InputPath into the context, "$" is that part of it.
    if not text.startswith("$$") and (input_path or "").startswith("$$"):
        text = f"{input_path}{text[1:]}"
    if not text.startswith("$$"):
        return Opaque(mentions_context=False)
    steps, at = [], 2
    while found := _STEP.match(text, at):
        steps.append(next(group for group in found.groups() if group is not None))
        at = found.end()
    return Context(tuple(steps)) if at == len(text) else Opaque(mentions_context=True)


def _value(text: str, at: int, input_path: str | None, depth: int) -> tuple[Node, int]:
    found = _TOKEN.match(text, at)
    if found is None or depth > _NESTING_LIMIT or found.lastgroup in ("comma", "close"):
        raise _NotFollowed
    kind, end = found.lastgroup, found.end()
    if kind == "call":
        arguments, end = _arguments(text, end, input_path, depth)
        return _call(found["call"], arguments), end
    if kind == "text":
        return Literal(found["text"][1:-1]), end
    if kind == "path":
        return _reference(found["path"], input_path), end
    return Opaque(mentions_context=False), end


def _arguments(
    text: str, at: int, input_path: str | None, depth: int
) -> tuple[tuple[Node, ...], int]:
    arguments: list[Node] = []
    while True:
        found = _TOKEN.match(text, at)
        if found is None:
            raise _NotFollowed
        if found.lastgroup == "close":
            return tuple(arguments), found.end()
        if found.lastgroup == "comma":
            at = found.end()
            continue
        argument, at = _value(text, at, input_path, depth + 1)
        arguments.append(argument)


def _call(name: str, arguments: tuple[Node, ...]) -> Node:
    if name == "States.Array":
        return Items(arguments)
    if name == "States.JsonMerge":
        return Merge(arguments[:2])
    if name == "States.Format" and arguments and isinstance(arguments[0], Literal):
        return _format(arguments[0].text, arguments[1:])
    if len(arguments) == 1 and name in _OF_ONE:
        return _OF_ONE[name](arguments[0])
    return _unknown(arguments)


def _string_to_json(argument: Node) -> Node:
    return argument.inner if isinstance(argument, JsonOf) else _unknown((argument,))


def _unknown(arguments: tuple[Node, ...]) -> Opaque:
    # A literal cannot carry the context; everything that is not one might.
    return Opaque(mentions_context=any(_may_mention(argument) for argument in arguments))


def _may_mention(node: Node) -> bool:
    if isinstance(node, Opaque):
        return node.mentions_context
    return not isinstance(node, Literal)


_OF_ONE: dict[str, Callable[[Node], Node]] = {
    "States.JsonToString": JsonOf,
    "States.Base64Encode": Base64,
    "States.StringToJson": _string_to_json,
}


def _format(pattern: str, arguments: tuple[Node, ...]) -> Node:
    """`{}` takes the next argument; `\\{`, `\\}`, `\\'` and `\\\\` stand for themselves."""
    parts: list[Node] = []
    remaining = iter(arguments)
    for piece in re.split(r"((?<!\\)\{\})", pattern):
        if piece == "{}":
            parts.append(next(remaining, Opaque(mentions_context=True)))
        elif piece:
            parts.append(Literal(_ESCAPE.sub(r"\1", piece)))
    return Concat(tuple(parts))

"""What a JSONata expression asks for from outside, read off its syntax tree."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import takewhile
from typing import Any

from callbacks.asl.language.jsonata_engine import syntax_tree

_STATES, _ROOT, _CONTEXT = "states", "$", "context"
# What stands in brackets behind a step, or binds a name to it.
_BEHIND = ("stages", "predicate", "group", "focus", "index")


@dataclass(frozen=True, slots=True)
class Asked:
    """`variables` without those that the expression makes itself, and without what it calls.

    `places`: what of `$states` it names, each as far as plain names lead. `is_unbounded`: it takes
    all of `$states`, or `$$`, in a form of its own.
    """

    variables: frozenset[str]
    places: frozenset[tuple[str, ...]]
    is_unbounded: bool


@lru_cache(maxsize=2048)
def asked_by(source: str) -> Asked:
    """Raises CannotPredict for an expression that cannot be read."""
    walk = _Walk()
    walk.through(syntax_tree(source))
    return Asked(frozenset(walk.named - walk.own), frozenset(walk.places), walk.is_unbounded)


@dataclass
class _Walk:
    named: set[str] = field(default_factory=set)
    own: set[str] = field(default_factory=set)
    places: set[tuple[str, ...]] = field(default_factory=set)
    is_unbounded: bool = False

    def through(self, tree: Any) -> None:
        waiting, seen = [tree], set()
        while waiting:
            node = waiting.pop()
            if id(node) not in seen:
                seen.add(id(node))
                waiting.extend(self._visit(node))

    def _visit(self, node: Any) -> Iterator[Any]:
        """Note what the node says by itself; the nodes inside it are left to do."""
        self.own.update(getattr(node, name) for name in ("focus", "index") if _is_name(node, name))
        if node.type == "bind":
            self.own.add(node.lhs.value)
        elif node.type == "lambda":
            self.own.update(argument.value for argument in node.arguments)
        elif node.type == "variable":
            self._note(node.value)
        left_out = self._place(node) if node.type == "path" else None
        if node.type == "function" and node.procedure.type == "variable":
            # To call what is no function is an error, whatever it is.
            left_out = node.procedure
        return (child for child in _nodes_in(vars(node)) if child is not left_out)

    def _note(self, name: str) -> None:
        if name in (_STATES, _ROOT):
            self.is_unbounded = True
        elif name:
            self.named.add(name)

    def _place(self, node: Any) -> Any:
        """The root of a path below `$states`, whose place is noted; None for any other path."""
        root, *steps = node.steps
        if root.type != "variable" or root.value != _STATES or _has_more(root):
            return None
        if not steps or not _is_plain_name(steps[0]):
            return None
        plain = list(takewhile(_is_plain_name, steps))
        at = next((number for number, step in enumerate(plain) if _has_more(step)), len(plain))
        self.places.add(tuple(step.value for step in plain[: at + 1]))
        return root


def _is_name(node: Any, name: str) -> bool:
    return isinstance(getattr(node, name, None), str)


def _is_plain_name(step: Any) -> bool:
    return step.type == "name" and isinstance(step.value, str)


def _has_more(step: Any) -> bool:
    return any(getattr(step, name, None) is not None for name in _BEHIND)


def _nodes_in(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        for name, inner in value.items():
            # The parser's own references lead out of the tree.
            if name == "_else" or not name.startswith("_"):
                yield from _nodes_in(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _nodes_in(inner)
    elif hasattr(value, "type"):
        yield value

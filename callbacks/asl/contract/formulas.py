"""What JSONata expressions read of an answer: their syntax tree is walked, nothing is evaluated."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

from callbacks.asl.contract.carried import Carried, Part, below, made
from callbacks.asl.contract.reads import BOOLEAN, NUMBER, STRING, Reads
from callbacks.asl.language.jsonata_engine import syntax_tree
from callbacks.asl.language.query import is_expression
from callbacks.asl.language.values import CannotPredict, Json

_DEEPEST = 60
_INSIDE = (
    *("lhs", "rhs", "steps", "arguments", "expressions", "condition", "then", "_else", "body"),
    *("lhs_object", "rhs_object", "expr", "stages", "predicate", "group", "terms", "procedure"),
)
_COMPARED = ("=", "!=", "<", "<=", ">", ">=", "in")
_KINDS: Mapping[type, str] = {str: STRING, bool: BOOLEAN, int: NUMBER, float: NUMBER}


@dataclass(frozen=True, slots=True)
class Formulas:
    """Of one state: what `$states.…` and the variables are there."""

    reads: Reads
    state: str
    states: Mapping[str, Carried]
    variables: Mapping[str, Carried]

    def of_template(self, template: Json, *, is_needed: bool) -> Carried:
        """What a template makes, with everything that it reads noted."""
        if isinstance(template, dict):
            return made(
                {
                    name: self.of_template(inner, is_needed=is_needed)
                    for name, inner in template.items()
                }
            )
        if isinstance(template, list):
            for inner in template:
                self.of_template(inner, is_needed=is_needed)
            return None
        return self._of_text(template, is_needed) if isinstance(template, str) else None

    def _of_text(self, text: str, is_needed: bool) -> Carried:
        if not is_expression(text):
            return None
        try:
            tree = syntax_tree(text[2:-2].strip())
        except CannotPredict:
            return None
        value = self._value(tree)
        if value is not None:
            # A formula that gives nothing at all fails the state.
            self._note(value, is_needed=is_needed)
            return value
        self._visit(tree, 0)
        return None

    def _value(self, node: Any) -> Carried:
        """What a plain path stands for; None for any other expression."""
        if node.type == "variable":
            return self.variables.get(node.value)
        if node.type != "path" or not all(_is_plain(step) for step in node.steps):
            return None
        return self._at(node.steps)

    def _first_of(self, node: Any) -> Carried:
        """Of a path with something in brackets: what stands before the first of those."""
        if node.type != "path":
            return None
        plain = list(takewhile(_is_plain, node.steps))
        following = node.steps[len(plain) : len(plain) + 1]
        return self._at([*plain, *(step for step in following if step.type == "name")])

    def _at(self, steps: Sequence[Any]) -> Carried:
        if not steps or steps[0].type != "variable":
            return None
        root, *names = (step.value for step in steps)
        value = self.variables.get(root)
        if root == "states":
            value = self.states.get(names[0]) if names else None
            names = names[1:]
        for name in names:
            value = below(value, name)
        return value

    def _visit(self, node: Any, depth: int) -> None:
        """Note the reads in any expression."""
        if depth > _DEEPEST or self.reads.is_full:
            return
        value = self._value(node) or self._first_of(node)
        if value is not None:
            self._note(value)
        if node.type == "binary" and node.value in _COMPARED:
            self._note_compared(node)
        for child in _children(node):
            self._visit(child, depth + 1)

    def _note_compared(self, node: Any) -> None:
        for one, other in ((node.lhs, node.rhs), (node.rhs, node.lhs)):
            value = self._value(one)
            literals = list(_literals(other))
            kinds = {_KINDS[type(literal)] for literal in literals if type(literal) in _KINDS}
            if isinstance(value, Part) and len(kinds) == 1:
                values = literals if node.value in ("=", "in") else ()
                self._note(value, kind=kinds.pop(), values=values)

    def _note(self, value: Carried, **known: Any) -> None:
        self.reads.note(value, self.state, is_loose=True, **known)


def _is_plain(step: Any) -> bool:
    """Names and variables with nothing in brackets behind them."""
    is_bare = not getattr(step, "stages", None) and not getattr(step, "predicate", None)
    return step.type in ("variable", "name") and isinstance(step.value, str) and is_bare


def _literals(node: Any) -> Iterator[Json]:
    if node.type in ("string", "number") or (node.type == "value" and isinstance(node.value, bool)):
        yield node.value
    elif node.type == "unary" and node.value == "[":
        for inner in node.expressions or ():
            yield from _literals(inner)


def _children(node: Any) -> Iterator[Any]:
    for name in _INSIDE:
        yield from _nodes(getattr(node, name, None))


def _nodes(value: Any) -> Iterator[Any]:
    if isinstance(value, list | tuple):
        for inner in value:
            yield from _nodes(inner)
    elif hasattr(value, "type"):
        yield value

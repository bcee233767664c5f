"""Which JSONPaths cannot be looked up in a large input within a moment. Pure.

An input has up to 256 KiB, tens of thousands of values. Going through them once is a moment; going
through them again from each of them, or matching an expression on each, can take days.
"""

from __future__ import annotations

from collections.abc import Iterator

from jsonpath import JSONPath
from jsonpath.filter import (
    BaseExpression,
    FilterExpressionLiteral,
    FilterQuery,
    FunctionExtension,
    InfixExpression,
    ListLiteral,
    RegexLiteral,
    RelativeFilterQuery,
)
from jsonpath.segments import JSONPathRecursiveDescentSegment
from jsonpath.selectors import Filter, KeysFilter, SingularQuerySelector

MOST_NAMES = 10
_MATCHING = ("match", "search")


def why_costly(path: JSONPath) -> str:
    """What makes the path too costly, in words; "" where it is fine."""
    filters = [one for one in _selectors(path) if isinstance(one, Filter | KeysFilter)]
    inside = [node for one in filters for node in _nodes(one.expression)]
    if any(_is_matching(node) for node in inside):
        return "=~, match() and search() are not supported: a text could keep them busy for ever."
    if any(_is_going_through_a_list(node) for node in inside):
        return "“in” and “contains” look only into @ or a written list: @.a in ['b', 'c']."
    asked = [node.path for node in inside if isinstance(node, FilterQuery)]
    asked += [one.query for one in _selectors(path) if isinstance(one, SingularQuerySelector)]
    if any(not query.singular_query() for query in asked):
        return "inside [?…] only plain paths can stand, such as @.kind or $.items[0]."
    if sum(isinstance(one, JSONPathRecursiveDescentSegment) for one in path.segments) > 1:
        return "only one “..” can stand in a path."
    if len(filters) > 1:
        return "only one filter [?…] can stand in a path."
    brackets = [len(one.selectors) for one in path.segments if len(one.selectors) > 1]
    if len(brackets) > 1 or any(count > MOST_NAMES for count in brackets):
        return f"only one bracket can hold several names or places, and at most {MOST_NAMES}."
    return ""


def _selectors(path: JSONPath) -> Iterator[object]:
    for segment in path.segments:
        yield from segment.selectors


def _nodes(expression: BaseExpression) -> Iterator[BaseExpression]:
    yield expression
    for child in expression.children():
        yield from _nodes(child)


def _is_matching(node: BaseExpression) -> bool:
    # "=~" needs no look of its own where a literal follows, but a text may follow it too.
    return (
        isinstance(node, RegexLiteral)
        or getattr(node, "operator", "") == "=~"
        or (isinstance(node, FunctionExtension) and node.name in _MATCHING)
    )


def _is_going_through_a_list(node: BaseExpression) -> bool:
    """Whether each value looks into what may be as long as the input.

    What a value holds itself is gone through once, as all of the input is.
    """
    if not isinstance(node, InfixExpression) or node.operator not in ("in", "contains"):
        return False
    looked_into = node.right if node.operator == "in" else node.left
    return not isinstance(looked_into, RelativeFilterQuery | ListLiteral | FilterExpressionLiteral)

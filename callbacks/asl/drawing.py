"""A state machine as a graph to draw: levels of states, and the ways that lead between them.

A level is the machine itself, one branch of a Parallel or the inside of a Map. AWS lets no way
lead out of a level (states-language, "Parallel State"), so that each can be drawn by itself and
then as one box in the level around it. Where a run stands in it, progress.py says; where each box
goes, layering.py.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from callbacks.asl.definition import Definition, State, parts_inside

# What a picture can show so that somebody finds anything in it; above it there is the list.
MOST_STATES = 400
MOST_WAYS = 1_000
MOST_DEPTH = 12
LONGEST_RULE = 200


class Way(StrEnum):
    NEXT = "next"
    CHOICE = "choice"
    DEFAULT = "default"
    CATCH = "catch"


@dataclass(frozen=True, slots=True)
class Edge:
    """`target` is None at the end of its level. `labels`: a Choice's rules, a Catch's errors."""

    source: str
    target: str | None
    way: Way
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Level:
    """`states` stand in the order in which a run can come to them, what it cannot reach last."""

    container: str | None
    branch: int | None
    start: str
    states: tuple[str, ...]
    edges: tuple[Edge, ...]
    depth: int


@dataclass(frozen=True, slots=True)
class Graph:
    """Every level, each after the one around it."""

    levels: tuple[Level, ...]

    @property
    def is_too_large(self) -> bool:
        """Whether a picture of it would help nobody, or cost too much to make."""
        return (
            sum(len(level.states) for level in self.levels) > MOST_STATES
            or sum(len(level.edges) for level in self.levels) > MOST_WAYS
            or max(level.depth for level in self.levels) > MOST_DEPTH
        )

    def level_of(self, state: State) -> Level:
        """The level in which a state of this graph stands."""
        place = (state.container, state.branch)
        return next(one for one in self.levels if (one.container, one.branch) == place)

    def inside(self, name: str) -> tuple[Level, ...]:
        return tuple(level for level in self.levels if level.container == name)


def graph_of(definition: Definition) -> Graph:
    """Every state and every way; a way to a state that is not there, or elsewhere, is left out."""
    members: dict[tuple[str | None, int | None], list[State]] = {}
    for state in definition.states.values():
        members.setdefault((state.container, state.branch), []).append(state)
    levels: list[Level] = []
    waiting: list[tuple[str | None, int | None, str, int]] = [(None, None, definition.start_at, 0)]
    while waiting:
        container, branch, start, depth = waiting.pop(0)
        level = _level(members.get((container, branch), []), container, branch, start, depth)
        levels.append(level)
        for name in level.states:
            for number, begins in parts_inside(definition.states[name]):
                waiting.append((name, number, begins, depth + 1))
    return Graph(tuple(levels))


def _level(
    states: list[State], container: str | None, branch: int | None, start: str, depth: int
) -> Level:
    here = {state.name for state in states}
    edges = [edge for state in states for edge in _edges(state, here)]
    ordered = _in_order(states, edges, start)
    return Level(
        container=container,
        branch=branch,
        # A start that is not there is no start: the first state stands in for it.
        start=ordered[0] if ordered else "",
        states=ordered,
        edges=tuple(edges),
        depth=depth,
    )


def _in_order(states: list[State], edges: list[Edge], start: str) -> tuple[str, ...]:
    """From the start on, one step of the way after the other."""
    onward: dict[str, list[str]] = {state.name: [] for state in states}
    for edge in edges:
        if edge.target is not None:
            onward[edge.source].append(edge.target)
    found: dict[str, None] = {}
    for begin in (start, *onward):
        waiting = [begin] if begin in onward and begin not in found else []
        for name in waiting:
            if name not in found:
                found[name] = None
                waiting.extend(onward[name])
    return tuple(found)


def _edges(state: State, here: set[str]) -> Iterator[Edge]:
    """One for each target and kind, whatever number of rules lead there."""
    merged: dict[tuple[str | None, Way], list[str]] = {}
    for target, way, label in _ways(state):
        if target is None or target in here:
            labels = merged.setdefault((target, way), [])
            labels.extend([label] if label and label not in labels else [])
    for (target, way), labels in merged.items():
        yield Edge(state.name, target, way, tuple(labels))


def _ways(state: State) -> Iterator[tuple[str | None, Way, str]]:
    if state.type == "Choice":
        yield from _choices(state.raw)
    elif state.next is not None:
        yield state.next, Way.NEXT, ""
    elif state.end and state.type != "Fail":
        yield None, Way.NEXT, ""
    for catcher in state.catch:
        for error in catcher.error_equals or ("",):
            yield catcher.next, Way.CATCH, error


def _choices(raw: Mapping[str, Any]) -> Iterator[tuple[str | None, Way, str]]:
    rules = raw.get("Choices")
    for number, rule in enumerate(rules if isinstance(rules, list) else (), start=1):
        if isinstance(rule, dict) and isinstance(rule.get("Next"), str):
            yield rule["Next"], Way.CHOICE, rule_text(rule) or f"#{number}"
    if isinstance(raw.get("Default"), str):
        yield raw["Default"], Way.DEFAULT, ""


_OPERATORS = {
    "GreaterThanEquals": "≥",
    "LessThanEquals": "≤",
    "GreaterThan": ">",
    "LessThan": "<",
    "Equals": "=",
    "Matches": "~",
}
_KINDS = ("String", "Numeric", "Boolean", "Timestamp")
_NO_TEST = ("Variable", "Next", "Comment", "Assign", "Output")


def rule_text(rule: Mapping[str, Any], depth: int = 0) -> str:
    """A Choice rule in one line, such as `$.amount > 2000`; empty where it cannot be said."""
    condition = rule.get("Condition")
    if isinstance(condition, str):
        return condition.strip().removeprefix("{%").removesuffix("%}").strip()[:LONGEST_RULE]
    if depth > 3:
        return "…"
    for joint in ("And", "Or"):
        parts = rule.get(joint)
        if isinstance(parts, list):
            texts = [rule_text(part, depth + 1) for part in parts[:8] if isinstance(part, dict)]
            return f" {joint.lower()} ".join(texts)[:LONGEST_RULE]
    if isinstance(rule.get("Not"), dict):
        return f"not ({rule_text(rule['Not'], depth + 1)})"[:LONGEST_RULE]
    return _test_text(rule)[:LONGEST_RULE]


def _test_text(rule: Mapping[str, Any]) -> str:
    for name, value in rule.items():
        if name in _NO_TEST:
            continue
        if name.startswith("Is"):
            return f"{_variable(rule)} is {'' if value else 'not '}{name[2:].lower()}"
        against = value if name.endswith("Path") else json.dumps(value, ensure_ascii=False)
        return f"{_variable(rule)} {_operator(name)} {str(against)[:LONGEST_RULE]}".strip()
    return ""


def _variable(rule: Mapping[str, Any]) -> str:
    return str(rule.get("Variable", ""))[:LONGEST_RULE]


def _operator(name: str) -> str:
    bare = name.removesuffix("Path")
    for kind in _KINDS:
        if bare.startswith(kind):
            return _OPERATORS.get(bare.removeprefix(kind), bare)
    return bare

"""A task's own token in the parameters that were sent: where the definition says that it is.

The trap: a child's input carries its parent's token, so the first text that looks like a token may
complete somebody else's task. What the state machine knew before the task was scheduled cannot be
the task's own token, and a search counts only where exactly one candidate is left.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import unquote

from callbacks.asl.definition import JSONATA, State
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
from callbacks.asl.jsontext import JsonPath, NotJson, raw_member, read_json, unfold, walk_strings
from callbacks.asl.references import template_tree
from callbacks.asl.spellings import AWS_TOKEN, stands_in

FOUND = "found"
AMBIGUOUS = "ambiguous"
MISSING = "missing"
NOT_IN_HISTORY = "not_in_history"

# The API's own limit (API_SendTaskSuccess, taskToken).
_LONGEST = 2048
# dg/input-output-contextobject
_CONTEXT_MEMBERS = frozenset({"Execution", "State", "StateMachine", "Task"})
_CONTEXT_DEPTH = 6


@dataclass(frozen=True, slots=True)
class Finding:
    token: str | None = field(repr=False)
    token_state: str
    # The context object where the parameters carry it whole: its text, numbers as written.
    context: str | None = field(repr=False)


@dataclass(slots=True)
class _Yield:
    """What the definition's places gave."""

    tokens: list[str] = field(default_factory=list)
    contexts: list[JsonPath | str] = field(default_factory=list)
    doubtful: list[Any] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Place:
    node: Node
    value: Any
    # None where the place is inside a text, so that it has no path in the parameters.
    path: JsonPath | None


def find_own_token(*, parameters: str, state: State | None, known_before: Sequence[str]) -> Finding:
    """The token of the task that was scheduled with these parameters.

    `known_before`: texts that existed before it, such as the execution's and the state's input.
    """
    try:
        sent = read_json(parameters)
    except NotJson:
        return _finding(list(_shaped(parameters)), known_before, None)
    places = _read_places(state, sent)
    context = _context_text(parameters, places.contexts)
    for candidates in (places.tokens, list(_candidates(places.doubtful)), list(_candidates(sent))):
        finding = _finding(candidates, known_before, context)
        if finding.token_state != MISSING:
            break
    if finding.token is not None and context is None:
        return replace(finding, context=_context_by_shape(parameters, sent, finding.token))
    return finding


def _finding(
    candidates: Sequence[str], known_before: Sequence[str], context: str | None
) -> Finding:
    own = [
        token
        for token in dict.fromkeys(candidates)
        if 0 < len(token) <= _LONGEST and not _stands_in(token, known_before)
    ]
    if len(own) == 1:
        return Finding(own[0], FOUND, context)
    return Finding(None, AMBIGUOUS if own else MISSING, context)


def _stands_in(token: str, texts: Sequence[str]) -> bool:
    return any(stands_in(token=token, text=text) for text in texts)


def _read_places(state: State | None, sent: Any) -> _Yield:
    found = _Yield()
    if state is None:
        return found
    tree = template_tree(
        template=state.template,
        input_path=state.input_path,
        is_jsonata=state.query_language == JSONATA,
    )
    waiting = [_Place(tree, sent, ())]
    while waiting:
        waiting.extend(_follow(waiting.pop(), found))
    return found


def _follow(place: _Place, found: _Yield) -> Iterator[_Place]:
    """Note what this place gives and name the places inside it."""
    node, value = place.node, place.value
    if isinstance(node, Context):
        _note_context(node, place, found)
    elif isinstance(node, Opaque):
        if node.mentions_context:
            found.doubtful.append(value)
    elif isinstance(node, Record | Items | Merge):
        yield from _inside(node, place)
    elif isinstance(node, Concat):
        yield from _between(node.parts, value, found)
    elif isinstance(node, JsonOf | Base64 | Url) and isinstance(value, str):
        yield from _decoded(node, value)


def _note_context(node: Context, place: _Place, found: _Yield) -> None:
    value = place.value
    if isinstance(value, str) and node.path != ("Task", "Token"):
        value = unfold(value)
    for name in ("Task", "Token")[len(node.path) :]:
        value = value.get(name) if isinstance(value, dict) else None
    if node.path != ("Task", "Token")[: len(node.path)] or not isinstance(value, str):
        return
    found.tokens.append(value)
    if node.path == ():
        whole = place.path if place.path is not None else place.value
        if isinstance(whole, tuple | str):
            found.contexts.append(whole)


def _inside(node: Record | Items | Merge, place: _Place) -> Iterator[_Place]:
    value = unfold(place.value) if isinstance(place.value, str) else place.value
    path = place.path if value is place.value else None
    if isinstance(node, Merge):
        yield from (_Place(part, value, None) for part in node.parts)
    elif isinstance(node, Record) and isinstance(value, dict):
        for name, part in node.members:
            if name in value:
                yield _Place(part, value[name], None if path is None else (*path, name))
    elif isinstance(node, Items) and isinstance(value, list):
        for index, part in enumerate(node.parts[: len(value)]):
            yield _Place(part, value[index], None if path is None else (*path, index))


def _decoded(node: JsonOf | Base64 | Url, value: str) -> Iterator[_Place]:
    if isinstance(node, Url):
        yield _Place(node.inner, unquote(value), None)
    elif isinstance(node, Base64):
        try:
            yield _Place(node.inner, base64.b64decode(value).decode(), None)
        except (binascii.Error, UnicodeDecodeError):
            return
    else:
        inner = unfold(value)
        # A string stays as it is in JSONata and gets quotes in JSONPath; an object stays text, so
        # that the context can be shown as it was sent.
        yield _Place(node.inner, inner if isinstance(inner, str | list) else value, None)


def _between(parts: tuple[Node, ...], value: Any, found: _Yield) -> Iterator[_Place]:
    """Cut a joined text at its fixed parts, from the left and from the right: both must agree."""
    if not isinstance(value, str):
        return
    left = _cut(parts, value)
    right = _cut(tuple(_reversed(part) for part in reversed(parts)), value[::-1])
    for index, part in enumerate(parts):
        if isinstance(part, Literal) or part == Opaque(mentions_context=False):
            continue
        piece = left.get(index)
        mirrored = right.get(len(parts) - 1 - index)
        if piece is not None and mirrored is not None and piece == mirrored[::-1]:
            yield _Place(part, piece, None)
        else:
            found.doubtful.append(value)


def _reversed(part: Node) -> Node:
    return Literal(part.text[::-1]) if isinstance(part, Literal) else part


def _cut(parts: tuple[Node, ...], text: str) -> dict[int, str]:
    pieces: dict[int, str] = {}
    start, open_part = 0, -1
    for index, part in enumerate(parts):
        if not isinstance(part, Literal):
            if open_part >= 0:
                return {}  # two values side by side: nothing tells where one ends
            open_part = index
            continue
        at = text.find(part.text, start)
        if at < 0:
            return {}
        if open_part >= 0:
            pieces[open_part] = text[start:at]
        start, open_part = at + len(part.text), -1
    if open_part >= 0:
        pieces[open_part] = text[start:]
    return pieces


def _candidates(value: Any) -> Iterator[str]:
    """Texts that look like a task token: of AWS's shape, or called Task.Token."""
    yield from _task_tokens(value)
    for text in walk_strings(value):
        yield from _shaped(text)


def _shaped(text: str) -> Iterator[str]:
    yield from AWS_TOKEN.findall(text)
    if "%" in text:
        yield from AWS_TOKEN.findall(unquote(text))


def _task_tokens(value: Any) -> Iterator[str]:
    waiting = [value]
    while waiting:
        node = waiting.pop()
        if isinstance(node, str):
            node = unfold(node)
        if isinstance(node, list):
            waiting.extend(node)
        elif isinstance(node, dict):
            waiting.extend(node.values())
            task = node.get("Task")
            token = task.get("Token") if isinstance(task, dict) else None
            if isinstance(token, str):
                yield token


def _context_by_shape(parameters: str, sent: Any, token: str) -> str | None:
    """Where no place of the definition gives it: the object with the context's members."""
    found: list[JsonPath] = []
    waiting: list[tuple[Any, JsonPath]] = [(sent, ())]
    while waiting:
        node, path = waiting.pop()
        if isinstance(node, dict):
            if node.keys() >= _CONTEXT_MEMBERS and node["Task"] == {"Token": token}:
                found.append(path)
            elif len(path) < _CONTEXT_DEPTH:
                waiting.extend((member, (*path, name)) for name, member in node.items())
    return raw_member(parameters, found[0]) if len(found) == 1 else None


def _context_text(parameters: str, contexts: list[JsonPath | str]) -> str | None:
    if not contexts:
        return None
    first = contexts[0]
    return first if isinstance(first, str) else raw_member(parameters, first)

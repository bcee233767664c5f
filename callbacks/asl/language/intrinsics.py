"""The syntax of intrinsic functions in JSONPath states: `States.Format('{}', $.name)`.

Source: dg/intrinsic-functions; states-language, "Intrinsic Functions".
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from callbacks.asl.language.functions import FUNCTIONS, Literal, unescaped
from callbacks.asl.language.paths import NoSuchValue, find
from callbacks.asl.language.values import (
    INTRINSIC_FAILURE,
    RUNTIME,
    CannotPredict,
    Json,
    Seen,
    StateFails,
    check_unmasked,
)
from callbacks.asl.payload import parse_exact

# AWS takes ten; a definition with more was never accepted.
_NESTING_LIMIT = 12
_TOKEN = re.compile(
    r"""\s*(?:(?P<call>States\.\w+)\s*\(
      | '(?P<text>(?:[^'\\]|\\.)*)'
      | (?P<path>\$(?:\[\s*+
          (?:'(?:[^'\\]|\\.)*+'|"(?:[^"\\]|\\.)*+"|[^\]'"]*+)\s*+\]|[^,()\[\]\s])*)
      | (?P<mark>[,)])
      | (?P<literal>[^\s,()']+))""",
    re.VERBOSE | re.DOTALL,
)


def call(text: str, seen: Seen) -> Json:
    """Evaluate one call. Raises StateFails, CannotPredict."""
    tokens = _tokens(text)
    value = _value(next(tokens), tokens, seen, 0)
    if next(tokens, None) is not None:
        raise _unreadable()
    return value


def paths_in(text: str) -> list[str]:
    """The paths among the arguments of a call, those of inner calls too. Raises CannotPredict."""
    return [found for kind, found in _tokens(text) if kind == "path"]


def _unreadable() -> CannotPredict:
    return CannotPredict("an intrinsic function is written in a form that is not followed here")


def _failed(cause: str, path: str) -> StateFails:
    return StateFails(INTRINSIC_FAILURE, cause, path=path, is_verbatim=False)


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    at, end = 0, len(text.rstrip())
    while at < end:
        found = _TOKEN.match(text, at)
        if found is None or found.lastgroup is None:
            raise _unreadable()
        yield found.lastgroup, found[found.lastgroup]
        at = found.end()


def _value(
    token: tuple[str, str], tokens: Iterator[tuple[str, str]], seen: Seen, depth: int
) -> Json:
    kind, text = token
    if kind == "call":
        return _called(text.removeprefix("States."), tokens, seen, depth)
    if kind == "text":
        return unescaped(text)
    if kind == "template":
        return Literal(text)
    if kind == "path":
        return _at_path(text, seen)
    if kind == "literal":
        return _literal(text)
    raise _unreadable()


def _called(name: str, tokens: Iterator[tuple[str, str]], seen: Seen, depth: int) -> Json:
    if depth > _NESTING_LIMIT or name not in FUNCTIONS:
        raise CannotPredict(f"what States.{name[:40]} gives is not known here")
    arguments = list(_arguments(tokens, seen, depth + 1, is_format=name == "Format"))
    if name != "Array":
        check_unmasked(*arguments)
    try:
        return FUNCTIONS[name](*arguments)
    # What a function stumbles over is an argument of a kind that it does not take.
    except (TypeError, ValueError, LookupError, ArithmeticError) as exc:
        cause = f"The arguments of States.{name} do not fit: {exc}"
        raise _failed(cause, f"States.{name}") from exc


def _arguments(
    tokens: Iterator[tuple[str, str]], seen: Seen, depth: int, *, is_format: bool
) -> Iterator[Json]:
    token = next(tokens, ("end", ""))
    if token == ("mark", ")"):
        return
    if is_format and token[0] == "text":
        # Its own escapes tell which braces are places.
        token = ("template", token[1])
    while True:
        yield _value(token, tokens, seen, depth)
        separator = next(tokens, ("end", ""))
        if separator == ("mark", ")"):
            return
        if separator != ("mark", ","):
            raise _unreadable()
        token = next(tokens, ("end", ""))


def _at_path(text: str, seen: Seen) -> Json:
    try:
        return find(text, seen)
    except NoSuchValue:
        # Not the intrinsic's own failure: no rule takes it (as others report of AWS).
        cause = f"The JsonPath argument '{text}' could not be found in the input"
        raise StateFails(RUNTIME, cause, path=text, is_verbatim=False) from None


def _literal(text: str) -> Json:
    try:
        return parse_exact(text)
    except ValueError:
        raise _unreadable() from None

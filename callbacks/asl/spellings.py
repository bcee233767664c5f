"""How a secret may stand in a text: escaped, encoded, wrapped; and where it then begins and ends.

A text is looked at in several views: as it stands, with one level of escapes taken away, with two,
and so on, and each of them with its white space closed up. A view remembers for each of its
characters where that stood in the text, so that what is found can be cut out of the original.
"""

from __future__ import annotations

import base64
import re
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote

# Real tokens are 660 to 700 characters of two base64 texts joined ("==" may stand in the middle).
_BASE64 = r"[A-Za-z0-9+/=]"
_BASE64_URL = r"[A-Za-z0-9+/=_-]"
AWS_TOKEN = re.compile(rf"(?:AQCEAAAA|AAAAKgAA){_BASE64}{{64,}}")
# The same wrapped at the end of a line, as mail and PEM do.
AWS_TOKEN_WRAPPED = re.compile(
    rf"(?:AQCEAAAA|AAAAKgAA){_BASE64}{{24,}}(?:[ \t]*\r?\n[ \t]*{_BASE64}{{8,}})*"
)
# What follows a blank is still of a token where it is long or has all kinds of letters, as no word,
# name or hash has, or where it ends as base64 does.
_ALL_KINDS = (
    rf"(?={_BASE64_URL}{{0,63}}[A-Z])(?={_BASE64_URL}{{0,63}}[a-z])(?={_BASE64_URL}{{0,63}}[0-9+/])"
)
_STILL = (
    rf"(?:{_ALL_KINDS}(?:{_BASE64_URL}{{24,}}|{_BASE64}{{8,}}(?![_-]))"
    rf"|{_BASE64_URL}{{0,22}}=/?(?!{_BASE64_URL}))"
)
# A few shorter pieces before such a one are of it too.
_GOES_ON = rf"(?:\s{{1,9}}{_BASE64_URL}{{1,23}}){{0,6}}\s{{1,9}}{_STILL}"
# One that was pasted where none belongs: in the letters that addresses have, and broken by blanks,
# which also stand where a form reads its "+".
AWS_TOKEN_BROKEN = re.compile(
    rf"(?:AQCEAAAA|AAAAKgAA)"
    rf"(?:{_BASE64_URL}{{24,}}(?:{_GOES_ON})*|{_BASE64_URL}{{0,23}}(?:{_GOES_ON})+)"
)

# Five levels of JSON in JSON, and some to spare.
_ROUNDS = 8
# Shorter secrets would hide ordinary words in their encoded spellings.
_SHORTEST_ENCODED = 12

_ESCAPE = re.compile(
    r"""\\u00(?P<u>[0-7][0-9A-Fa-f])|\\x(?P<x>[0-7][0-9A-Fa-f])|\\(?P<same>[/"'\\])"""
    r"""|\\(?P<space>[nrtbf])|%(?P<percent>[0-7][0-9A-Fa-f])|&\#[xX]0*(?P<hex>[2-7][0-9A-Fa-f]);"""
    r"""|&\#0*(?P<decimal>[0-9]{2,3});|(?P<equals>=3D)|(?P<soft>(?<!=)=\r?\n(?=\S))""",
    re.VERBOSE,
)
_SPACES = {"n": "\n", "r": "\r", "t": "\t", "b": " ", "f": " "}


@dataclass(frozen=True, slots=True)
class View:
    """A text in one reading, and where each of its characters begins and ends in the original."""

    text: str
    begins: Sequence[int]
    ends: Sequence[int]

    def span(self, start: int, end: int) -> tuple[int, int]:
        return self.begins[start], self.ends[end - 1]


@dataclass(frozen=True, slots=True)
class Needle:
    """One text to look for; `kind` is how the token is spelled in it."""

    text: str = field(repr=False)
    kind: str
    token: str = field(repr=False)


class Finder:
    """Looks for many tokens at once, in the spellings that are no mere escapes."""

    def __init__(self, tokens: Iterable[str]) -> None:
        self._needles = [n for token in dict.fromkeys(tokens) if token for n in _needles(token)]
        self._by_gram: dict[str, list[Needle]] = {}
        self._short: list[Needle] = []
        for needle in self._needles:
            if len(needle.text) < 2 * _GRAM:
                self._short.append(needle)
            else:
                self._by_gram.setdefault(_gram(needle.text), []).append(needle)

    def __repr__(self) -> str:
        return f"<Finder of {len(self._needles)} texts>"

    def present(self, text: str) -> list[Needle]:
        """Which needles stand in the text."""
        candidates = self._needles
        # Searching for each is quickest while they are few; a Map may have thousands of tokens.
        if len(candidates) > _MANY:
            grams = {text[at : at + _GRAM] for at in range(len(text) - _GRAM + 1)}
            found = grams & self._by_gram.keys()
            candidates = self._short + [n for gram in found for n in self._by_gram[gram]]
        return [needle for needle in candidates if needle.text in text]


_GRAM = 12
# Measured: below this, looking for each one is quicker than cutting the text up.
_MANY = 400


def _gram(text: str) -> str:
    # From the middle: the beginnings of AWS's tokens are all alike.
    middle = len(text) // 2
    return text[middle : middle + _GRAM]


def _needles(token: str) -> Iterator[Needle]:
    found = {token: "plain"}
    raw = token.encode("utf-8", "surrogatepass")
    if len(raw) >= _SHORTEST_ENCODED:
        for inner in (raw, quote(raw, safe="").encode(), raw.replace(b"/", rb"\/")):
            for text in _base64_cores(inner):
                found.setdefault(text, "base64")
        found.setdefault(raw.hex(), "hexadecimal")
        found.setdefault(raw.hex().upper(), "hexadecimal")
    for text, kind in found.items():
        yield Needle(text, kind, token)


def _base64_cores(raw: bytes) -> Iterator[str]:
    """What stays the same in base64 whatever stands before and after, for the three alignments."""
    for before in range(3):
        first = (before * 8 + 5) // 6
        last = (before + len(raw)) * 8 // 6
        padded = bytes(before) + raw + bytes(3)
        yield base64.b64encode(padded).decode()[first:last]
        yield base64.urlsafe_b64encode(padded).decode()[first:last]


def plain_views(text: str) -> Iterator[str]:
    """The text as it stands, then with each level of escapes taken away: without places."""
    yield text
    for _ in range(_ROUNDS):
        if not _ESCAPE.search(text):
            return
        text = _ESCAPE.sub(_meaning, text)
        yield text


def views(text: str) -> Iterator[View]:
    """The same with places: much slower, for texts in which something was found."""
    view = View(text, range(len(text)), range(1, len(text) + 1))
    yield view
    for _ in range(_ROUNDS):
        if not _ESCAPE.search(view.text):
            return
        view = _reread(view, _ESCAPE)
        yield view


def closed_up(text: str) -> str:
    """Without white space: a secret that is split over lines comes together."""
    return "".join(text.split())


def closed_up_view(view: View) -> View:
    return _reread(view, _BLANKS)


_BLANKS = re.compile(r"\s+")


def _reread(view: View, pattern: re.Pattern[str]) -> View:
    pieces: list[str] = []
    begins, ends = array("q"), array("q")
    at = 0
    for found in pattern.finditer(view.text):
        start, end = found.span()
        pieces.append(view.text[at:start])
        begins.extend(view.begins[at:start])
        ends.extend(view.ends[at:start])
        meaning = _meaning(found) if pattern is _ESCAPE else ""
        if meaning:
            pieces.append(meaning)
            begins.append(view.begins[start])
            ends.append(view.ends[end - 1])
        at = end
    pieces.append(view.text[at:])
    begins.extend(view.begins[at:])
    ends.extend(view.ends[at:])
    return View("".join(pieces), begins, ends)


def _meaning(found: re.Match[str]) -> str:
    """What one escape stands for: one character, or none for a soft line break."""
    kind = found.lastgroup
    written = found[kind] if kind else ""
    if kind == "same":
        return written
    if kind == "space":
        return _SPACES[written]
    if kind == "decimal":
        return chr(int(written))
    if kind == "equals":
        return "="
    return chr(int(written, 16)) if kind != "soft" else ""


def readings(text: str) -> Iterator[tuple[str, bool, int]]:
    """Every plain view, as it is and closed up: the text, whether closed up, levels taken away."""
    for level, view in enumerate(plain_views(text)):
        yield view, False, level
        closed = closed_up(view)
        if len(closed) != len(view):
            yield closed, True, level


def stands_in(*, token: str, text: str) -> bool:
    """Whether the token is there as it is or escaped: the quick look, without encodings."""
    return token in text or any(token in reading for reading, _, _ in readings(text))


def find_tokens(*, text: str, tokens: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Which of the tokens stand in the text, each with how it is spelled there.

    Spellings: plain, escaped (JSON, URL, HTML, at any level), base64, hexadecimal, split (over
    lines or by spaces).
    """
    finder = Finder(tokens)
    found: dict[str, str] = {}
    for haystack, is_closed, level in readings(text):
        for needle in finder.present(haystack):
            found.setdefault(needle.token, _spelling(needle.kind, level, is_closed))
    return tuple(found.items())


def find_token(*, text: str, token: str) -> str | None:
    """How the token is spelled in the text, or None where it does not stand there."""
    if token in text:
        return "plain"
    found = find_tokens(text=text, tokens=(token,))
    return found[0][1] if found else None


def _spelling(kind: str, level: int, is_closed: bool) -> str:
    if kind != "plain":
        return kind
    if is_closed:
        return "split"
    return "escaped" if level else "plain"

"""A detector of tokens of its own, so that a blind spot of the product's cannot blind the search.

A token is known by windows of 24 characters, which is enough to be unique and finds pieces of a
token too. Each window is looked for plain, in base64 at its three alignments, and in hexadecimal;
in the text as it stands, with each level of escapes (JSON, URL, HTML, quoted-printable) taken away,
and with white space and tags closed up.
"""

from __future__ import annotations

import base64
import hashlib
import html
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import unquote

WIDTH = 24
# Where windows begin: behind the beginning that all of AWS's tokens share, and every so often.
FIRST, STEP = 20, 120
SHORTEST = 12
ROUNDS = 5
# Searching for each is quickest while they are few.
FEW = 8

_RUN = re.compile(r"[A-Za-z0-9+/=_-]{24,}")
_TAG = re.compile(r"<[^<>]{0,300}>")
_BACKSLASH = re.compile(r"\\u([0-9a-fA-F]{4})|\\x([0-9a-fA-F]{2})|\\([/\"'\\nrtbf])")
_CONTROL = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}
_SOFT_BREAK = re.compile(r"(?<!=)=\r?\n(?=\S)")


@dataclass(frozen=True, order=True)
class Hit:
    """A token that stands in a text: its name (never itself) and how it is spelled there."""

    token: str
    spelling: str


def name_of(token: str) -> str:
    return "sha256 " + hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()[:12]


class Detector:
    """Knows tokens, and tells which of them stand in a text."""

    def __init__(self) -> None:
        self._needles: dict[str, Hit] = {}
        self._short: dict[str, Hit] = {}
        self._of: dict[str, list[str]] = {}

    def __len__(self) -> int:
        return len(self._of)

    def __contains__(self, token: str) -> bool:
        return token in self._of

    def add(self, token: str) -> None:
        found = dict(_needles(token))
        name = name_of(token)
        self._of[token] = list(found)
        for needle, spelling in found.items():
            self._home(needle)[needle] = Hit(name, spelling)

    def forget(self, token: str) -> None:
        for needle in self._of.pop(token):
            self._home(needle).pop(needle, None)

    def _home(self, needle: str) -> dict[str, Hit]:
        return self._needles if len(needle) == WIDTH else self._short

    def search(self, text: str, fresh: Iterable[str] = ()) -> set[Hit]:
        """Every known token; `fresh` ones also where white space or tags stand in between."""
        few = self._few([token for token in fresh if token in self._of])
        hits: set[Hit] = set()
        for level, reading in enumerate(_readings(text)):
            found = self._runs(reading)
            for closed in _closed_up(reading):
                found |= {_named(hit, "split") for hit in self._closed(closed, few) - found}
            hits |= {_named(hit, "escaped") if level else hit for hit in found}
        return _clearest(hits)

    def _runs(self, text: str) -> set[Hit]:
        hits = set()
        for run in _RUN.findall(text):
            for at in range(len(run) - WIDTH + 1):
                hit = self._needles.get(run[at : at + WIDTH])
                if hit is not None:
                    hits.add(hit)
        hits.update(hit for short, hit in self._short.items() if short in text)
        return hits

    def _few(self, fresh: list[str]) -> list[str] | None:
        if len(fresh) > FEW:
            return None
        return [needle for token in fresh for needle in self._of[token]]

    def _closed(self, text: str, few: list[str] | None) -> set[Hit]:
        if few is None:
            return self._runs(text)
        present = [needle for needle in few if needle in text]
        return {self._home(needle)[needle] for needle in present}


def _needles(token: str) -> Iterator[tuple[str, str]]:
    raw = token.encode("utf-8", "surrogatepass")
    if len(raw) < SHORTEST:
        return
    for at in _starts(len(raw)):
        window = raw[at : at + WIDTH]
        if len(set(window)) < 6:
            continue  # a text of one letter repeated is no secret
        yield window.decode("utf-8", "replace"), "plain"
        for encoded in _base64_cores(window):
            yield encoded[:WIDTH], "base64"
        for digits in (window.hex(), window.hex().upper()):
            yield digits[:WIDTH], "hexadecimal"


def _starts(length: int) -> list[int]:
    if length < FIRST + WIDTH:
        return [0]
    return [*range(FIRST, length - WIDTH, STEP), length - WIDTH]


def _base64_cores(window: bytes) -> Iterator[str]:
    """What stays the same whatever stands before and after, standard and for URLs."""
    for before in range(3):
        first = -(-before * 8 // 6)
        last = (before + len(window)) * 8 // 6
        padded = bytes(before) + window + bytes(3)
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            yield encode(padded).decode()[first:last]


def _readings(text: str) -> Iterator[str]:
    yield text
    for _ in range(ROUNDS):
        plainer = _unescaped(text)
        if plainer == text:
            return
        text = plainer
        yield text


def _unescaped(text: str) -> str:
    """One level of every kind of escape taken away."""
    if "&" in text:
        text = html.unescape(text)
    if "%" in text:
        text = unquote(text, errors="replace")
    if "\\" in text:
        text = _BACKSLASH.sub(_meaning, text)
    if "=\n" in text or "=\r\n" in text:
        text = _SOFT_BREAK.sub("", text)
    return text.replace("=3D", "=")


def _meaning(found: re.Match[str]) -> str:
    code = found[1] or found[2]
    return chr(int(code, 16)) if code else _CONTROL.get(found[3], found[3])


def _closed_up(text: str) -> Iterator[str]:
    """Without white space and NULs (UTF-16), and the same without tags."""
    closed = "".join(text.replace("\0", "").split())
    yield closed
    if "<" in text:
        yield _TAG.sub("", closed)


def _named(hit: Hit, spelling: str) -> Hit:
    return Hit(hit.token, spelling if hit.spelling == "plain" else hit.spelling)


def _clearest(hits: set[Hit]) -> set[Hit]:
    """One hit of each token: the plainest reading says most."""
    order = ("plain", "escaped", "split", "base64", "hexadecimal")
    best: dict[str, Hit] = {}
    for hit in sorted(hits, key=lambda hit: order.index(hit.spelling)):
        best.setdefault(hit.token, hit)
    return set(best.values())

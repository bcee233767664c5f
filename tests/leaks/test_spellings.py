"""The search's own detector: each spelling is found, pieces too, and nothing where nothing is."""

from __future__ import annotations

import base64
import html
import json
import quopri
import textwrap
from collections.abc import Callable
from urllib.parse import quote

import pytest

from callbacks.asl import spellings as products
from tests.leaks.plugin import by_product
from tests.leaks.spellings import Detector, Hit, name_of
from tests.simulator.tokens import TokenMint

# Sixteen tokens, for their letters decide what an encoding looks like.
TOKENS = [TokenMint("spellings").token(number) for number in range(1, 17)]
OTHERS = [TokenMint("others").token(number) for number in range(1, 17)]
ENCODERS = {"standard": base64.b64encode, "for URLs": base64.urlsafe_b64encode}


def percent_all(text: str) -> str:
    return "".join(f"%{ord(letter):02x}" for letter in text)


SPELLINGS: dict[str, Callable[[str], str]] = {
    "plain": lambda token: token,
    "inside a longer string": lambda token: f"id-{token}-end",
    "JSON": lambda token: json.dumps({"t": token}),
    "JSON with slashes escaped": lambda token: json.dumps(token).replace("/", "\\/"),
    "JSON in JSON in JSON": lambda token: json.dumps(json.dumps(json.dumps({"t": token}))),
    "JSON with every letter escaped": lambda t: "".join(f"\\u{ord(c):04X}" for c in t),
    "Python's repr": lambda token: repr(token.encode()),
    "URL": lambda token: f"/a?t={quote(token, safe='')}",
    "URL twice": lambda token: f"/a?t={quote(quote(token, safe=''), safe='')}",
    "URL with every letter encoded": percent_all,
    "HTML": lambda token: html.escape(f'"{token}"').replace("=", "&#x3D;").replace("+", "&#43;"),
    "hexadecimal": lambda token: token.encode().hex(),
    "hexadecimal in capitals": lambda token: token.encode().hex().upper(),
    "split over lines": lambda token: "\n".join(textwrap.wrap(token, 64)),
    "split over lines that are indented": lambda t: "\r\n\t ".join(textwrap.wrap(t, 17)),
    "split in JSON": lambda token: json.dumps("\n".join(textwrap.wrap(token, 20))),
    "split by tags": lambda token: "<wbr>".join(textwrap.wrap(token, 10)),
    "quoted-printable": lambda token: quopri.encodestring(token.encode()).decode(),
    "UTF-16": lambda token: token.encode("utf-16").decode("latin-1"),
    "base64 in lines": lambda token: base64.encodebytes(token.encode()).decode(),
    "base64 of JSON": lambda t: base64.b64encode(json.dumps({"a": {"t": t}}).encode()).decode(),
    "base64 in a URL": lambda t: quote(base64.b64encode(t.encode()).decode(), safe=""),
    **{
        f"base64 {kind}, {before} bytes before": (
            lambda token, encode=encode, before=before: encode(
                b"x" * before + token.encode() + b"y" * 7
            ).decode()
        )
        for kind, encode in ENCODERS.items()
        for before in range(3)
    },
}


@pytest.fixture(scope="module")
def detector() -> Detector:
    detector = Detector()
    for token in TOKENS:
        detector.add(token)
    return detector


def found(detector: Detector, text: str, fresh: list[str] | None = None) -> set[str]:
    hits = detector.search(f"<p>before {text} after</p>", TOKENS if fresh is None else fresh)
    return {hit.token for hit in hits}


@pytest.mark.parametrize("spell", SPELLINGS.values(), ids=SPELLINGS)
def test_each_spelling_is_found(detector: Detector, spell: Callable[[str], str]) -> None:
    for token in TOKENS:
        assert found(detector, spell(token)) == {name_of(token)}
        assert found(detector, spell(token), fresh=[token]) == {name_of(token)}


@pytest.mark.parametrize("spell", SPELLINGS.values(), ids=SPELLINGS)
def test_nothing_is_found_of_tokens_that_are_not_looked_for(
    detector: Detector, spell: Callable[[str], str]
) -> None:
    assert [found(detector, spell(other)) for other in OTHERS] == [set()] * len(OTHERS)


@pytest.mark.parametrize("spell", SPELLINGS.values(), ids=SPELLINGS)
def test_each_spelling_is_found_by_the_products_detector_too(spell: Callable[[str], str]) -> None:
    blind = {"split by tags", "UTF-16"}  # these the search must see alone
    seen = by_product(f"before {spell(TOKENS[0])} after", TOKENS[:1])
    by_tags_or_nuls = next(name for name, one in SPELLINGS.items() if one is spell) in blind
    assert bool(seen) != by_tags_or_nuls


@pytest.mark.parametrize("start", range(0, 684 - 170, 31))
def test_a_quarter_of_a_token_is_found(detector: Detector, start: int) -> None:
    assert found(detector, TOKENS[0][start : start + 170]) == {name_of(TOKENS[0])}


def test_the_beginning_that_all_tokens_share_is_nothing(detector: Detector) -> None:
    assert found(detector, TOKENS[0][:24]) == set()


def test_a_short_token_is_found_whole() -> None:
    detector = Detector()
    detector.add("secret-token-42")
    assert detector.search("it is secret-token-42.") == {Hit(name_of("secret-token-42"), "plain")}


def test_a_forgotten_token_is_no_longer_found() -> None:
    detector = Detector()
    detector.add(TOKENS[0])
    detector.forget(TOKENS[0])
    assert detector.search(TOKENS[0]) == set()


def test_the_spelling_is_named() -> None:
    detector = Detector()
    detector.add(TOKENS[0])
    texts = (TOKENS[0], percent_all(TOKENS[0]), "\n".join(TOKENS[0]), TOKENS[0].encode().hex())
    named = [hit.spelling for text in texts for hit in detector.search(text, TOKENS[:1])]
    assert named == ["plain", "escaped", "split", "hexadecimal"]


def test_both_detectors_are_two(monkeypatch: pytest.MonkeyPatch, detector: Detector) -> None:
    """With the product's spellings broken the search still sees."""
    monkeypatch.setattr(products, "find_tokens", lambda **_: ())
    monkeypatch.setattr(products.Finder, "present", lambda *_: [])
    assert found(detector, TOKENS[3]) == {name_of(TOKENS[3])}

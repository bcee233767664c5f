"""A token is masked however it is spelled, and nothing else is touched."""

from __future__ import annotations

import base64
import json
import textwrap
import time
from collections.abc import Callable
from decimal import Decimal
from urllib.parse import quote

import pytest

from callbacks.asl.masking import MARKER, Masker
from callbacks.asl.spellings import find_token, find_tokens
from tests.asl.histories import aws_token

TOKEN = aws_token("masked")
UUID = "f8dbd7b5-c4aa-4ca9-9aef-4766f18c7ebe"


def _base64_after(prefix: bytes, *, url: bool = False) -> Callable[[str], str]:
    encode = base64.urlsafe_b64encode if url else base64.b64encode
    return lambda token: encode(prefix + token.encode() + b'"}').decode()


SPELLINGS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "in a sentence": lambda t: f"use {t} to answer",
    "slashes escaped": lambda t: t.replace("/", "\\/"),
    "escaped by number": lambda t: "".join(f"\\u{ord(c):04x}" for c in t),
    "escaped by large number": lambda t: "".join(f"\\u{ord(c):04X}" for c in t),
    "escaped in part": lambda t: t.replace("+", "\\u002b").replace("=", "\\u003D"),
    "escaped by HTML": lambda t: t.replace("+", "&#x2B;").replace("/", "&#47;"),
    "in a URL": lambda t: f"https://a.example/?t={quote(t, safe='')}&x=1",
    "in a URL in a URL": lambda t: quote(quote(t, safe=""), safe=""),
    "in a URL in small letters": lambda t: quote(t, safe="").replace("%2B", "%2b"),
    "base64": _base64_after(b""),
    "base64 after one": _base64_after(b"{"),
    "base64 after two": _base64_after(b'{"'),
    "base64 for URLs": _base64_after(b"", url=True),
    "base64 for URLs after one": _base64_after(b"{", url=True),
    "base64 in a URL": lambda t: quote(_base64_after(b"{")(t), safe=""),
    "base64 in lines": lambda t: "\\n".join(textwrap.wrap(_base64_after(b"")(t), 76)),
    "base64 of a URL": lambda t: _base64_after(b"x")(quote(t, safe="")),
    "base64 of escaped": lambda t: _base64_after(b"x")(t.replace("/", "\\/")),
    "hexadecimal": lambda t: t.encode().hex(),
    "hexadecimal in capitals": lambda t: t.encode().hex().upper(),
    "in lines": lambda t: "\\n".join(textwrap.wrap(t, 20)),
    "in lines with returns": lambda t: "\\r\\n\\t".join(textwrap.wrap(t, 20)),
    "in words": lambda t: " ".join(textwrap.wrap(t, 20)),
    "in quoted lines of mail": lambda t: "=\\n".join(textwrap.wrap(t.replace("=", "=3D"), 70)),
}


@pytest.mark.parametrize("token", [TOKEN, UUID], ids=["of AWS", "of an emulator"])
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_known_token_is_masked_in_every_spelling(spelling: str, token: str) -> None:
    text = f'{{"a": [1.50, "{SPELLINGS[spelling](token)}"], "b": 1e400}}'
    assert find_token(text=text, token=token), "the detector must see what is to be masked"

    masked = Masker([token]).text(text)

    assert find_token(text=masked, token=token) is None
    assert MARKER.search(masked)
    assert masked.startswith('{"a": [1.50, "')
    assert masked.endswith('"], "b": 1e400}')
    json.loads(masked)


@pytest.mark.parametrize("levels", range(1, 6))
def test_json_in_json_stays_json_at_every_level(levels: int) -> None:
    text = json.dumps({"token": TOKEN, "note": 'a "word"\n'})
    for _ in range(levels):
        text = json.dumps({"inner": text})

    masked = Masker([TOKEN]).text(text)

    for _ in range(levels):
        masked = json.loads(masked)["inner"]
    inner = json.loads(masked)
    assert MARKER.fullmatch(inner["token"])
    assert inner["note"] == 'a "word"\n'


@pytest.mark.parametrize(
    "spelling", ["plain", "in a URL", "slashes escaped", "base64", "base64 after two"]
)
def test_an_unknown_token_of_awss_shape_is_masked(spelling: str) -> None:
    text = f'{{"a": "{SPELLINGS[spelling](TOKEN)}"}}'

    masked = Masker().text(text)

    assert find_token(text=masked, token=TOKEN) is None
    json.loads(masked)


def test_the_older_shape_is_masked_too() -> None:
    token = "AAAAKgAAAAIAAAAAAAAAAb" + "x" * 640

    assert token not in Masker().text(f"it is {token}.")


def test_words_after_an_unknown_token_stay() -> None:
    masked = Masker().text(f"{TOKEN} and\nmore words")

    assert masked.endswith("] and\nmore words")


def test_an_unknown_token_in_lines_is_masked_whole() -> None:
    masked = Masker().text("\r\n".join(textwrap.wrap(TOKEN, 76)) + "\r\n\r\nRegards")

    assert MARKER.sub("", masked) == "\r\n\r\nRegards"


@pytest.mark.parametrize(
    "text",
    [
        '{"taskToken": "SECRET"}',
        '{"TaskToken": "SECRET", "n": 1}',
        '{"task_token":"SECRET"}',
        '{"x": {"TASK-TOKEN" : "SECRET"}}',
        '{"sfnTaskToken": "SECRET"}',
        '{"Task": {"Token": "SECRET"}}',
        '{"Task": {"Other": 1, "Token": "SECRET"}}',
        '{"MessageAttributes": {"TaskToken": {"DataType": "String", "StringValue": "SECRET"}}}',
        '{"Item": {"taskToken": {"S": "SECRET"}}}',
        '{"Environment": [{"Name": "TASK_TOKEN", "Value": "SECRET"}]}',
        '{"Environment": [{"Value": "SECRET", "Name": "TASK_TOKEN"}]}',
        '{"body": "{\\"taskToken\\": \\"SECRET\\"}"}',
        json.dumps({"body": json.dumps({"in": json.dumps({"Task": {"Token": "SECRET"}})})}),
        '{"link": "https://a.example/?taskToken=SECRET&b=1"}',
        '{"link": "https%3A%2F%2Fa.example%2F%3FtaskToken%3DSECRET%26b%3D1"}',
    ],
)
def test_what_a_key_calls_a_task_token_is_masked(text: str) -> None:
    for secret in (UUID, "short-one", "a/b+c=="):
        given = text.replace("SECRET", secret)

        masked = Masker().text(given)

        assert find_token(text=masked, token=secret) is None
        assert MARKER.search(masked)
        json.loads(masked)
        assert Masker().text(masked) == masked


@pytest.mark.parametrize(
    "text",
    [
        '{"TaskToken.$": "$$.Task.Token"}',
        '{"TaskToken": "{% $states.context.Task.Token %}"}',
        '{"token": "usd", "tokens": 3, "Task": {"Name": "Token"}}',
        '{"taskToken": ""}',
        "a text of no JSON at all, 100% \\ harmless & plain",
        "",
    ],
)
def test_what_is_no_token_stays(text: str) -> None:
    assert Masker([UUID]).text(text) == text


def test_numbers_spaces_and_doubled_keys_stay_as_written() -> None:
    before = '{ "n":1.50,"n" : 1E+2 ,\n "big":12345678901234567890.10, "t":"'

    assert Masker([UUID]).text(f'{before}{UUID}" }}').startswith(before)


def test_the_marker_tells_length_and_digest() -> None:
    found = MARKER.fullmatch(Masker([UUID]).text(UUID))

    assert found is not None
    assert found["length"] == "36"
    assert found["sha256"] == "8f1b…52e4"


def test_a_token_that_is_a_number_leaves_json_behind() -> None:
    masked = Masker(["1234567890123456"]).text('{"a": 1234567890123456, "b": 2}')

    assert "1234567890123456" not in masked
    assert json.loads(masked)["b"] == 2


def test_a_parsed_value_is_masked_in_keys_and_values() -> None:
    value = {
        "taskToken": UUID,
        "Task": {"Token": "short"},
        TOKEN: [{"Name": "TASK_TOKEN", "Value": "hidden"}, ("x", f"in {UUID}")],
        "kept": [1, 1.5, Decimal("1.50"), None, True, "text"],
    }

    masked = Masker([UUID]).json(value)

    assert find_tokens(text=str(masked), tokens=[UUID, TOKEN, "short", "hidden"]) == ()
    assert masked["kept"] == value["kept"]
    assert list(masked)[3] == "kept"


def test_a_parsed_value_of_any_depth_is_masked() -> None:
    value: object = UUID
    for _ in range(5_000):
        value = [value]

    masked = Masker([UUID]).json(value)

    while isinstance(masked, list):
        (masked,) = masked
    assert MARKER.fullmatch(masked)


def test_a_masker_shows_no_token() -> None:
    assert UUID not in repr(Masker([UUID])) + repr(vars(Masker([UUID])))


def test_the_detector_names_the_spelling() -> None:
    spelled = {
        name: find_token(text=SPELLINGS[name](TOKEN), token=TOKEN)
        for name in ("plain", "in a URL", "base64", "hexadecimal", "in words")
    }

    assert list(spelled.values()) == ["plain", "escaped", "base64", "hexadecimal", "split"]


def test_the_detector_finds_those_that_are_there_among_many() -> None:
    tokens = [aws_token(str(number)) for number in range(200)]
    text = f"one {quote(tokens[7], safe='')} and {_base64_after(b'x')(tokens[150])}"

    assert find_tokens(text=text, tokens=tokens) == (
        (tokens[150], "base64"),
        (tokens[7], "escaped"),
    )


@pytest.mark.parametrize("others", [0, 1_000])
def test_the_largest_payload_is_masked_quickly(others: int) -> None:
    item = {"text": 'some "quoted" text, 100 %\n', "task": 7, "link": "https://a.example/%2Fx"}
    text = json.dumps({"items": [item] * 3_000, "context": {"Task": {"Token": UUID}}})
    assert len(text) > 256_000
    masker = Masker([UUID, *(aws_token(str(number)) for number in range(others))])

    began = time.perf_counter()
    masked = masker.text(text)

    assert UUID not in masked
    assert time.perf_counter() - began < 5

"""Whatever stands around a token, no spelling of it survives, and JSON stays JSON."""

from __future__ import annotations

import json
import string
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from callbacks.asl.masking import Masker
from callbacks.asl.spellings import find_token
from tests.asl.test_masking import SPELLINGS

_BASE64 = string.ascii_letters + string.digits + "+/"
_TOKENS = st.one_of(
    st.uuids().map(str),
    st.text(_BASE64, min_size=60, max_size=700).map("AQCEAAAAKgAAAAM{}==".format),
    st.text(_BASE64, min_size=60, max_size=300).map("AAAAKgAAAAI{}".format),
)
_WORDS = st.text(
    st.one_of(st.sampled_from("\"\\/%&=+\n\t {}[]:,'u0oken"), st.characters(codec="utf-8")),
    max_size=30,
)


def _values(leaves: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    numbers = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False))
    return st.recursive(
        st.one_of(numbers, leaves),
        lambda inner: st.one_of(
            st.lists(inner, max_size=4),
            st.dictionaries(_WORDS, inner, max_size=4),
            inner.map(json.dumps),
        ),
        max_leaves=8,
    )


@given(
    token=_TOKENS,
    spelling=st.sampled_from(sorted(SPELLINGS)),
    before=_WORDS,
    after=_WORDS,
    data=st.data(),
)
def test_no_spelling_survives_in_any_value(
    token: str, spelling: str, before: str, after: str, data: st.DataObject
) -> None:
    # A space keeps what stands around from becoming part of the spelling.
    leaf = f"{before} {SPELLINGS[spelling](token)} {after}"
    value = data.draw(_values(st.one_of(_WORDS, st.just(leaf))))
    text = json.dumps([value, leaf], ensure_ascii=data.draw(st.booleans()))

    masked = Masker([token]).text(text)

    assert find_token(text=masked, token=token) is None
    assert len(json.loads(masked)) == 2


@given(token=_TOKENS, before=_WORDS, after=_WORDS)
def test_a_plain_token_is_masked_whatever_touches_it(token: str, before: str, after: str) -> None:
    masked = Masker([token]).text(json.dumps(f"{before}{token}{after}"))

    assert token not in masked
    json.loads(masked)


@given(value=_values(_WORDS))
def test_a_value_without_tokens_stays_as_it_is(value: Any) -> None:
    text = json.dumps(value)

    assert Masker(["f8dbd7b5-c4aa-4ca9-9aef-4766f18c7ebe"]).text(text) == text


@given(value=_values(_WORDS), token=_TOKENS)
def test_masking_twice_changes_nothing_more(value: Any, token: str) -> None:
    text = json.dumps([value, {"taskToken": token, "link": f"https://a/?t={token}"}])
    masked = Masker([token]).text(text)

    assert Masker([token]).text(masked) == masked


@given(text=_WORDS, token=_TOKENS)
def test_any_text_can_be_masked(text: str, token: str) -> None:
    masked = Masker([token]).text(f"{text} {token} {text}")

    assert token not in masked

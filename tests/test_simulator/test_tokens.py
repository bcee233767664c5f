"""Task tokens look like AWS's, and can be told from everybody else's."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from tests.simulator.tokens import TokenMint

MINT = TokenMint("seed")


def test_a_token_has_the_shape_of_a_real_one() -> None:
    token = MINT.token(1)
    assert len(token) == 684
    assert token.startswith("AQCEAAAAKgAAAAM")
    assert re.fullmatch(r"[A-Za-z0-9+/]+==[A-Za-z0-9+/]+", token)


@given(st.integers(min_value=1, max_value=1 << 40))
def test_a_token_leads_back_to_its_number(number: int) -> None:
    assert MINT.number(MINT.token(number)) == number


@given(st.text(max_size=800))
def test_any_other_text_leads_nowhere(text: str) -> None:
    assert MINT.number(text) is None


def test_another_seed_s_token_leads_nowhere() -> None:
    assert MINT.number(TokenMint("other").token(1)) is None


def test_the_same_seed_gives_the_same_token() -> None:
    assert TokenMint("seed").token(7) == MINT.token(7)

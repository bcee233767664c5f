"""Which regular expressions a policy may ask of an answer."""

import re
from contextlib import suppress
from math import comb
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callbacks.decisions.patterns import MOST_WAYS, UNCOUNTED, PatternError, check_pattern, ways

# What blows up takes hours; this leaves room for a slow machine.
A_MOMENT = 5


@pytest.mark.parametrize(
    "pattern",
    [
        "",
        r"\S",
        r"^[A-Z]{2}-\d+$",
        r"^\d{4}-\d\d-\d\d$",
        r"[^@\s]+@[^@\s]+\.[^@\s]+",
        r"^(yes|no)$",
        r"^(\d{1,3}\.){3}\d{1,3}$",
        r"^[a-z]+(-[a-z]+)*$",
        r"^\d+(\.\d+)*$",
        r"^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$",
        r"^.{1,4000}$",
        r"[]a]+",
    ],
)
def test_what_people_usually_ask_for_is_fine(pattern: str) -> None:
    check_pattern(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        "(a+)+$",
        "(a|aa)+$",
        "(?:a*)*b",
        "^(-a-?)*$",
        "(.*a){20}",
        "a*a*a*a*a*a*b",
        "a?" * 30 + "a" * 30,
        "(a|a)" * 40,
        "^(?!x)",
        r"(a)\1",
        "(",
        "a{2,1}",
        "(" * 3_000 + ")" * 3_000,
        "(((a{0,64}){0,64}){0,64}){0,64}",
        "a{" + "9" * 5_000 + "}",
    ],
)
def test_what_could_be_tried_for_ever_is_refused(pattern: str) -> None:
    with pytest.raises(PatternError):
        check_pattern(pattern)


@pytest.mark.parametrize(
    "pattern",
    ["(" * 4 + "a{0,64}" + "){0,64}" * 4, "((((a*b){0,64}){0,64}){0,64}){0,64}", "(a|b)" * 9_000],
)
def test_a_pattern_of_ways_without_number_is_refused_within_a_moment(pattern: str) -> None:
    began = process_time()
    with pytest.raises(PatternError):
        check_pattern(pattern)
    assert ways(pattern, 260_000) == UNCOUNTED
    assert process_time() - began < A_MOMENT


@given(st.integers(0, 60), st.integers(0, 5))
def test_the_ways_are_those_in_which_the_repeats_share_the_text(length: int, repeats: int) -> None:
    assert ways("^" + "a*" * repeats, length) == comb(length + repeats, repeats)


@pytest.mark.parametrize("pattern", ["^a+a+a+b", "a+a+a+b", "(?:^|x)a*a*b", "(a|b)(a|b)a*a*a*b"])
def test_a_text_that_may_be_tried_is_tried_within_a_moment(pattern: str) -> None:
    length = max(n for n in range(2, 5_000) if ways(pattern, n) <= MOST_WAYS)
    began = process_time()
    re.search(pattern, "a" * length)
    assert process_time() - began < A_MOMENT


@given(st.text("ab-.[]()|*+?{}1,^$\\", max_size=12))
def test_no_pattern_that_somebody_writes_raises_anything_else(pattern: str) -> None:
    with suppress(PatternError):
        assert ways(pattern, 10) >= 1

"""In which values two answers differ."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callbacks.asl.differences import MOST_VALUES, Difference, differences


def test_values_that_changed_came_or_went_are_named():
    found = differences(
        {"a": 1, "b": {"c": True}, "d": [1, 2]}, {"b": {"c": False}, "d": [1], "e": None}
    )
    assert found.found == (
        Difference("$.b.c", "true", "false"),
        Difference("$.e", None, "null"),
        Difference("$.a", "1", None),
        Difference("$.d[1]", "2", None),
    )
    assert found.total == 5


def test_the_order_of_names_says_nothing_and_numbers_are_as_written():
    assert differences({"a": 1, "b": 2}, {"b": 2, "a": 1}).found == ()
    assert differences({"a": 1}, {"a": True}).found == (Difference("$.a", "1", "true"),)


def test_what_has_very_many_values_is_compared_as_a_whole():
    many = list(range(MOST_VALUES + 1))
    assert differences(many, many).found == ()
    assert [one.path for one in differences(many, [1]).found] == ["$"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3)
    ),
)


@given(JSON)
def test_an_answer_does_not_differ_from_itself(value):
    assert differences(value, value).found == ()


@pytest.mark.parametrize(("before", "after"), [({}, []), ("", None), ({"a": {}}, {"a": []})])
def test_what_is_empty_differs_by_its_kind(before, after):
    assert len(differences(before, after).found) == 1

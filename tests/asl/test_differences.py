"""In which values two answers differ."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callbacks.asl.differences import MOST_VALUES, differences
from callbacks.asl.payload import parse_exact


def told(before, after):
    return [(one.path, one.before, one.after) for one in differences(before, after).found]


def test_values_that_changed_came_or_went_are_named():
    before = {"a": 1, "b": {"c": True}, "d": [1, 2]}
    after = {"b": {"c": False}, "d": [1], "e": None}
    assert told(before, after) == [
        ("$.b.c", "true", "false"),
        ("$.e", None, "null"),
        ("$.a", "1", None),
        ("$.d[1]", "2", None),
    ]
    assert differences(before, after).total == 5


def test_the_order_of_names_says_nothing_and_numbers_are_as_written():
    assert differences({"a": 1, "b": 2}, {"b": 2, "a": 1}).found == ()
    assert told({"a": 1}, {"a": True}) == [("$.a", "1", "true")]


def test_what_has_very_many_values_is_compared_as_a_whole():
    many = list(range(MOST_VALUES + 1))
    assert differences(many, many).found == ()
    assert [path for path, _, _ in told(many, [1])] == ["$"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(".[]0ab", max_size=3), inner, max_size=3)
    ),
)


@given(JSON, JSON)
def test_only_equal_answers_do_not_differ(one, other):
    """Whatever stands in their names: dots and brackets too."""
    is_equal = json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
    assert (differences(one, other).found == ()) is is_equal
    assert differences(one, one).found == ()


@pytest.mark.parametrize(("before", "after"), [({}, []), ("", None), ({"a": {}}, {"a": []})])
def test_what_is_empty_differs_by_its_kind(before, after):
    assert len(differences(before, after).found) == 1


def test_a_number_that_is_only_written_otherwise_is_the_same():
    assert differences(parse_exact('{"n": 1.50}'), parse_exact('{"n": 1.500}')).found == ()
    (found,) = differences(parse_exact('{"n": 1}'), parse_exact('{"n": "1"}')).found
    assert found.path == "$.n"


def test_names_with_points_are_told_from_names_below_names():
    found = differences({"z": 1}, {"z": 1, "a": {"b": 1}, "a.b": 2, "": 3}).found
    assert [one.path for one in found] == ["$.a.b", '$["a.b"]', '$[""]']

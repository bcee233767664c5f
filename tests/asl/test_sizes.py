"""What makes a payload large."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callbacks.asl.language.values import size_of
from callbacks.asl.sizes import LargePart, largest_parts


def test_the_largest_members_are_named_where_they_stand():
    value = {"report": {"rows": ["x" * 100] * 100, "id": 1}, "log": "y" * 3_000, "n": 1}
    assert largest_parts(value) == (
        LargePart("$.report.rows", size_of(["x" * 100] * 100)),
        LargePart("$.log", 3_002),
    )


@pytest.mark.parametrize("value", ["x" * 1000, 7, None, {}, []])
def test_what_has_no_parts_has_none_that_are_large(value):
    assert largest_parts(value) == ()


@given(
    st.recursive(
        st.text(max_size=20) | st.integers(),
        lambda inner: (
            st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4)
        ),
    )
)
def test_no_part_is_larger_than_the_whole_and_the_largest_come_first(value):
    sizes = [part.size for part in largest_parts(value)]
    assert sizes == sorted(sizes, reverse=True)
    assert all(
        size <= len(json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode())
        for size in sizes
    )

"""Layers, order and places of a drawing: nothing overlaps, lines go downwards, size is bounded."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callbacks.asl.layering import MOST_POINTS, Box, TooLarge, rising
from callbacks.asl.ranking import Line
from callbacks.asl.routing import Layout, lay_out

BOX = Box(100, 40)


def laid(count: int, *pairs: tuple[int, int], **fields: float) -> Layout:
    return lay_out(boxes=[BOX] * count, lines=[Line(a, b, **fields) for a, b in pairs])


def test_a_chain_is_straight() -> None:
    assert {x for x, _y in laid(4, (0, 1), (1, 2), (2, 3)).centres} == {50}


def test_what_follows_stands_below() -> None:
    centres = laid(4, (0, 1), (0, 2), (1, 3), (2, 3)).centres

    assert centres[0][1] < centres[1][1] == centres[2][1] < centres[3][1]
    assert centres[0][0] == pytest.approx(centres[3][0])


def test_a_circle_has_one_line_that_goes_up() -> None:
    layout = laid(3, (0, 1), (1, 2), (2, 0))

    ups = [route.spots[0][1] > route.spots[-1][1] for route in layout.routes]
    assert ups == [False, False, True]


def test_a_box_that_leads_to_itself_has_a_loop_at_its_side() -> None:
    (route,) = laid(1, (0, 0)).routes

    assert max(x for x, _y in route.spots) > 100


def test_lines_that_need_not_cross_do_not() -> None:
    # As written, the targets stand the wrong way round.
    centres = laid(5, (0, 1), (0, 2), (1, 4), (2, 3)).centres

    assert (centres[1][0] < centres[2][0]) == (centres[4][0] < centres[3][0])


def test_words_stand_on_their_line_and_clear_of_each_other() -> None:
    layout = laid(3, (0, 1), (0, 2), label=80)

    (one, y), (other, again) = (route.label for route in layout.routes if route.label)
    assert y == again
    assert abs(one - other) >= 80


def test_lines_of_one_group_to_one_box_meet_and_end_once() -> None:
    lines = [*((n, n + 1) for n in range(5)), *((n, 6) for n in range(5))]
    layout = lay_out(
        boxes=[BOX] * 7, lines=[Line(a, b, "catch" if b == 6 else "") for a, b in lines]
    )

    ends = [route.has_end for route in layout.routes[5:]]
    assert ends.count(True) < 5
    assert all(route.has_end for route in layout.routes[:5])


def test_three_hundred_states_with_one_catch_stay_narrow() -> None:
    chain = [Line(n, n + 1) for n in range(299)]
    catches = [Line(n, 299, "catch", 60, is_side=True) for n in range(297)]

    assert lay_out(boxes=[BOX] * 300, lines=chain + catches).width < 600


def test_what_would_need_too_many_bends_is_refused() -> None:
    lines = [Line(n, n + 1) for n in range(399)]
    lines += [Line(n, 399 - n // 2) for n in range(200)]

    with pytest.raises(TooLarge):
        lay_out(boxes=[BOX] * 400, lines=lines)


def test_the_nearest_rising_numbers_share_what_they_give_up() -> None:
    assert rising([3, 1, 5], [1, 1, 1]) == [2, 2, 5]
    assert rising([4, 1], [1, 3]) == [1.75, 1.75]


@given(st.data())
def test_no_two_boxes_of_any_graph_overlap(data: st.DataObject) -> None:
    count = data.draw(st.integers(1, 12))
    ends = st.integers(0, count - 1)
    lines = [
        Line(*pair, label=data.draw(st.sampled_from([0, 30])), is_side=data.draw(st.booleans()))
        for pair in data.draw(st.lists(st.tuples(ends, ends), max_size=30, unique=True))
    ]
    layout = lay_out(boxes=[BOX] * count, lines=lines)

    rows: dict[float, list[float]] = {}
    for x, y in layout.centres:
        rows.setdefault(y, []).append(x)
        assert -0.01 <= x - 50 <= layout.width
        assert -0.01 <= y - 20 <= layout.height
    for row in rows.values():
        assert all(right - left >= 100 for left, right in pairwise(sorted(row)))
    assert len(layout.routes) == len(lines) <= MOST_POINTS

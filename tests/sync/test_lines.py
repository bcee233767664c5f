"""What the lines of a list say that the mirror does not hold yet."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callbacks.stepfunctions import ExecutionSummary
from callbacks.sync.lines import Cursor, Held, News, find_news, ordered_at, reaches_back

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


def line(name: str, began: int, ended: int | None = None, **fields: Any) -> ExecutionSummary:
    """A line of a list; minutes before or after noon."""
    values: dict[str, Any] = {
        "status": "RUNNING" if ended is None else "SUCCEEDED",
        "started_at": NOON + timedelta(minutes=began),
        "stopped_at": None if ended is None else NOON + timedelta(minutes=ended),
        **fields,
    }
    return ExecutionSummary(arn=name, name=name, state_machine_arn="m", **values)


def held(
    status: str = "RUNNING", redrive_count: int = 0, ordered_at: datetime = NOON
) -> dict[str, Held]:
    return {"a": Held(status, redrive_count, ordered_at)}


def kinds(news: News) -> dict[str, list[str]]:
    found = {name: [one.arn for one in getattr(news, name)] for name in News.__slots__}
    return {name: arns for name, arns in found.items() if arns}


@pytest.mark.parametrize(
    ("seen", "known", "kind"),
    [
        (line("a", 0), {}, "new"),
        (line("a", 0), held(), None),
        (line("a", 0, redrive_count=1), held("FAILED"), "redriven"),
        (line("a", 0), held("SUCCEEDED"), None),
        (line("a", 1), held(), "moved"),
        (line("a", 0, 1), held(), "ended"),
        (line("a", 0, 1), held("SUCCEEDED"), None),
        (line("a", 0, 1), {}, "came_and_went"),
        (line("a", 0, 1, redrive_count=1), held("FAILED"), "came_and_went"),
        (line("a", 0, 1, redrive_count=1), held(), "ended"),
    ],
)
def test_a_line_is_held_against_what_the_mirror_has(
    seen: ExecutionSummary, known: dict[str, Held], kind: str | None
) -> None:
    assert kinds(find_news([seen], known)) == ({kind: ["a"]} if kind else {})


def test_a_line_from_before_a_redrive_ends_nothing() -> None:
    """The list lags behind: the mirror has read the run that goes on."""
    assert kinds(find_news([line("a", 0, 1)], held(redrive_count=1))) == {}


def test_what_ended_long_ago_is_not_dug_up() -> None:
    seen = [line("old", -90, -60), line("late", -90, 1)]

    assert kinds(find_news(seen, {}, since=NOON)) == {"came_and_went": ["late"]}


QUICK = line("quick", 1, 2)
LONG = line("long", -90, 3)
WAITS = line("waits", -60)
OLD = line("old", -50, -40)


@pytest.mark.parametrize(
    "page",
    [
        pytest.param([LONG, QUICK, OLD, WAITS], id="by their end, as AWS does"),
        pytest.param([QUICK, OLD, WAITS, LONG], id="by their start, as emulators do"),
    ],
)
def test_in_either_order_of_a_list_what_began_and_ended_since_is_found(
    page: list[ExecutionSummary],
) -> None:
    until = next(n for n in range(1, 5) if reaches_back(page[:n], since=NOON))

    assert "quick" in kinds(find_news(page[:until], {}, since=NOON))["came_and_went"]


def test_a_list_that_does_not_reach_back_is_gone_on_with() -> None:
    assert not reaches_back([LONG, QUICK, line("runs", 5)], since=NOON)


# --- sweeping: pages against rows -----------------------------------------------------------------


def swept(listed: list[ExecutionSummary], mirrored: list[ExecutionSummary], size: int) -> set[str]:
    """Who is missing, found page by page as a sweep does."""
    pages = [listed[at : at + size] for at in range(0, len(listed), size)] or [[]]
    missing: set[str] = set()
    cursor = Cursor()
    for number, page in enumerate(pages):
        assert not cursor.goes_back(page)
        after, upto = cursor.span(page, is_last=number == len(pages) - 1)
        running = {
            one.arn
            for one in mirrored
            if (upto is None or ordered_at(one) <= upto)
            and (after is None or ordered_at(one) > after)
        }
        missing |= cursor.missing(page, running)
        cursor = cursor.after(page)
    return missing


@given(
    # Few different times, so that many stand at the edge of a page.
    starts=st.lists(st.integers(-6, 0), max_size=25),
    gone=st.sets(st.integers(0, 24)),
    unknown=st.sets(st.integers(0, 24)),
    size=st.integers(1, 7),
)
def test_a_sweep_finds_exactly_those_that_are_in_no_page(
    starts: list[int], gone: set[int], unknown: set[int], size: int
) -> None:
    everyone = [line(str(number), start) for number, start in enumerate(starts)]
    listed = [one for number, one in enumerate(everyone) if number not in gone]
    listed.sort(key=ordered_at, reverse=True)
    mirrored = [one for number, one in enumerate(everyone) if number not in unknown]

    missing = swept(listed, mirrored, size)

    assert missing == {one.arn for one in mirrored} - {one.arn for one in listed}


def test_a_page_that_comes_twice_is_seen() -> None:
    page = [line("a", -1), line("b", -2)]

    assert Cursor().after(page).goes_back(page)
    assert not Cursor().after(page).goes_back([line("c", -2)])


def test_a_page_of_one_moment_that_comes_twice_is_seen() -> None:
    page = [line("a", -1), line("b", -1)]

    assert Cursor().after(page).goes_back(page)

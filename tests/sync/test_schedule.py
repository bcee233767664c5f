"""Whose list is read next, and how often."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from callbacks.sync import schedule
from callbacks.sync.schedule import LONGEST_UNSEEN, LONGEST_UNSEEN_IN_BACKLOG, ListFacts

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


def ago(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


def facts(looked: float | None = None, swept: float | None = None, **fields: Any) -> ListFacts:
    """`looked` and `swept`: so many seconds ago."""
    return ListFacts(
        looked_at=None if looked is None else ago(looked),
        swept_at=None if swept is None else ago(swept),
        **fields,
    )


def due(*machines: ListFacts, calls: float = 2.5, backlog: bool = False) -> list[int]:
    return schedule.looks_due(
        list(enumerate(machines)),
        calls_per_second=calls,
        pass_seconds=5.0,
        is_backlogged=backlog,
        now=NOW,
    )


def test_a_few_machines_are_looked_at_in_each_pass() -> None:
    assert due(facts(looked=1), facts(looked=0)) == [0, 1]


def test_many_share_the_calls() -> None:
    """200 machines, 1.9 of 2.5 calls a second: each has its turn every 107 seconds."""
    assert due(*[facts(looked=100)] * 200) == []
    assert len(due(*[facts(looked=110)] * 200)) == 200


def test_where_more_happens_it_is_looked_at_more_often() -> None:
    quiet = [facts(looked=20)] * 199

    assert due(facts(looked=20, news=1.0), *quiet) == [0]


def test_the_most_overdue_comes_first() -> None:
    machines = [facts(looked=110 + number) for number in range(200)]

    assert due(*machines)[:2] == [199, 198]


def test_none_is_forgotten_for_the_busy_ones() -> None:
    busy = [facts(looked=1, news=50.0)] * 199
    unseen = facts(looked=LONGEST_UNSEEN.total_seconds())

    assert 199 in due(*busy, unseen)


def test_one_never_looked_at_or_begun_is_due() -> None:
    machines = [facts(looked=1)] * 198

    assert due(facts(), facts(looked=1, look_goes_on=True), *machines) == [0, 1]


def test_a_clock_that_was_set_back_keeps_none_from_its_turn() -> None:
    machines = [facts(looked=1)] * 199

    assert due(facts(looked=-3600), *machines) == [0]


def test_while_more_is_unread_than_can_be_read_little_more_is_looked_for() -> None:
    unseen = facts(looked=LONGEST_UNSEEN_IN_BACKLOG.total_seconds())

    assert due(facts(looked=60), unseen, facts(looked=60, look_goes_on=True), backlog=True) == [1]


def test_in_a_backlog_what_ends_where_something_happens_is_still_seen() -> None:
    assert due(facts(looked=60, news=1.0), facts(looked=60), backlog=True) == [0]


def test_what_was_never_swept_comes_first_then_what_was_begun_then_the_longest_ago() -> None:
    machines = [facts(swept=9), facts(swept=99), facts(swept=1, sweep_goes_on=True), facts()]

    assert schedule.sweeps_due(list(enumerate(machines)), is_backlogged=False) == [3, 2, 1, 0]


def test_in_a_backlog_only_what_was_never_listed_is_swept() -> None:
    machines = [facts(swept=999), facts()]

    assert schedule.sweeps_due(list(enumerate(machines)), is_backlogged=True) == [1]


@pytest.mark.parametrize(
    ("before", "news", "seconds", "after"),
    [
        (0.0, 12, 12, 0.1),  # a tenth of the memory's time at one a second
        (1.0, 0, 120, 0.0),
        (1.0, 300, 300, 1.0),
        (0.5, 7, 0, 0.5),
    ],
)
def test_how_often_something_happens_is_an_average_of_minutes(
    before: float, news: int, seconds: float, after: float
) -> None:
    assert schedule.news_rate(before=before, news=news, seconds=seconds) == pytest.approx(after)


@pytest.mark.parametrize(
    ("news", "calls", "seconds"),
    [
        ([], 2.5, 0),
        ([0.0] * 45, 1, 60),
        ([0.0] * 200, 2.5, 106.7),
        # What is put aside for the quietest comes from the busy ones ...
        ([100.0] * 9 + [0.0], 1, 300),
        # ... but where there are too many lists, nobody has so many calls.
        ([0.0] * 600, 1, 800),
    ],
)
def test_the_share_says_how_long_the_quietest_list_waits_for_its_turn(
    news: list[float], calls: float, seconds: float
) -> None:
    found = schedule.longest_between_looks(news, calls_per_second=calls)
    assert found == pytest.approx(seconds, abs=0.1)


@pytest.mark.parametrize(
    ("waited", "is_first_mirror", "surveys"),
    [
        (timedelta(seconds=10), False, 5),
        (timedelta(seconds=4), False, 2),
        (timedelta(seconds=10), True, 0),
        (LONGEST_UNSEEN, True, 5),
    ],
)
def test_surveys_have_their_part_and_a_first_mirror_keeps_them_out_not_for_ever(
    waited: timedelta, is_first_mirror: bool, surveys: int
) -> None:
    kept = schedule.surveys_kept(
        last=NOW - waited,
        calls_per_second=5.0,
        pass_seconds=10,
        is_first_mirror=is_first_mirror,
        now=NOW,
    )
    assert kept == surveys

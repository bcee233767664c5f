"""Past passes and ages as pictures: each says the same in words, and invents nothing."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from callbacks.models import ConnectionHealth
from callbacks.sync import trail
from callbacks.sync.trail import AgeMark, PassMark
from callbacks.views.trail_words import age_chart, spark
from tests import making
from tests.views.conftest import text_of

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
LATE = timedelta(seconds=40)


def passes(*seconds, error=""):
    return [PassMark(NOON, one, error) for one in seconds]


def heights(drawn):
    return [float(point.partition(",")[2]) for point in drawn.points.split()]


def chart(marks, *, known_at=None, is_enabled=True):
    told = [AgeMark(NOON - timedelta(minutes=minutes), age) for minutes, age in marks]
    return age_chart(told, known_at=known_at, is_enabled=is_enabled, late_after=LATE, now=NOON)


def line(drawn):
    return [tuple(map(float, point.split(","))) for point in drawn.line.split()]


# --- passes --------------------------------------------------------------------------------------
def test_before_the_first_pass_there_is_no_picture():
    assert spark([], interval=10) is None


def test_passes_within_the_interval_are_low_and_a_long_one_stands_out():
    calm = heights(spark(passes(1, 1, 1), interval=10))
    late = heights(spark(passes(1, 1, 30), interval=10))
    assert min(calm) > 15
    assert late[-1] == 2


def test_a_single_pass_is_a_dot():
    first, second = spark(passes(1), interval=10).points.split()
    assert first == second


def test_trouble_is_marked_where_it_was_and_told():
    drawn = spark([*passes(1, 1), *passes(9.04, error="denied")], interval=10)
    assert drawn.errors.count("M") == 1
    assert drawn.words == (
        "3 passes: half took no more than 1.0 s, the longest 9.0 s; one had trouble: denied"
    )


# --- ages ----------------------------------------------------------------------------------------
def test_where_nothing_is_known_of_the_hour_there_is_no_picture():
    assert chart([]) is None


def test_the_axis_ends_at_a_round_time_above_the_oldest():
    assert chart([(5, 70)]).ages == ("2 min", "1 min", "0")
    assert chart([(5, 3601)]).ages == ("2 h", "1 h", "0")
    assert chart([(5, 86_401)]).ages == ("2 d", "1 d", "0")


def test_it_says_how_old_the_data_is_now_and_was_at_most():
    drawn = chart([(30, 170), (1, 12)], known_at=NOON - timedelta(seconds=9))
    assert drawn.words == "Now 9 s. In the last hour it was at most 2 min, at 11:30."
    assert line(drawn)[-1] == (600, 120 * (1 - 9 / 240))


def test_without_passes_the_data_grows_older_all_the_same():
    known = NOON - timedelta(minutes=20)
    drawn = chart([(20, 8)], known_at=known)
    assert drawn.words.startswith("Now 20 min.")
    assert [x for x, _y in line(drawn)] == [400, 400, 600]


def test_a_silence_of_days_fills_the_hour():
    drawn = chart([], known_at=NOON - timedelta(days=3))
    assert [x for x, _y in line(drawn)] == [0, 600]
    assert drawn.words.startswith("Now 3 d.")


def test_what_is_switched_off_gets_no_older():
    drawn = chart([(30, 8)], known_at=NOON - timedelta(minutes=30), is_enabled=False)
    assert "Now" not in drawn.words
    assert line(drawn)[-1][0] == 300


# --- the pages -----------------------------------------------------------------------------------
@pytest.fixture
def busy():
    """A connection that was read well, and then was throttled."""
    one, now = making.make_connection("prod"), timezone.now()
    passes, ages = [], []
    for minute in range(50, 0, -1):
        at = now - timedelta(minutes=minute)
        passes = trail.with_pass(
            passes, ended_at=at, seconds=1 + minute % 3, error="throttled" * (minute == 2)
        )
        ages = trail.with_age(ages, at=at, age=12)
    ConnectionHealth.objects.create(connection=one, read_ok_at=now, passes=passes, ages=ages)
    return one


@pytest.mark.django_db
def test_list_and_page_draw_the_passes_and_say_them(people, page_of, busy):
    words = "50 passes: half took no more than 2.0 s, the longest 3.0 s; one had trouble: throttled"
    for path in ("/connections/", f"/connections/{busy.pk}/"):
        page = page_of(people.auditor, path).content.decode()
        assert f'role="img" aria-label="{words}"' in page
        assert "style=" not in page


@pytest.mark.django_db
def test_the_page_draws_the_last_hour_and_says_it(people, page_of, busy, settings):
    settings.SYNC_INTERVAL_SECONDS = 10
    response = page_of(people.auditor, f"/connections/{busy.pk}/")
    assert re.search(r"Now \d s\. In the last hour it was at most 12 s", text_of(response))
    assert "late from 40 s on" in text_of(response)


@pytest.mark.django_db
def test_numbers_of_a_picture_have_a_point_in_every_language(people, page_of, busy, settings):
    settings.LANGUAGE_CODE = "de"
    page = page_of(people.auditor, f"/connections/{busy.pk}/").content.decode()
    assert re.search(r'class="t-due" [^>]*d="M0 \d+(\.\d+)?H600"', page)

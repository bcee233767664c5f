"""Times, spans and hostile text in words."""

from __future__ import annotations

import sys
import unicodedata
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from callbacks.templatetags import words

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "0 s"),
        (6, "6 s"),
        (59.9, "59 s"),
        (60, "1 min"),
        (38 * 60, "38 min"),
        (3600, "1 h"),
        (2 * 3600 + 20 * 60, "2 h 20 min"),
        (5 * 3600 + 59 * 60, "5 h"),
        (86_400 * 3, "3 d"),
    ],
)
def test_a_span_is_said_in_its_largest_useful_parts(seconds, text):
    assert words.span(seconds) == text


@pytest.mark.parametrize(
    ("until", "left", "before"),
    [
        (timedelta(minutes=38), "38 min", "before 12:38"),
        (timedelta(hours=11), "11 h", "before 23:00"),
        (timedelta(hours=21), "tomorrow", "before 09:00"),
        (timedelta(days=3), "in 3 days", "before 27 Nov, 12:00"),
        (timedelta(seconds=-1), "time is over", "before 11:59"),
        (timedelta(days=364), "in 364 days", "before 23 Nov 2027"),
    ],
)
def test_a_deadline_is_said_relative_and_absolute(until, left, before):
    at = NOON + until
    assert words.time_left(until=at, now=NOON) == left
    assert words.before(until=at, now=NOON) == before


def test_a_short_time_over_midnight_stays_a_span():
    late = NOON.replace(hour=23, minute=30)
    assert words.time_left(until=late + timedelta(hours=1), now=late) == "1 h"


def test_days_are_those_of_the_reader():
    at = datetime(2026, 11, 24, 23, 0, tzinfo=UTC)
    with timezone.override("Europe/Oslo"):
        assert words.moment(at=at, now=NOON) == "tomorrow 00:00"


@pytest.mark.parametrize(
    ("number", "text"), [(None, ""), (0, "0"), (214, "214"), (1000, "1,000"), (1001, "1,000+")]
)
def test_a_bounded_count_says_where_it_stopped(number, text):
    assert words.many(number) == text


def test_every_character_that_cannot_be_seen_is_marked():
    hidden = {"Cf", "Cc", "Cs", "Co", "Zl", "Zp"}
    missed = [
        hex(point)
        for point in range(sys.maxunicode + 1)
        if unicodedata.category(chr(point)) in hidden
        and chr(point) not in "\n\t"
        and not words.has_odd_characters(chr(point))
    ]
    assert missed == []


@pytest.mark.parametrize("point", [*range(0xFE00, 0xFE10), 0xE0100, 0xE01EF])
def test_variation_selectors_are_marked(point):
    assert words.has_odd_characters(chr(point))


@pytest.mark.parametrize(
    "text", ["plain", "Grüße", "日本語", "שלום", "Ж", "a\tb\nc", "x\r\ny", "☂"]
)
def test_ordinary_text_of_any_script_is_left_alone(text):
    assert not words.has_odd_characters(text)


def test_shown_text_is_escaped_and_stands_by_itself():
    shown = words.shown("<b>a\u202eb</b>")
    assert shown == (
        '<bdi>&lt;b&gt;a<span class="odd" title="U+202E">U+202E</span>b&lt;/b&gt;</bdi>'
    )


def test_a_lone_surrogate_does_not_break_the_page():
    assert words.shown("a\ud800b").encode()


def test_in_attributes_chips_are_plain_text():
    assert words.shown_plain("a\u200bb") == "a[U+200B]b"


def test_a_long_id_keeps_its_begin_and_end():
    text = words.middle("arn:aws:states:eu-west-1:123456789012:execution:x:run-4711", 30)
    assert len(text) == 30
    assert text.startswith("arn:aws:")
    assert text.endswith("run-4711")

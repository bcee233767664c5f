"""Attribution: by event id and value, never by clock."""

from dataclasses import replace

import pytest

from callbacks.decisions.outcome import Closing, Sent, Verdict, judge

SENT = Sent(was_sent=True, output='{"ok": 1.0}', error="", cause="", event_id_before=5)
SUCCESS = Closing(answered=True, succeeded=True, event_id=6, output='{"ok":1}', error="", cause="")
REJECTED = Sent(was_sent=True, output=None, error="No", cause="wrong", event_id_before=5)
FAILURE = Closing(answered=True, succeeded=False, event_id=6, output="", error="No", cause="wrong")


def test_a_task_that_is_not_closed_still_waits():
    assert judge(sent=SENT, closing=None) == Verdict.WAITS


def test_a_later_success_of_the_same_value_is_ours():
    assert judge(sent=SENT, closing=SUCCESS) == Verdict.CONFIRMED


def test_a_later_failure_with_the_same_error_is_ours():
    assert judge(sent=REJECTED, closing=FAILURE) == Verdict.CONFIRMED


def test_a_dropped_cause_contradicts_nothing():
    assert judge(sent=REJECTED, closing=replace(FAILURE, cause="")) == Verdict.CONFIRMED


@pytest.mark.parametrize(
    "closing",
    [
        replace(SUCCESS, event_id=5),
        replace(SUCCESS, output='{"ok":2}'),
        replace(SUCCESS, answered=False),
        replace(SUCCESS, event_id=None),
        FAILURE,
    ],
)
def test_anything_else_that_closed_it_was_first(closing):
    assert judge(sent=SENT, closing=closing) == Verdict.LOST


@pytest.mark.parametrize(
    "closing", [replace(FAILURE, error="Other"), replace(FAILURE, cause="other"), SUCCESS]
)
def test_another_failure_than_ours_was_first(closing):
    assert judge(sent=REJECTED, closing=closing) == Verdict.LOST


def test_what_never_left_us_cannot_be_ours_even_if_equal():
    assert judge(sent=replace(SENT, was_sent=False), closing=SUCCESS) == Verdict.LOST

"""The history: what was answered here and elsewhere, and what ended without an answer."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from callbacks.models import CallbackTask, DecisionStatus, RescueStatus, TaskStatus
from tests import making
from tests.views.conftest import text_of

QUERIES = 11


def test_a_confirmed_answer_and_the_wait_that_it_ended_are_one_line(people, page_of):
    task = ended(TaskStatus.ANSWERED, headline="Refund 881")
    making.make_decision(task, people.approver, status=DecisionStatus.CONFIRMED, reason="Called.")
    page = page_of(people.approver, "/history/")
    assert len(page.context["rows"]) == 1
    assert "Approved" in text_of(page)
    assert "Called." in text_of(page)


def test_ours_is_one_line_also_where_a_worker_ended_before_it_could_mark_it(people, page_of):
    """The column spares work; the record decides."""
    marked, unmarked = (ended(TaskStatus.ANSWERED) for _ in range(2))
    CallbackTask.objects.filter(pk=marked.pk).update(answered_here=True)
    for task in (marked, unmarked):
        making.make_decision(task, people.approver, status=DecisionStatus.CONFIRMED)
    assert len(page_of(people.approver, "/history/").context["rows"]) == 2
    page = page_of(people.approver, "/history/?outcome=elsewhere")
    assert page.context["rows"] == []


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (TaskStatus.ANSWERED, "Answered elsewhere"),
        (TaskStatus.TIMED_OUT, "Expired"),
        (TaskStatus.STOPPED, "Stopped"),
        (TaskStatus.CLOSED, "Closed"),
    ],
)
def test_what_ended_without_us_is_told_as_such(people, page_of, status, words):
    ended(status, headline="Refund 881")
    assert words in text_of(page_of(people.approver, "/history/"))


def test_an_answer_that_came_second_stands_beside_the_one_that_was_first(people, page_of):
    task = ended(TaskStatus.ANSWERED)
    making.make_decision(
        task, people.approver, status=DecisionStatus.LOST, outcome="answered_elsewhere"
    )
    page = text_of(page_of(people.approver, "/history/"))
    assert "Answered elsewhere" in page
    assert "Somebody else was first" in page


def test_a_stop_from_here_names_who_stopped_to_everybody_it_met(people, page_of):
    task = ended(TaskStatus.STOPPED, closed_kind="stopped")
    making.make_rescue(task.execution, people.operator, status=RescueStatus.DONE, reason="Hangs.")
    decision = making.make_decision(
        task, people.approver, status=DecisionStatus.LOST, outcome="stopped"
    )
    page = text_of(page_of(people.approver, "/history/"))
    assert "The wait ended first: approve" in page
    assert "Somebody else was first" not in page
    assert "outside Holdpoint" not in page
    for address in (f"/decisions/{decision.pk}/", f"/tasks/{task.pk}/"):
        told = text_of(page_of(people.approver, address))
        assert "Stopped by operator" in told
        assert "Hangs." in told
    assert "Stopped by operator" in text_of(page_of(people.approver2, f"/tasks/{task.pk}/"))


def test_a_closing_whose_cause_is_not_read_claims_nothing(people, page_of):
    ended(TaskStatus.CLOSED, closed_kind="not_read")
    page = text_of(page_of(people.approver, "/history/"))
    assert "It is over; what ended it has not been read yet." in page


def test_what_still_waits_is_no_history(people, page_of):
    making.make_task()
    assert "Nothing has ended yet" in text_of(page_of(people.approver, "/history/"))


def test_answers_of_other_teams_are_not_told(people, page_of):
    task = ended(TaskStatus.ANSWERED, headline="secret", policy=making.make_policy(team="legal"))
    making.make_decision(task, people.approver2, status=DecisionStatus.CONFIRMED)
    assert "secret" not in text_of(page_of(people.approver, "/history/"))
    assert "secret" in text_of(page_of(people.auditor, "/history/"))


def test_ones_own_answer_stays_after_one_has_left_the_team(people, page_of):
    task = ended(TaskStatus.ANSWERED, headline="mine", policy=making.make_policy(team="legal"))
    making.make_decision(task, people.approver, status=DecisionStatus.CONFIRMED)
    assert "mine" in text_of(page_of(people.approver, "/history/"))


def test_the_record_stays_when_the_mirror_is_rebuilt(people, page_of):
    task = ended(TaskStatus.ANSWERED, headline="Refund 881")
    making.make_decision(task, people.approver, status=DecisionStatus.CONFIRMED)
    task.delete()
    assert "Refund 881" in text_of(page_of(people.approver, "/history/"))


@pytest.mark.parametrize("number", [3, 30])
def test_the_page_asks_the_same_number_of_queries_at_any_length(
    people, browser_of, django_assert_num_queries, number
):
    for _ in range(number):
        ended(TaskStatus.TIMED_OUT)
        making.make_decision(ended(TaskStatus.ANSWERED), people.approver, status="confirmed")
    browser = browser_of(people.approver)
    with django_assert_num_queries(QUERIES):
        browser.get("/history/")


def test_pages_of_both_kinds_follow_each_other_without_gap_or_repeat(people, page_of):
    at = timezone.now() - timedelta(hours=1)
    for _ in range(30):
        ended(TaskStatus.TIMED_OUT, closed_at=at)
        making.make_decision(ended(TaskStatus.ANSWERED), status="confirmed", now=at)
    first = page_of(people.auditor, "/history/")
    second = page_of(
        people.auditor, "/history/", cursor=first.context["next_url"].split("cursor=")[1]
    )
    shown = [row.url for page in (first, second) for row in page.context["rows"]]
    assert len(shown) == len(set(shown)) == 60


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"outcome": "approved"}, ["yes"]),
        ({"outcome": "rejected"}, ["no"]),
        ({"outcome": "timed_out"}, ["late"]),
        ({"outcome": "under_way"}, ["held"]),
        ({"person": "me"}, ["yes"]),
        ({"person": "approver2"}, ["no", "held"]),
        ({"q": "lat"}, ["late"]),
        ({"q": "because"}, ["no"]),
        ({"period": "today"}, ["yes", "no", "late", "held"]),
        ({"to": "2020-01-01"}, []),
        ({"outcome": "nonsense"}, ["yes", "no", "late", "held"]),
        ({"from": "yesterday-ish"}, ["yes", "no", "late", "held"]),
    ],
)
def test_each_filter_keeps_only_what_it_names(people, page_of, query, expected):
    now = timezone.now()
    one, two = ended(TaskStatus.ANSWERED, headline="yes"), ended(TaskStatus.ANSWERED, headline="no")
    ended(TaskStatus.TIMED_OUT, headline="late", closed_at=now)
    making.make_decision(one, people.approver, status="confirmed", now=now)
    making.make_decision(two, people.approver2, output=None, status="confirmed", reason="because")
    making.make_decision(making.make_task(headline="held"), people.approver2, now=now)
    found = page_of(people.approver, "/history/", **query).context["rows"]
    assert sorted(row.headline for row in found) == sorted(expected)


def test_how_long_it_waited_stands_beside_answers_from_here_too(people, page_of):
    task = ended(TaskStatus.ANSWERED, waiting_since=timezone.now() - timedelta(minutes=9))
    making.make_decision(task, people.approver, status="confirmed")
    gone = making.make_decision(status="confirmed")
    type(gone.task).objects.filter(pk=gone.task_id).delete()
    waited = [row.waited for row in page_of(people.approver, "/history/").context["rows"]]
    assert sorted(waited) == ["", "9 min"]


def test_an_address_of_the_wrong_kind_is_a_bad_request(people, page_of):
    assert page_of(people.approver, "/history/", connection="x").status_code == 400


def ended(status, **fields):
    values = {"closed_at": timezone.now(), "closed_kind": str(status), **fields}
    return making.make_task(status=status, **values)

"""Waiting: everything that one may see, also what is not theirs to answer."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from callbacks.models import DecisionStatus
from tests import making
from tests.views.conftest import elements, poll_query, text_of

APPROVER_QUERIES = 12
OPERATOR_QUERIES = 12


def test_an_operator_sees_what_waits_for_every_team(people, page_of):
    making.make_task(headline="for legal", policy=making.make_policy(team="legal"))
    assert "for legal" in text_of(page_of(people.operator, "/waiting/"))


def test_an_approver_sees_only_what_names_them(people, page_of):
    making.make_task(headline="for legal", policy=making.make_policy(team="legal"))
    assert "for legal" not in text_of(page_of(people.approver, "/waiting/"))


@pytest.mark.parametrize(
    ("who", "queries"), [("approver", APPROVER_QUERIES), ("operator", OPERATOR_QUERIES)]
)
@pytest.mark.parametrize("number", [3, 30])
def test_the_page_asks_the_same_number_of_queries_at_any_length(
    people, browser_of, django_assert_num_queries, number, who, queries
):
    for _ in range(number):
        making.make_decision(making.make_task(), people.approver2)
    browser = browser_of(people[who])
    with django_assert_num_queries(queries):
        browser.get("/waiting/")


@pytest.mark.parametrize(("word", "matching", "looks"), [("ship", 1, 2), ("nowhere", 0, 1)])
def test_words_are_looked_for_once_to_count_and_once_to_list(
    people, browser_of, word, matching, looks
):
    making.make_task(state="Ship")
    browser = browser_of(people.operator)
    with CaptureQueriesContext(database) as captured:
        page = browser.get(f"/waiting/?q={word}")
    assert page.context["matching"] == matching
    assert len([one for one in captured if "LIKE" in one["sql"]]) == looks


def test_a_count_beyond_a_thousand_is_not_made(people, page_of, monkeypatch):
    monkeypatch.setattr("callbacks.queries.paging.bounded_count.__kwdefaults__", {"limit": 2})
    for _ in range(4):
        making.make_task()
    assert page_of(people.operator, "/waiting/").context["total"] == 3


def test_items_of_a_map_are_rows_of_their_own(people, page_of):
    execution = making.make_execution()
    for index in range(2):
        request = making.make_request(execution, iteration=f"Photos[{index}]")
        making.make_task(request, scheduled_event_id=10 + index)
    page = page_of(people.operator, "/waiting/")
    assert len(elements(page, "task-")) == 2
    assert elements(page, "batch-") == []


def test_a_poll_brings_the_rows_that_changed(people, page_of):
    task = making.make_task(
        dies_earliest=timezone.now() + timedelta(days=9),
        waiting_since=timezone.now() - timedelta(days=2),
    )
    query = poll_query(page_of(people.operator, "/waiting/"))
    assert page_of(people.operator, "/waiting/", htmx=True, **query).status_code == 204
    making.make_decision(task, people.approver, status=DecisionStatus.UNKNOWN)
    answer = page_of(people.operator, "/waiting/", htmx=True, **query)
    assert elements(answer, "task-") == [f"task-{task.pk}"]
    assert "Outcome unknown" in text_of(answer)


def test_an_unknown_filter_value_is_a_bad_request(people, page_of):
    assert page_of(people.operator, "/waiting/", connection="nowhere").status_code == 400


def test_an_unknown_order_is_the_usual_one(people, page_of):
    assert page_of(people.operator, "/waiting/", order="' OR 1=1").status_code == 200

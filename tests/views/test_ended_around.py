"""Items of a Map that ended with the run around them are not said to have been stopped."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from callbacks.models import DecisionStatus, RescueStatus
from tests import making
from tests.views.conftest import text_of

# When the items ended.
AT = timezone.now() - timedelta(minutes=5)
SENTENCES = {
    "TIMED_OUT": "The run that this is a part of ran out of time.",
    "FAILED": "The run that this is a part of failed.",
    "ABORTED": "The run that this is a part of was stopped.",
}


def parent_of(status="RUNNING", after=-1, machine=None):
    """A run that ended so many seconds after its items, if it did."""
    stopped_at = None if status == "RUNNING" else AT + timedelta(seconds=after)
    began = AT - timedelta(hours=1)
    times = {"started_at": began, "ordered_at": began, "stopped_at": stopped_at}
    return making.make_execution(machine, status=status, **times)


def stopped_item(parent, **fields):
    run = making.make_map_run(parent, **fields)
    item = making.make_execution(run, status="ABORTED", stopped_at=AT)
    return making.make_task(execution=item, status="stopped", closed_kind="stopped", closed_at=AT)


@pytest.fixture
def browser(people, browser_of):
    return browser_of(people.auditor)


@pytest.mark.parametrize("after", [-1, 0])
@pytest.mark.parametrize("status", SENTENCES)
def test_the_page_says_what_became_of_the_run_around(browser, status, after):
    task = stopped_item(parent_of(status, after))
    text = text_of(browser.get(f"/tasks/{task.pk}/"))
    assert SENTENCES[status] in text
    assert "The run was stopped." not in text


@pytest.mark.parametrize("where", ["/tasks/{task}/?view=technical", "/executions/{run}/"])
def test_the_timeline_says_it_too(browser, where):
    task = stopped_item(parent_of("TIMED_OUT"))
    text = text_of(browser.get(where.format(task=task.pk, run=task.execution_id)))
    assert SENTENCES["TIMED_OUT"] in text


def test_the_history_blames_nobody_outside(browser):
    stopped_item(parent_of("TIMED_OUT"))
    text = text_of(browser.get("/history/"))
    assert f"the run around it {SENTENCES['TIMED_OUT']}" in text
    assert "outside Holdpoint" not in text


def test_the_history_asks_once_for_all_of_them(browser, django_assert_max_num_queries):
    stopped_item(parent_of("FAILED"))
    with django_assert_max_num_queries(60) as one:
        browser.get("/history/")
    for _ in range(5):
        stopped_item(parent_of("FAILED"))
    with django_assert_max_num_queries(60) as many:
        browser.get("/history/")
    assert len(many) == len(one)


@pytest.mark.parametrize("status", ["RUNNING", "FAILED"])
def test_an_item_that_was_stopped_by_itself_was_stopped(browser, status):
    task = stopped_item(parent_of(status, after=60))
    assert "The run was stopped." in text_of(browser.get(f"/tasks/{task.pk}/"))
    assert "outside Holdpoint" in text_of(browser.get("/history/"))


def test_an_item_that_was_stopped_from_here_keeps_its_name(people, browser):
    task = stopped_item(parent_of("FAILED", after=0))
    making.make_rescue(task.execution, people.operator, status=RescueStatus.DONE)
    text = text_of(browser.get("/history/"))
    assert people.operator.label in text
    assert "the run around it" not in text


def test_where_the_run_around_goes_on_its_map_is_named(browser):
    task = stopped_item(parent_of(), over_at=AT - timedelta(seconds=1))
    text = text_of(browser.get(f"/tasks/{task.pk}/"))
    assert "The Map that this is an item of ended, and its other items with it." in text
    assert "the Map around it" in text_of(browser.get("/history/"))


def test_where_the_run_around_was_restarted_since_nobody_is_blamed(browser):
    task = stopped_item(making.make_execution(ordered_at=AT + timedelta(minutes=1)))
    text = text_of(browser.get(f"/tasks/{task.pk}/"))
    assert "The run of this item was stopped, or ended with the one around it," in text
    assert "outside Holdpoint" not in text_of(browser.get("/history/"))


def test_the_outermost_run_is_told_of_a_map_in_a_map(browser):
    outer = parent_of("TIMED_OUT", after=-2)
    inner = parent_of("ABORTED", after=-1, machine=making.make_map_run(outer))
    task = stopped_item(inner)
    assert SENTENCES["TIMED_OUT"] in text_of(browser.get(f"/tasks/{task.pk}/"))


def test_who_stopped_the_run_around_from_here_is_named(people, browser):
    parent = parent_of("ABORTED")
    task = stopped_item(parent)
    making.make_rescue(parent, people.operator, status=RescueStatus.DONE)
    text = text_of(browser.get(f"/tasks/{task.pk}/"))
    assert SENTENCES["ABORTED"] in text
    assert f"Stopped by {people.operator.label}" in text


def test_an_answer_that_came_too_late_is_told_the_same(people, browser):
    task = stopped_item(parent_of("FAILED"))
    decision = making.make_decision(
        task, people.approver, status=DecisionStatus.LOST, outcome="stopped"
    )
    assert SENTENCES["FAILED"] in text_of(browser.get(f"/decisions/{decision.pk}/"))

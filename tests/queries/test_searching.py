"""Searching: the same tasks in the same order, whichever way the database goes to them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from callbacks.models import CallbackTask
from callbacks.queries import searching
from callbacks.queries.listing import ListFilter, list_tasks
from callbacks.queries.tasks import Order, TaskFilter, list_waiting
from tests import making

pytestmark = pytest.mark.django_db
EVERYTHING = CallbackTask.objects.all()


@pytest.fixture(params=[0, 3, 2000], ids=["walked", "walked from four on", "sorted"])
def way(request, monkeypatch):
    """All searches of this test are done in this way."""
    monkeypatch.setattr(searching, "SORTED_LIMIT", request.param)


def waiting(number, **fields):
    """Seven that wait, the odd ones of a workflow of their own; each dies at a time of its own."""
    now = timezone.now()
    machine = making.make_machine(name="Refünd" if number % 2 else "order")
    return making.make_task(
        execution=making.make_execution(machine),
        dies_earliest=now + timedelta(hours=number * 5 % 7),
        waiting_since=now - timedelta(hours=number * 3 % 7),
        headline=f"Number {number}",
        **fields,
    )


@pytest.fixture
def seven():
    return [waiting(number) for number in range(7)]


def listed(text, order=Order.SOONEST, *, by_api=False):
    """The headlines of all pages, two to a page."""
    found, cursor = [], None
    while True:
        asked = {"tasks": EVERYTHING, "order": order, "cursor": cursor, "limit": 2}
        if by_api:
            page = list_tasks(filters=ListFilter(status="waiting", text=text), **asked)
        else:
            page = list_waiting(
                filters=TaskFilter(text=text), reader=0, now=timezone.now(), **asked
            )
        found += [task.headline for task in page.tasks]
        cursor = page.next
        if cursor is None:
            return found


@pytest.mark.parametrize("by_api", [False, True])
@pytest.mark.parametrize("order", list(Order))
@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("number", range(7)),
        ("REFÜND", (1, 3, 5)),
        ("refünd 3", (3,)),
        ("fü", (1, 3, 5)),
        ("3", (3,)),
        ("nowhere", ()),
        ("qq", ()),
        ("nu", range(7)),
        ("um", ()),
        ("nu 3", (3,)),
        ("%", ()),
        ("_umber", ()),
    ],
)
def test_pages_of_a_search_have_all_that_has_the_words_in_their_order(
    seven, way, text, numbers, order, by_api
):
    tasks = sorted(
        (seven[number] for number in numbers),
        key=lambda task: getattr(task, order.column),
        reverse=order.is_descending,
    )
    assert listed(text, order, by_api=by_api) == [task.headline for task in tasks]


def test_what_is_over_is_not_among_the_waiting(seven, way):
    CallbackTask.objects.filter(pk=seven[3].pk).update(status="answered", closed_at=timezone.now())
    assert "Number 3" not in listed("number")


def test_of_many_it_is_said_that_there_are_more(seven, way):
    page = list_waiting(
        tasks=EVERYTHING,
        filters=TaskFilter(text="number"),
        order=Order.SOONEST,
        cursor=None,
        reader=0,
        now=timezone.now(),
    )
    assert page.found == min(7, searching.SORTED_LIMIT + 1)

"""What waits in a Map Run is found by its children, however much waits elsewhere."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from callbacks.models import CallbackTask
from callbacks.queries import searching
from callbacks.queries import tasks as task_lists
from callbacks.queries.tasks import Order, TaskFilter, TaskPage, list_waiting
from tests import making

pytestmark = pytest.mark.django_db


def page_of(run, *, order=Order.OLDEST, cursor=None) -> TaskPage:
    return list_waiting(
        tasks=CallbackTask.objects.all(),
        filters=TaskFilter(map_run=run.pk),
        order=order,
        cursor=cursor,
        reader=0,
        now=timezone.now(),
        limit=2,
    )


def pages_of(run, order) -> list:
    found, cursor = [], None
    while cursor is not None or not found:
        page = page_of(run, order=order, cursor=cursor)
        found += [task.id for task in page.tasks]
        cursor = page.next
    return found


@pytest.fixture
def run():
    """Five wait in it, and as many elsewhere: each as long as one of the run."""
    run = making.make_map_run(making.make_execution())
    for minutes in range(5):
        since = timezone.now() - timedelta(minutes=minutes)
        for execution in (making.make_execution(run), making.make_execution()):
            making.make_task(execution=execution, waiting_since=since)
    return run


@pytest.fixture
def has_many(monkeypatch):
    """As if two were more than are sorted, and a list of three long."""
    for module in (task_lists, searching):
        monkeypatch.setattr(module, "SORTED_LIMIT", 2)
    monkeypatch.setattr(searching, "WALKED", 3)


def in_order(run, order) -> list:
    column = f"{'-' if order.is_descending else ''}{order.column}"
    rows = CallbackTask.objects.filter(execution__state_machine=run)
    return list(
        rows.order_by(column, "-id" if order.is_descending else "id").values_list("id", flat=True)
    )


@pytest.mark.parametrize("order", Order)
def test_a_page_of_a_map_run_goes_on_where_the_last_one_ended(run, order):
    assert pages_of(run, order) == in_order(run, order)


@pytest.mark.parametrize("order", Order)
def test_so_does_one_of_a_map_run_with_many(run, order, has_many):
    assert pages_of(run, order) == in_order(run, order)


def test_those_that_stand_far_behind_all_else_are_listed_too(run, has_many):
    long_ago = timezone.now() - timedelta(days=1)
    for _ in range(5):
        making.make_task(waiting_since=long_ago)
    assert pages_of(run, Order.OLDEST) == in_order(run, Order.OLDEST)


def test_of_many_that_are_near_not_all_are_sorted(run, monkeypatch, has_many):
    monkeypatch.setattr(searching, "WALKED", 9)
    with CaptureQueriesContext(connection) as asked:
        assert len(page_of(run).tasks) == 2
    assert not any("COALESCE" in query["sql"] for query in asked)


def test_few_are_found_first_and_then_sorted(run):
    """An order that names the run cannot be had before the runs are found."""
    with CaptureQueriesContext(connection) as asked:
        assert page_of(run).found == 5
    [query] = [query["sql"] for query in asked if "COALESCE" in query["sql"]]
    assert '"callbacks_execution"."started_at"' in query

"""What waits in a Map Run is found by its children, however much waits elsewhere."""

from __future__ import annotations

import pytest
from django.utils import timezone

from callbacks.models import CallbackTask
from callbacks.queries.tasks import Order, TaskFilter, list_waiting
from tests import making

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("order", Order)
def test_a_page_of_a_map_run_goes_on_where_the_last_one_ended(order):
    run = making.make_map_run(making.make_execution())
    tasks = {making.make_task(execution=making.make_execution(run)).pk for _ in range(5)}
    making.make_task()
    found, cursor = [], None
    while cursor is not None or not found:
        page = list_waiting(
            tasks=CallbackTask.objects.all(),
            filters=TaskFilter(map_run=run.pk),
            order=order,
            cursor=cursor,
            reader=0,
            now=timezone.now(),
            limit=2,
        )
        found += [task.id for task in page.tasks]
        cursor = page.next
    assert len(found) == len(tasks)
    assert set(found) == tasks

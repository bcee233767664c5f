"""The last events of a run on their own page, and as a part of the technical view."""

from __future__ import annotations

import pytest

from callbacks.models import CallCount
from tests import making
from tests.sync.conftest import connection, one_simulator, simulator, world  # noqa: F401
from tests.views.conftest import text_of


def path_of(execution):
    return f"/executions/{execution.pk}/events/"


@pytest.fixture
def read_by(browser_of):
    """`read_by(person, execution)` is the page after pressing "Read them now"."""
    return lambda reader, execution: browser_of(reader).post(path_of(execution))


def test_the_events_are_those_that_aws_has_now_and_hold_no_token(people, read_by, world):  # noqa: F811
    arn = world.start()
    world.sync()
    token = world.token(arn)
    page = read_by(people.approver, world.execution(arn))
    assert "5 TaskSubmitted Approve" in text_of(page)
    assert token not in page.content.decode()


def test_where_aws_cannot_be_asked_the_page_says_why(people, read_by):
    task = making.make_task()
    page = read_by(people.approver, task.execution)
    assert page.status_code == 200
    assert "AWS cannot be asked for the events now. Step Functions cannot be reached." in text_of(
        page
    )


def test_following_a_link_to_them_asks_nothing_of_aws(people, page_of):
    task = making.make_task()
    assert "Read them now" in text_of(page_of(people.approver, path_of(task.execution)))
    assert not CallCount.objects.exists()


def test_the_technical_view_loads_them_afterwards_or_by_a_button(people, page_of):
    task = making.make_task()
    page = page_of(people.approver, f"/tasks/{task.pk}/", view="technical").content.decode()
    assert f'hx-post="{path_of(task.execution)}" hx-trigger="load"' in page
    assert f'method="post" action="{path_of(task.execution)}"' in page


def test_a_page_that_loads_them_gets_only_the_table(people, page_of):
    task = making.make_task()
    part = page_of(people.approver, path_of(task.execution), htmx=True).content.decode()
    assert part.strip().startswith('<section class="panel" id="events"')


def test_events_of_a_run_that_one_may_not_see_are_not_found(people, page_of):
    task = making.make_task(policy=making.make_policy(team="legal"))
    assert page_of(people.approver, path_of(task.execution)).status_code == 404

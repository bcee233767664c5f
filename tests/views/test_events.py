"""The last events of a run on their own page, and as a part of the technical view."""

from __future__ import annotations

import re

import pytest

from callbacks.models import CallCount
from tests import making
from tests.sync.conftest import connection, one_simulator, simulator, world  # noqa: F401
from tests.sync.world import machine, task
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


def test_the_graph_is_drawn_again_with_what_they_tell(people, browser_of, world):  # noqa: F811
    arn = world.start()
    world.sync()
    execution = world.execution(arn)
    task = execution.tasks.get()
    headers = {"HX-Request": "true"}
    page = browser_of(people.approver).post(
        path_of(execution), {"task": str(task.pk)}, headers=headers
    )
    html = page.content.decode()
    assert 'id="graph" aria-labelledby="graph-title" hx-swap-oob="true"' in html
    assert re.search(
        r'<a class="node waiting" [^>]*aria-label="Approve: asks and waits · waiting', html
    )
    # The events reach back to the start of the run.
    assert "Steps that wait for nobody" not in html
    assert "After a yes" in html


def test_the_timeline_gains_the_steps_that_wait_for_nobody(people, browser_of, world):  # noqa: F811
    arn = world.start(machine(Load={"Type": "Pass", "Next": "Approve"}, Approve=task()))
    world.sync()
    page = browser_of(people.approver).post(path_of(world.execution(arn)))
    time = text_of(page).split("Timeline", 1)[1]
    assert re.search("Run started .* Load done .* Approve Attempt 1 waiting", time)


def test_the_timeline_of_one_step_can_be_seen_alone(people, browser_of, world):  # noqa: F811
    arn = world.start(machine(Load={"Type": "Pass", "Next": "Approve"}, Approve=task()))
    world.sync()
    execution = world.execution(arn)
    asked = {"task": str(execution.tasks.get().pk)}
    page = browser_of(people.approver).post(path_of(execution), asked).content.decode()
    time = page.split('id="timeline"', 1)[1]
    assert "This step only" in time
    assert time.count('<li class=" other">') == 1


def test_those_of_the_step_that_asks_can_be_told_from_the_others(people, browser_of, world):  # noqa: F811
    arn = world.start()
    world.sync()
    execution = world.execution(arn)
    task = execution.tasks.get()
    page = browser_of(people.approver).post(path_of(execution), {"task": str(task.pk)})
    assert "Only those of Approve" in text_of(page)
    assert page.content.decode().count('<tr class="other">') == 1


@pytest.mark.parametrize("asked", ["", "x", "9e5f2806-c111-4cfc-9da7-92ae1291b6a7"])
def test_a_step_that_is_not_of_the_run_is_passed_over(people, browser_of, world, asked):  # noqa: F811
    arn = world.start()
    world.sync()
    page = browser_of(people.approver).post(path_of(world.execution(arn)), {"task": asked})
    assert page.status_code == 200
    assert "Only those of" not in text_of(page)


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


def test_a_run_that_died_of_the_answer_failed_where_it_asked(people, read_by, world):  # noqa: F811
    arn = world.start(
        machine(Approve=task(OutputPath="$.Payload", Next="Z"), Z={"Type": "Succeed"})
    )
    world.sync()
    world.succeed(arn, '{"approved": true}')
    world.sync()
    html = read_by(people.approver, world.execution(arn)).content.decode()
    assert re.search(r'<a class="node failed" [^>]*aria-label="Approve: .*failed after', html)
    assert re.search(r'<a class="node ahead" [^>]*aria-label="Z: succeed', html)

"""A job is ended early by a person who was told what that does, with script and without."""

from __future__ import annotations

import json

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from callbacks.models import CallbackTask
from callbacks.sync import run_pass
from tests.journeys.conftest import PHONE, overflows
from tests.journeys.founding import SETTLES_MS
from tests.sync.test_jobs import JOB, job
from tests.sync.world import machine

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def running_job(founding) -> CallbackTask:
    founding.simulator.outcome("wait", resource=JOB)
    arn = founding.simulator.start(founding.simulator.create("nightly", machine(Load=job())), {})
    run_pass(connection=founding.connection, now=timezone.now())
    return CallbackTask.objects.get(execution__arn=arn)


@pytest.mark.parametrize("javascript", [True, False])
def test_a_job_is_found_and_ended_early(
    founding, running_job, workers, open_page, troubles, javascript
):
    page = open_page("/", founding.approver, width=PHONE, javascript=javascript)
    expect(page.locator("#list")).not_to_contain_text("Load")
    page.goto("/waiting/")
    page.get_by_role("link", name="Running jobs").click()
    expect(page.locator("#list")).to_contain_text("Nobody has to answer these: 1 running job")
    assert not (javascript and overflows(page))
    page.locator("tbody#rows a").click()
    form = page.locator("#answer")
    expect(form).to_contain_text("The job itself goes on running")
    page.get_by_label("Answer, as JSON").fill('{"loaded": "by hand"}')
    page.get_by_label("Reason").fill("It is loaded already.")
    page.get_by_role("button", name="End it early").click()
    expect(page.locator("#answer")).to_contain_text("Say that this is meant.")
    page.get_by_label("I mean to end the step early").check()
    page.get_by_role("button", name="End it early").click()
    expect(page.locator("main")).to_contain_text("Approved and confirmed", timeout=SETTLES_MS)
    run = founding.simulator.execution(running_job.execution.arn)
    assert (run["status"], json.loads(run["output"])) == ("SUCCEEDED", {"loaded": "by hand"})
    assert len(founding.simulator.calls("SendTaskSuccess")) == 1
    # Without a script the first press is a page of status 422, which the console tells of.
    assert [one for one in troubles.seen if "422" not in one] == []

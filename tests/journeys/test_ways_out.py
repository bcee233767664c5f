"""An operator gets a stuck run out: kept alive, stopped, redriven; with script and without."""

from __future__ import annotations

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from callbacks.models import CallbackTask, Role
from callbacks.sync import run_pass
from tests import making
from tests.journeys.conftest import PHONE, overflows
from tests.journeys.founding import SETTLES_MS

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

KEPT_ALIVE = {
    "StartAt": "Review",
    "States": {
        "Review": {
            "Type": "Task",
            "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
            "Parameters": {"QueueUrl": "q", "MessageBody": {"token.$": "$$.Task.Token"}},
            "TimeoutSeconds": 86400,
            "HeartbeatSeconds": 3600,
            "End": True,
        }
    },
}


@pytest.fixture
def operator(founding):
    return making.make_person("olga", Role.OPERATOR)


@pytest.fixture
def kept_alive(founding) -> CallbackTask:
    arn = founding.simulator.start(founding.simulator.create("kept-alive", KEPT_ALIVE), {})
    run_pass(connection=founding.connection, now=timezone.now())
    return CallbackTask.objects.get(execution__arn=arn)


@pytest.mark.parametrize("javascript", [True, False])
def test_a_run_is_stopped_and_redriven(founding, workers, open_page, operator, javascript):
    run = f"/executions/{founding.task.execution_id}/"
    page = open_page(run, operator, javascript=javascript)
    page.get_by_role("link", name="Stop this run").click()
    form = page.locator("dialog[open]" if javascript else "main")
    expect(form).to_contain_text("1 task waits in it: nobody can answer it any more.")
    form.get_by_label("Error").fill("Ops.Stopped")
    form.get_by_label("Reason").fill("The cluster is gone.")
    form.get_by_role("button", name="Stop this run").click()
    actions = page.locator("#actions")
    expect(actions).to_contain_text("AWS shows the run as ABORTED.", timeout=SETTLES_MS)
    expect(actions).to_contain_text("The cluster is gone.")
    expect(page.locator("#run-head")).to_contain_text("ABORTED", timeout=SETTLES_MS)
    assert founding.ended()["error"] == "Ops.Stopped"

    page.get_by_role("link", name="Redrive this run").click()
    expect(page.locator("main")).to_contain_text("AWS says now that it allows it.")
    page.get_by_label("Reason").fill("The cluster is back.")
    page.get_by_role("button", name="Redrive this run").click()
    expect(actions).to_contain_text("AWS counts one more redrive", timeout=SETTLES_MS)
    assert founding.ended()["status"] == "RUNNING"
    assert len(founding.simulator.calls("StopExecution")) == 1
    assert len(founding.simulator.calls("RedriveExecution")) == 1


@pytest.mark.parametrize("javascript", [True, False])
def test_a_task_is_kept_alive(founding, kept_alive, workers, open_page, operator, javascript):
    page = open_page(
        f"/tasks/{kept_alive.pk}/?view=technical", operator, width=PHONE, javascript=javascript
    )
    assert not (javascript and overflows(page))
    page.get_by_role("button", name="Send one heartbeat").click()
    expect(page.locator("#actions")).to_contain_text(
        "AWS took the heartbeat; the heartbeat clock began anew.", timeout=SETTLES_MS
    )
    assert len(founding.simulator.calls("SendTaskHeartbeat")) == 1


def test_a_dialog_left_stops_nothing(founding, open_page, operator, troubles):
    page = open_page(f"/executions/{founding.task.execution_id}/", operator)
    page.get_by_role("link", name="Stop this run").click()
    page.keyboard.press("Escape")
    expect(page.locator("dialog[open]")).to_have_count(0)
    expect(page.get_by_role("link", name="Stop this run")).to_be_focused()
    assert founding.simulator.calls("StopExecution") == []
    assert troubles.seen == []

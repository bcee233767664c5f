"""The founding case by page against moto's server: where it departs from AWS, nothing false."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import expect

from callbacks.models import Decision
from tests.faults.processes import wait_until
from tests.journeys.conftest import tick
from tests.journeys.founding import OUTPUT, SETTLES_MS

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    # One server for the file, however many processes run the suite.
    pytest.mark.xdist_group("moto journeys"),
]


def approve(page, reason="The job is done."):
    page.fill("#output", OUTPUT)
    page.fill("#reason", reason)
    page.locator("#answer-bar button[value=approve]").click()


@pytest.fixture
def request_page(on_moto, open_page):
    return open_page(f"/tasks/{on_moto.task.pk}/", on_moto.approver)


def test_a_request_is_approved_and_seen_to_succeed(on_moto, moto_workers, request_page, troubles):
    approve(request_page)
    request_page.locator("#send-now").click()
    confirmed = request_page.locator("#answer", has_text="Approved and confirmed")
    expect(confirmed).to_be_visible(timeout=SETTLES_MS)
    expect(confirmed).to_contain_text('The run SUCCEEDED with {"message":"succeeded"}')
    ended = on_moto.described()
    assert (ended["status"], json.loads(ended["output"])) == ("SUCCEEDED", {"message": "succeeded"})
    assert troubles.seen == []


def test_a_rejection_is_seen_to_fail_without_the_cause_that_moto_drops(
    on_moto,
    moto_workers,
    request_page,
    troubles,
):
    request_page.get_by_role("button", name="Reject…").click()
    request_page.fill("#error", "JobFailed")
    request_page.fill("#cause", "Executor 4 was lost.")
    request_page.fill("#reason", "See ticket 12.")
    request_page.locator("#reject button[value=reject]").click()
    request_page.locator("#send-now").click()
    confirmed = request_page.locator("#answer", has_text="Rejected and confirmed")
    expect(confirmed).to_be_visible(timeout=SETTLES_MS)
    expect(confirmed).to_contain_text("The run FAILED with JobFailed")
    expect(confirmed).not_to_contain_text("JobFailed: Executor")
    assert on_moto.described()["status"] == "FAILED"
    request_page.get_by_role("link", name="Open the record").click()
    expect(request_page.locator("#record")).to_contain_text("Executor 4 was lost.")
    assert troubles.seen == []


def test_a_worker_behind_our_back_takes_it_from_the_inbox_in_one_pass(
    on_moto,
    open_page,
    troubles,
):
    page = open_page("/", on_moto.approver)
    expect(page.locator("#rows .li")).to_have_count(1)
    on_moto.states.send_task_success(taskToken=on_moto.token(), output=OUTPUT)
    on_moto.until_moto_says("SUCCEEDED")
    on_moto.one_pass()
    tick(page)
    expect(page.locator("#rows .li")).to_contain_text("Answered elsewhere")
    page.reload()
    expect(page.locator("#rows .li")).to_have_count(0)
    page.goto("/history/")
    # Runs of other tests ended in the same moto, and stand there too.
    row = page.locator("tbody tr", has_text=f"{on_moto.machine_name}:")
    expect(row).to_contain_text("RunSparkJob")
    expect(row).to_contain_text("Answered elsewhere")
    expect(row).to_contain_text("outside Holdpoint")
    assert troubles.seen == []


def test_a_second_answer_is_never_shown_as_ours(on_moto, moto_workers, request_page):
    request_page.get_by_role("button", name="Reject…").click()
    request_page.fill("#error", "JobFailed")
    request_page.fill("#reason", "See ticket 12.")
    # moto answers 200 to a rejection that comes second, and drops it.
    on_moto.states.send_task_success(taskToken=on_moto.token(), output=OUTPUT)
    request_page.locator("#reject button[value=reject]").click()
    request_page.wait_for_selector("#send-now, #own-text")
    if request_page.locator("#send-now").count():
        request_page.locator("#send-now").click()
    expect(request_page.locator("#answer")).to_contain_text("outside Holdpoint", timeout=SETTLES_MS)
    expect(request_page.locator("#answer")).not_to_contain_text("confirmed")
    assert not Decision.objects.filter(status="confirmed").exists()


def test_a_stop_that_moto_does_not_carry_out_is_not_claimed(on_moto, moto_workers, request_page):
    on_moto.states.stop_execution(executionArn=on_moto.execution_arn)
    read_before = on_moto.execution.read_at
    wait_until(lambda: on_moto.execution.read_at != read_before)
    request_page.reload()
    expect(request_page.locator("main")).not_to_contain_text("stopped")
    assert on_moto.task.is_waiting
    approve(request_page)
    request_page.locator("#send-now").click()
    # Only now moto ends the run, as ABORTED, though it took the answer.
    on_moto.until_moto_says("ABORTED")
    wait_until(lambda: Decision.objects.exclude(status__in=("held", "sending", "sent")).exists())
    request_page.reload()
    expect(request_page.locator("#answer")).to_contain_text("The run is ABORTED.")
    expect(request_page.locator("main")).not_to_contain_text("SUCCEEDED")

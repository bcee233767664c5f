"""The founding case by page in a real browser, from the inbox to the proof."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import expect

from callbacks.audit.verify import verify_chain
from tests.journeys.founding import OUTPUT, SETTLES_MS

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_request_is_read_approved_and_seen_to_succeed(founding, workers, open_page, troubles):
    page = open_page("/", founding.approver)
    page.get_by_role("link", name="RunSparkJob").click()
    page.locator("#detail summary", has_text="Everything the workflow sent").click()
    expect(page.locator("#detail .json")).to_contain_text("settlement-2026-11-23")
    page.fill("#output", OUTPUT)
    page.fill("#reason", "The job is done.")
    page.locator("#answer-bar button[value=approve]").click()
    expect(page.locator("#answer")).to_contain_text("Approving in")
    expect(page.locator("#live")).to_have_text("Held for 10 seconds. Press z to undo.")
    page.locator("#send-now").click()
    confirmed = page.locator("#answer", has_text="Approved and confirmed")
    expect(confirmed).to_be_visible(timeout=SETTLES_MS)
    expect(confirmed).to_contain_text('The run SUCCEEDED with {"message":"succeeded"}')
    expect(page.locator("#live")).to_have_text("Approved and confirmed by AWS")
    assert json.loads(founding.ended()["output"]) == {"message": "succeeded"}
    assert troubles.seen == []


def test_the_record_of_it_holds_and_names_every_step(founding, workers, open_page, troubles):
    page = open_page(f"/tasks/{founding.task.pk}/", founding.approver)
    page.fill("#output", OUTPUT)
    page.fill("#reason", "The job is done.")
    page.locator("#answer-bar button[value=approve]").click()
    page.locator("#send-now").click()
    page.get_by_role("link", name="Open the record").click(timeout=SETTLES_MS)
    for words in (OUTPUT, "The job is done.", "TaskSucceeded", "Ana", "Confirmed by AWS"):
        expect(page.locator("#record")).to_contain_text(words)
    for step in ("Decided", "Taken for sending", "AWS took it", "Found in the run's history"):
        expect(page.locator("#record .steps")).to_contain_text(step)
    verify_chain()
    assert troubles.seen == []


def test_the_context_is_there_with_its_token_masked(founding, open_page, troubles):
    token = founding.simulator.tokens(founding.execution_arn)[0]["token"]
    page = open_page(f"/tasks/{founding.task.pk}/?view=technical", founding.approver)
    expect(page.locator("#context")).to_contain_text("RetryCount")
    expect(page.locator("#context .masked").first).to_contain_text("masked")
    assert token not in page.content()
    assert troubles.seen == []


def test_another_request_is_rejected_and_seen_to_fail(founding, workers, open_page, troubles):
    page = open_page(f"/tasks/{founding.task.pk}/", founding.approver)
    page.get_by_role("button", name="Reject…").click()
    page.fill("#error", "JobFailed")
    page.fill("#cause", "Executor 4 was lost.")
    page.fill("#reason", "See ticket 12.")
    page.locator("#reject button[value=reject]").click()
    page.locator("#send-now").click()
    confirmed = page.locator("#answer", has_text="Rejected and confirmed")
    expect(confirmed).to_be_visible(timeout=SETTLES_MS)
    expect(confirmed).to_contain_text("The run FAILED with JobFailed: Executor 4 was lost.")
    assert founding.ended()["status"] == "FAILED"
    assert troubles.seen == []


def test_an_undone_answer_never_leaves(founding, workers, open_page, troubles):
    page = open_page(f"/tasks/{founding.task.pk}/", founding.approver)
    page.fill("#output", OUTPUT)
    page.locator("#answer-bar button[value=approve]").click()
    page.locator("#undo").click()
    expect(page.locator("#answer")).to_contain_text("You took your answer back")
    page.get_by_role("link", name="Answer again, with my text").click()
    expect(page.locator("#output")).to_have_value(OUTPUT)
    assert founding.applied() == []
    assert troubles.seen == []

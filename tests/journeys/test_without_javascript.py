"""The same without JavaScript: forms and pages, undo included."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests import making
from tests.journeys.founding import OUTPUT, SETTLES_MS

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def page(founding, open_page):
    return open_page("/", founding.approver, javascript=False)


def test_approved_undone_approved_again_and_seen_to_succeed(founding, workers, page):
    page.get_by_role("link", name="RunSparkJob").click()
    page.fill("#output", OUTPUT)
    page.fill("#reason", "The job is done.")
    page.locator("#answer-bar button[value=approve]").click()
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#record")).to_contain_text(
        "Nothing was sent. The request is still waiting."
    )
    page.get_by_role("link", name="Answer again, with my text").click()
    expect(page.locator("#output")).to_have_value(OUTPUT)
    page.locator("#answer-bar button[value=approve]").click()
    page.get_by_role("button", name="Send now").first.click()
    confirmed = page.locator("#record", has_text="Approved and confirmed")
    expect(confirmed).to_be_visible(timeout=SETTLES_MS)
    expect(confirmed).to_contain_text('The run SUCCEEDED with {"message":"succeeded"}')
    assert len(founding.applied()) == 1


def test_rejected_and_seen_to_fail(founding, workers, page):
    page.get_by_role("link", name="RunSparkJob").click()
    page.fill("#output", '{"kept": true}')
    page.get_by_role("button", name="Reject…").click()
    expect(page.locator("#output")).to_have_value('{"kept": true}')
    page.fill("#error", "JobFailed")
    page.locator("#reject button[value=reject]").click()
    expect(page.locator("#reason-error")).to_contain_text("Say why.")
    page.fill("#reason", "See ticket 12.")
    page.locator("#reject button[value=reject]").click()
    page.get_by_role("button", name="Send now").first.click()
    expect(page.locator("#record")).to_contain_text("Rejected and confirmed", timeout=SETTLES_MS)
    assert founding.ended()["status"] == "FAILED"


def test_enter_in_a_field_only_checks(founding, page):
    page.get_by_role("link", name="RunSparkJob").click()
    page.fill("#output", OUTPUT)
    page.get_by_role("button", name="Reject…").click()
    page.locator("#error").press("Enter")
    expect(page.locator("#answer-bar")).to_contain_text("Nothing was sent yet")
    assert founding.applied() == []


def test_an_ended_session_leads_through_sign_in_back_to_the_text(founding, page):
    page.get_by_role("link", name="RunSparkJob").click()
    page.fill("#output", OUTPUT)
    page.context.clear_cookies(name="sessionid")
    page.locator("#answer-bar button[value=approve]").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You were signed out")
    page.fill("#id_username", "ana")
    page.fill("#id_password", making.PASSWORD)
    page.get_by_role("button", name="Sign in and go on").click()
    expect(page.locator("#output")).to_have_value(OUTPUT)
    assert founding.applied() == []

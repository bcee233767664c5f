"""A worker answers the token itself while the request stands in an open inbox."""

from __future__ import annotations

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from callbacks.sync import run_pass
from tests.journeys.conftest import tick
from tests.journeys.founding import OUTPUT

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def answer_behind_our_back(founding):
    token = founding.simulator.tokens(founding.execution_arn)[0]["token"]
    founding.simulator.call("SendTaskSuccess", taskToken=token, output=OUTPUT)
    run_pass(connection=founding.connection, now=timezone.now())


def test_one_pass_takes_it_from_the_open_inbox(founding, open_page, troubles):
    page = open_page("/", founding.approver)
    expect(page.locator("#rows .li")).to_have_count(1)
    answer_behind_our_back(founding)
    tick(page)
    expect(page.locator("#rows .li")).to_contain_text("Answered elsewhere")
    page.reload()
    expect(page.locator("#rows .li")).to_have_count(0)
    assert troubles.seen == []


def test_history_says_that_it_was_answered_elsewhere(founding, open_page, troubles):
    answer_behind_our_back(founding)
    page = open_page("/history/", founding.approver)
    row = page.locator("tbody tr")
    for words in ("RunSparkJob", "Answered elsewhere", "outside Holdpoint", "TaskSucceeded"):
        expect(row).to_contain_text(words)
    row.get_by_role("link").click()
    expect(page.locator("main")).to_contain_text("outside Holdpoint")
    assert troubles.seen == []


def test_an_open_request_is_told_at_its_next_look(founding, open_page, troubles):
    page = open_page(f"/tasks/{founding.task.pk}/", founding.approver)
    page.fill("#output", OUTPUT)
    answer_behind_our_back(founding)
    page.locator("#answer-bar button[value=approve]").click()
    expect(page.locator("#answer")).to_contain_text("outside Holdpoint")
    expect(page.locator("#own-text")).to_contain_text(OUTPUT)
    assert founding.applied()[0]["operation"] == "SendTaskSuccess"

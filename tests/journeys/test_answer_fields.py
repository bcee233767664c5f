"""The answer as a form in a real browser: where one goes on after a mistake, and there and back."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from callbacks.models import Decision
from tests import making
from tests.journeys.conftest import PHONE, WIDE, faults, overflows

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SCHEMA = {
    "type": "object",
    "required": ["amount", "size", "note", "to"],
    "properties": {
        "amount": {"type": "number", "minimum": 1},
        "size": {"enum": ["1", 1, "", None]},
        "day": {"type": "string", "format": "date"},
        "note": {"type": ["string", "null"]},
        "to": {"type": "object", "required": ["city"], "properties": {"city": {"type": "string"}}},
    },
}


@pytest.fixture
def task(people):
    return making.make_task(policy=making.make_policy(output_schema=SCHEMA, reason_rule="neither"))


@pytest.mark.parametrize(("width", "dark"), [(PHONE, True), (WIDE, False)], ids=["phone", "wide"])
def test_all_mistakes_are_marked_at_once_and_one_goes_on_at_the_first(
    people, open_page, task, width, dark
):
    page = open_page(f"/tasks/{task.pk}/", people.approver, width=width, dark=dark)
    page.get_by_label("Note").fill("later")
    page.locator("#answer-bar button[value=approve]").click()
    expect(page.locator("[aria-invalid=true]")).to_have_count(3)
    expect(page.get_by_label("Amount")).to_be_focused()
    assert faults(page) == []
    assert not overflows(page)
    page.get_by_label("Amount").fill("3")
    page.get_by_label("Size").select_option("“1”")
    page.get_by_label("City").fill("Oslo")
    page.get_by_label("Note").fill("")
    page.locator("#answer-bar button[value=approve]").click()
    expect(page.locator("#send-now")).to_be_visible()
    made = b'{"amount":3,"size":"1","note":null,"to":{"city":"Oslo"}}'
    assert bytes(Decision.objects.get().output) == made


def test_without_javascript_one_goes_on_at_the_first_mistake_too(people, open_page, task):
    page = open_page(f"/tasks/{task.pk}/", people.approver, javascript=False)
    page.get_by_label("Amount").fill("3")
    page.locator("#answer-bar button[value=approve]").click()
    expect(page.get_by_label("Size")).to_be_focused()


def test_a_slip_in_the_json_leaves_the_way_back_to_the_form(people, open_page, task):
    page = open_page(f"/tasks/{task.pk}/", people.approver)
    page.get_by_role("button", name="JSON", exact=True).click()
    page.fill("#output", '{"size": "1", "amount": }')
    page.get_by_role("button", name="Form", exact=True).click()
    expect(page.locator("#answer")).to_contain_text("It can be shown as a form once this is mended")
    page.fill("#output", '{"size": "1", "amount": 3.50}')
    page.get_by_role("button", name="Form", exact=True).click()
    expect(page.get_by_label("Amount")).to_have_value("3.50")
    page.get_by_role("button", name="JSON", exact=True).click()
    made = '{"amount":3.50,"size":"1","note":null,"to":{}}'
    expect(page.locator("#output")).to_have_value(made)

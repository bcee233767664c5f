"""The answer as a form: what a policy's schema names is asked for one by one."""

from __future__ import annotations

import re

import pytest

from callbacks.models import Decision, Draft
from tests import making
from tests.views.answering import answer_url, form_fields, hidden, typed
from tests.views.conftest import text_of

SCHEMA = {
    "type": "object",
    "required": ["approved", "amount"],
    "properties": {
        "approved": {"type": "boolean", "title": "Pay it back?"},
        "amount": {"type": "number", "description": "In euros."},
        "note": {"type": "string"},
    },
}
FILLED = {"mode": "form", "field:approved": "true", "field:amount": "120.00", "field:note": ""}


@pytest.fixture
def task(people):
    policy = making.make_policy(output_schema=SCHEMA)
    return making.make_task(policy=policy)


@pytest.fixture
def browser(people, browser_of):
    return browser_of(people.approver)


def post(browser, task, **fields):
    posted = form_fields(task, **fields)
    posted.pop("output", None)
    return browser.post(answer_url(task), posted)


def value_in(page, name):
    found = re.search(rf'name="{name}" value="([^"]*)"', page.content.decode())
    return found and found[1]


def test_the_page_asks_for_each_value(browser, task):
    page = browser.get(f"/tasks/{task.pk}/")
    text = text_of(page)
    assert "Pay it back?" in text
    assert "In euros." in text
    assert b'name="output"' not in page.content


def test_the_form_is_sent_as_json_with_numbers_as_typed(browser, task):
    assert post(browser, task, **FILLED).status_code == 303
    assert bytes(Decision.objects.get().output) == b'{"approved":true,"amount":120.00}'


def test_what_is_wrong_stands_at_its_field_and_nothing_is_lost(browser, task):
    answer = post(browser, task, **{**FILLED, "field:amount": "a lot", "field:note": "later"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert value_in(answer, "field:amount") == "a lot"
    assert value_in(answer, "field:note") == "later"
    at = page.index('name="field:amount"')
    assert 'aria-invalid="true"' in page[at : at + 300]
    assert "$.amount" in page[at : at + 1200]
    assert not Decision.objects.exists()


def test_json_is_one_button_away_and_back(browser, task):
    as_json = post(browser, task, **FILLED, **{"as": "json"})
    assert typed(as_json, "output") == '{"approved":true,"amount":120.00}'
    assert hidden(as_json, "mode") == "json"
    back = browser.post(
        answer_url(task),
        form_fields(task, output=typed(as_json, "output"), mode="json", **{"as": "form"}),
    )
    assert value_in(back, "field:amount") == "120.00"
    assert not Decision.objects.exists()


def test_what_the_form_cannot_hold_stays_json_and_says_so(browser, task):
    output = '{"approved": true, "amount": 1, "more": []}'
    page = browser.post(answer_url(task), form_fields(task, output=output, **{"as": "form"}))
    assert typed(page, "output") == output
    assert "the form cannot show" in text_of(page)


def test_a_blank_form_is_no_answer(browser, task):
    answer = post(browser, task, mode="form", **{"field:approved": "", "field:amount": ""})
    assert answer.status_code == 422
    assert not Decision.objects.exists()


def test_a_draft_of_the_form_comes_back_into_it(browser, task):
    posted = form_fields(task, **FILLED)
    posted.pop("output")
    assert browser.post(f"/tasks/{task.pk}/draft/", posted).status_code == 204
    assert Draft.objects.get().output == '{"approved":true,"amount":120.00}'
    assert value_in(browser.get(f"/tasks/{task.pk}/"), "field:amount") == "120.00"


def test_the_forecast_is_of_what_the_form_makes(browser, task):
    posted = form_fields(task, **FILLED)
    posted.pop("output")
    assert "ends the run" in text_of(browser.post(f"/tasks/{task.pk}/forecast/", posted))


def test_a_session_that_ended_keeps_the_fields(client, people, task):
    posted = form_fields(task, **FILLED)
    posted.pop("output")
    page = client.post(answer_url(task), posted)
    assert page.status_code == 401
    assert value_in(page, "kept_field:amount") == "120.00"
    kept = dict(re.findall(r'name="(kept_[^"]*)" value="([^"]*)"', page.content.decode()))
    people.approver.set_password("correct horse")
    people.approver.save()
    signed_in = client.post(
        "/accounts/login/", {**kept, "username": "approver", "password": "correct horse"}
    )
    assert signed_in.status_code == 302
    assert Draft.objects.get().output == '{"approved":true,"amount":120.00}'

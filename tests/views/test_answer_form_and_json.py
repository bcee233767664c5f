"""One answer as a form and as JSON: nothing is lost between them, and what cannot be is said."""

from __future__ import annotations

import json

import pytest

from callbacks.models import Decision
from tests import making
from tests.views.answering import answer_url, form_fields, hidden, typed
from tests.views.conftest import text_of
from tests.views.test_answer_fields import errors_at, value_in
from tests.views.test_signing import give

SCHEMA = {
    "type": "object",
    "required": ["amount", "note", "to"],
    "properties": {
        "amount": {"type": "number"},
        "note": {"type": ["string", "null"], "description": "For the books."},
        "ok": {"type": "boolean"},
        "to": {"type": "object", "required": ["city"], "properties": {"city": {"type": "string"}}},
    },
}
NAMES = {
    "amount": "field:number:amount",
    "note": "field:text-or-null:note",
    "ok": "field:json:ok",
    "city": "field:text:to~2/city",
}


@pytest.fixture
def policy(people):
    return making.make_policy(output_schema=SCHEMA)


@pytest.fixture
def task(policy):
    return making.make_task(policy=policy)


@pytest.fixture
def browser(people, browser_of):
    return browser_of(people.approver)


def fill(browser, task, **texts):
    """Post the form as it stands there, with the button that approves or the one that is named."""
    button = {"as": texts.pop("as_")} if "as_" in texts else {}
    posted = form_fields(task, mode="form", **button)
    posted.pop("output")
    return browser.post(
        answer_url(task), {**posted, **{name: texts.get(key, "") for key, name in NAMES.items()}}
    )


def as_form(browser, task, output):
    return browser.post(
        answer_url(task), form_fields(task, output=output, mode="json", **{"as": "form"})
    )


# --- null and empty ----------------------------------------------------------------------------
def test_a_field_that_may_be_null_says_so_and_is_not_called_required(browser, task):
    text = text_of(browser.get(f"/tasks/{task.pk}/"))
    assert "Amount · required" in text
    assert "Note · required" not in text
    assert "For the books. Left blank it is null." in text


def test_what_was_taken_over_from_past_answers_can_be_given_with_the_note_left_blank(browser, task):
    assert fill(browser, task, amount="3", city="Oslo").status_code == 303
    assert bytes(Decision.objects.get().output) == b'{"amount":3,"note":null,"to":{"city":"Oslo"}}'


def test_of_a_required_object_that_was_left_blank_the_fields_are_named(browser, task):
    page = fill(browser, task, amount="3")
    assert page.status_code == 422
    assert errors_at(page, NAMES["city"]) == (["This is required and is missing."], True)


def test_a_form_of_which_all_may_be_null_begins_with_what_it_sends(browser, people):
    schema = {"required": ["note"], "properties": {"note": SCHEMA["properties"]["note"]}}
    task = making.make_task(policy=making.make_policy(output_schema=schema))
    assert "The same as the answer to begin with" in text_of(browser.get(f"/tasks/{task.pk}/"))
    posted = form_fields(task, mode="form", **{NAMES["note"]: ""})
    posted.pop("output")
    assert browser.post(answer_url(task), posted).status_code == 303
    assert bytes(Decision.objects.get().output) == b'{"note":null}'


def test_blank_fields_mean_the_same_after_signing_in_again(client, people, task):
    kept = fill(client, task, amount="3")
    assert kept.status_code == 401
    assert value_in(kept, f"kept_{NAMES['note']}") == ""


# --- there and back ----------------------------------------------------------------------------
@pytest.mark.parametrize(
    "texts",
    [
        {"amount": "3.50"},
        {"amount": "3", "note": "x", "ok": "false", "city": "Oslo"},
        {"note": "only this"},
    ],
)
def test_a_form_comes_back_from_json_as_it_was(browser, task, texts):
    output = typed(fill(browser, task, **texts, as_="json"), "output")
    back = as_form(browser, task, output)
    assert "the form cannot show" not in text_of(back)
    again = {key: value_in(back, NAMES[key]) for key in ("amount", "note", "city")}
    ok = {"ok": texts["ok"]} if "ok" in texts else {}
    assert typed(fill(browser, task, **{**again, **ok}, as_="json"), "output") == output


def test_names_in_another_order_come_into_the_form_which_says_that_it_has_its_own(browser, task):
    page = as_form(browser, task, '{"to":{"city":"Oslo"},"note":null,"amount":3}')
    assert value_in(page, NAMES["amount"]) == "3"
    assert "The names stood in another order" in text_of(page)


def test_what_a_policy_begins_with_may_have_another_order_and_nothing_is_said(browser, policy):
    policy.default_output = '{"to":{"city":"Oslo"},"note":null,"amount":3}'
    policy.save()
    page = browser.get(f"/tasks/{making.make_task(policy=policy).pk}/")
    assert value_in(page, NAMES["city"]) == "Oslo"
    assert "another order" not in text_of(page)


@pytest.mark.parametrize(
    ("output", "says"),
    [
        ('{"amount": }', "It can be shown as a form once this is mended. Line 1, column 12"),
        ('{"amount": 3, "more": []}', "This answer has something in it that the form cannot show"),
    ],
)
def test_what_cannot_be_a_form_stays_json_says_why_and_keeps_the_way_back(
    browser, task, output, says
):
    page = as_form(browser, task, output)
    assert typed(page, "output") == output
    assert says in text_of(page)
    assert hidden(page, "mode") == "json"
    assert b'name="as" value="form"' in page.content


def test_a_default_that_is_no_day_of_the_calendar_stays_json(browser, people):
    day = {"type": "string", "format": "date", "default": "2026-02-30"}
    policy = making.make_policy(output_schema={"properties": {"day": day}})
    page = browser.get(f"/tasks/{making.make_task(policy=policy).pk}/")
    assert json.loads(typed(page, "output")) == {"day": "2026-02-30"}


# --- what others have signed ---------------------------------------------------------------------
@pytest.mark.parametrize(
    "output",
    [
        '{"note": null, "amount": 3, "to": {"city": "Oslo"}}',
        '{"to":{"city":"Oslo"},"amount":3,"note":null}',
    ],
)
def test_bytes_that_others_have_signed_are_never_written_anew_by_the_form(
    people, browser_of, policy, output
):
    policy.approvals_needed = 2
    policy.save()
    task = making.make_task(policy=policy)
    give(task, people.approver, output)
    kofi = browser_of(people.approver2)
    page = kofi.get(f"/tasks/{task.pk}/")
    assert typed(page, "output") == output
    assert "Others have signed exactly these bytes" in text_of(page)
    assert kofi.post(answer_url(task), form_fields(task, output=output)).status_code == 303
    assert bytes(Decision.objects.get().output) == output.encode()

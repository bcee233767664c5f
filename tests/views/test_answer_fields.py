"""The answer as a form: what a policy's schema names is asked for one by one."""

from __future__ import annotations

import html
import re

import pytest
from django.utils import timezone

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
FILLED = {
    "mode": "form",
    "field:json:approved": "true",
    "field:number:amount": "120.00",
    "field:text:note": "",
}


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
    answer = post(
        browser, task, **{**FILLED, "field:number:amount": "a lot", "field:text:note": "later"}
    )
    page = answer.content.decode()
    assert answer.status_code == 422
    assert value_in(answer, "field:number:amount") == "a lot"
    assert value_in(answer, "field:text:note") == "later"
    at = page.index('name="field:number:amount"')
    assert 'aria-invalid="true"' in page[at : at + 300]
    assert "<span>“a lot” is not a number.</span>" in page[at : at + 1200]
    assert not Decision.objects.exists()


def errors_at(page, name):
    """What is said to be wrong in a field, as the ids tell that its input names."""
    content = page.content.decode()
    (tag,) = re.findall(rf'<[^>]*name="{re.escape(name)}"[^>]*>', content)
    ids = re.findall(r"[\w-]*-error[\w-]*", tag)
    texts = [re.search(rf'id="{one}">.*?<span>(.*?)</span>', content, re.DOTALL) for one in ids]
    return [html.unescape(text[1]) for text in texts], "autofocus" in tag


def test_everything_that_is_wrong_stands_at_once_at_its_field_and_the_first_has_the_focus(
    browser, people
):
    schema = {
        "required": ["ok", "amount"],
        "properties": {
            "to": {"type": "string"},
            "ok": {"type": "boolean"},
            "amount": {"type": "number", "minimum": 5, "multipleOf": 2},
            "tags": {"type": "array", "items": {"type": "string", "maxLength": 3}},
        },
    }
    task = making.make_task(policy=making.make_policy(output_schema=schema))
    filled = {"field:text:to": "x", "field:json:ok": "", "field:number:amount": "3"}
    page = post(browser, task, mode="form", **filled, **{"field:list:tags": "a\nlong"})
    assert page.status_code == 422
    assert errors_at(page, "field:text:to") == ([], False)
    assert errors_at(page, "field:json:ok") == (["This is required and is missing."], True)
    assert errors_at(page, "field:number:amount") == (
        [
            "This has to be 5 or more; it is 3.",
            "This has to be a multiple of 2; it is 3.",
        ],
        False,
    )
    (at_tags,), _ = errors_at(page, "field:list:tags")
    assert at_tags == "Line 2: This may have at most 3 characters; it has 4."


def test_an_error_that_names_another_field_stays_at_its_own(browser, people):
    """What somebody typed is repeated in it, also what looks like a path."""
    schema = {"properties": {"a": {"type": "string"}, "b": {"type": "number"}}}
    task = making.make_task(policy=making.make_policy(output_schema=schema))
    typed_in = {"field:text:a": "1", "field:number:b": "$.a: z"}
    page = post(browser, task, mode="form", **typed_in)
    assert errors_at(page, "field:text:a") == ([], False)
    assert errors_at(page, "field:number:b") == (["“$.a: z” is not a number."], True)


def test_as_json_each_error_names_its_path(browser, task):
    output = '{"approved": null, "amount": "x"}'
    page = browser.post(answer_url(task), form_fields(task, output=output, mode="json"))
    text = text_of(page)
    assert "$.approved: This has to be true or false; it is null." in text
    assert '$.amount: This has to be a number; it is "x".' in text


def test_json_is_one_button_away_and_back(browser, task):
    as_json = post(browser, task, **FILLED, **{"as": "json"})
    assert typed(as_json, "output") == '{"approved":true,"amount":120.00}'
    assert hidden(as_json, "mode") == "json"
    back = browser.post(
        answer_url(task),
        form_fields(task, output=typed(as_json, "output"), mode="json", **{"as": "form"}),
    )
    assert value_in(back, "field:number:amount") == "120.00"
    assert not Decision.objects.exists()


def test_what_the_form_cannot_hold_stays_json_and_says_so(browser, task):
    output = '{"approved": true, "amount": 1, "more": []}'
    page = browser.post(answer_url(task), form_fields(task, output=output, **{"as": "form"}))
    assert typed(page, "output") == output
    assert "the form cannot show" in text_of(page)


def test_a_blank_form_is_no_answer(browser, task):
    answer = post(
        browser, task, mode="form", **{"field:json:approved": "", "field:number:amount": ""}
    )
    assert answer.status_code == 422
    assert not Decision.objects.exists()


def test_a_draft_of_the_form_comes_back_into_it(browser, task):
    posted = form_fields(task, **FILLED)
    posted.pop("output")
    assert browser.post(f"/tasks/{task.pk}/draft/", posted).status_code == 204
    assert Draft.objects.get().output == '{"approved":true,"amount":120.00}'
    assert value_in(browser.get(f"/tasks/{task.pk}/"), "field:number:amount") == "120.00"


def test_the_forecast_is_of_what_the_form_makes(browser, task):
    posted = form_fields(task, **FILLED)
    posted.pop("output")
    assert "ends the run" in text_of(browser.post(f"/tasks/{task.pk}/forecast/", posted))


def test_a_session_that_ended_keeps_the_fields(client, people, task):
    posted = form_fields(task, **FILLED)
    posted.pop("output")
    page = client.post(answer_url(task), posted)
    assert page.status_code == 401
    assert value_in(page, "kept_field:number:amount") == "120.00"
    kept = dict(re.findall(r'name="(kept_[^"]*)" value="([^"]*)"', page.content.decode()))
    people.approver.set_password("correct horse")
    people.approver.save()
    signed_in = client.post(
        "/accounts/login/", {**kept, "username": "approver", "password": "correct horse"}
    )
    assert signed_in.status_code == 302
    assert Draft.objects.get().output == '{"approved":true,"amount":120.00}'


def test_what_was_typed_is_kept_though_the_schema_changed_meanwhile(browser, task):
    """Answers go by the form that was filled in; what the new one says is wrong is told."""
    other = {"type": "object", "required": ["sum"], "properties": {"sum": {"type": "number"}}}
    policy = task.policy
    policy.output_schema = other
    type(policy).objects.filter(pk=policy.pk).update(output_schema=other)
    answer = post(browser, task, **FILLED)
    assert answer.status_code == 422
    assert "$.sum: This is required and is missing." in text_of(answer)
    assert typed(answer, "output") == '{"approved":true,"amount":120.00}'


def test_a_field_that_comes_twice_is_refused(browser, task):
    posted = {**form_fields(task, **FILLED), "field:number:amount": ["1", "2"]}
    posted.pop("output")
    assert browser.post(answer_url(task), posted).status_code == 400


def test_a_field_of_no_form_is_refused(browser, task):
    answer = post(browser, task, **{**FILLED, "field:nonsense:x": "1"})
    assert answer.status_code == 400


# --- a form after past answers ------------------------------------------------------------------
@pytest.fixture
def plain_task(people):
    """One that waits in a step that was answered before, by a policy without a schema."""
    return making.make_task()


def answered(like, output, **fields):
    making.make_task(
        policy=like.policy,
        execution=making.make_execution(like.execution.state_machine),
        state=like.state,
        status="answered",
        closed_kind="succeeded",
        closed_at=timezone.now(),
        closed_output=output,
        **fields,
    )


def test_three_answers_make_a_form_that_refuses_nothing(browser, plain_task):
    for output in ('{"ok":true,"sum":3}', '{"ok":true,"sum":4.5}', '{"ok":false}'):
        answered(plain_task, output)
    page = browser.get(f"/tasks/{plain_task.pk}/")
    text = text_of(page)
    assert "A form after the last 3 answers to this step" in text
    assert "For example" in text
    assert value_in(page, "field:number:sum") == ""
    sent = post(browser, plain_task, mode="form", **{"field:json:ok": "", "field:number:sum": "9"})
    assert sent.status_code == 303
    assert bytes(Decision.objects.get().output) == b'{"sum":9}'


def test_what_is_no_number_is_told_at_its_field_and_sent_by_nobody(browser, plain_task):
    for output in ('{"sum":3}', '{"sum":4.5}', '{"sum":5}'):
        answered(plain_task, output)
    page = post(browser, plain_task, mode="form", **{"field:number:sum": "1,000"})
    assert page.status_code == 422
    assert "“1,000” is not a number" in text_of(page)
    assert not Decision.objects.exists()


@pytest.mark.parametrize("text", ['{"a":"\\ud800"}', '{"\\ud800":"x"}', '{"a":{"\\ud800":1}}'])
def test_past_answers_that_no_page_can_show_harm_nothing(browser, plain_task, text):
    for _ in range(12):
        answered(plain_task, text)
    assert browser.get(f"/tasks/{plain_task.pk}/").status_code == 200


def test_a_rejection_that_was_a_success_is_no_example(people, browser, plain_task):
    for _ in range(6):
        answered(plain_task, '{"approved":false}')
    for one in type(plain_task).objects.exclude(pk=plain_task.pk):
        making.make_decision(one, people.approver, direction="reject", status="confirmed")
    assert "A form after" not in text_of(browser.get(f"/tasks/{plain_task.pk}/"))


def test_an_error_in_guessing_keeps_nobody_from_answering(browser, plain_task, monkeypatch):
    monkeypatch.setattr("callbacks.decisions.inferred.infer", lambda *_: 1 / 0)
    page = browser.get(f"/tasks/{plain_task.pk}/")
    assert page.status_code == 200
    assert b'name="output"' in page.content


def test_two_answers_are_too_few(browser, plain_task):
    answered(plain_task, '{"ok":true}')
    answered(plain_task, '{"ok":true}')
    assert "A form after" not in text_of(browser.get(f"/tasks/{plain_task.pk}/"))


def test_answers_that_one_may_not_see_tell_nothing(people, browser_of, plain_task):
    """The values of other teams' answers would stand there as examples."""
    theirs = making.make_policy("theirs", team="theirs")
    for _ in range(5):
        answered(plain_task, '{"secret":"hers"}')
    type(plain_task).objects.exclude(pk=plain_task.pk).update(policy=theirs)
    page = browser_of(people.approver).get(f"/tasks/{plain_task.pk}/")
    assert "hers" not in page.content.decode()
    assert "A form after" not in text_of(page)


def test_rejections_and_answers_of_other_steps_tell_nothing(browser, plain_task):
    for _ in range(5):
        answered(plain_task, '{"x":1}')
    tasks = type(plain_task).objects.exclude(pk=plain_task.pk)
    first = tasks.first()
    tasks.update(state="Other")
    tasks.filter(pk=first.pk).update(state=plain_task.state, closed_kind="failed")
    assert "A form after" not in text_of(browser.get(f"/tasks/{plain_task.pk}/"))


def test_a_stray_text_in_a_number_keeps_nobody_from_rejecting_without_script(browser, task):
    posted = {**form_fields(task, **FILLED), "field:number:amount": "abc", "open": "reject"}
    posted.pop("output")
    posted.pop("direction", None)
    page = browser.post(answer_url(task), posted)
    assert page.status_code == 200
    (panel,) = re.findall(r'<section class="panel" id="reject"[^>]*>', page.content.decode())
    assert "hidden" not in panel


def test_a_form_that_had_grown_old_gives_its_fields_back(browser, task):
    strict = type(browser)(enforce_csrf_checks=True)
    strict.cookies = browser.cookies
    posted = {**form_fields(task, **FILLED), "field:number:amount": "120.00", "reason": "Because."}
    page = strict.post(answer_url(task), posted)
    assert page.status_code == 403
    text = text_of(page)
    assert "120.00" in text
    assert "You had typed (amount)" in text
    assert "Because." in text

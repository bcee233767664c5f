"""What the page says of an answer before it is given."""

from __future__ import annotations

import json

import pytest
from django.utils import timezone

from callbacks.models import Decision, Draft, Role
from tests import making
from tests.founding import RIGHT, WRONG, founding_definition, founding_task
from tests.views.answering import form_fields, post_answer, typed
from tests.views.conftest import HTMX, text_of


@pytest.fixture
def browser(people, browser_of):
    return browser_of(people.approver)


def live(browser, task, **fields):
    """What comes while it is being typed."""
    return browser.post(f"/tasks/{task.pk}/forecast/", form_fields(task, **fields))


# --- while it is typed --------------------------------------------------------------------------
def test_a_right_answer_says_what_follows(browser):
    answer = live(browser, founding_task(), output=RIGHT)
    text = text_of(answer)
    assert answer.status_code == 200
    assert "This answer passes" in text
    assert "It goes through Check." in text
    assert "and continue to Charge" in text


def test_a_wrong_one_says_what_is_missing_and_how_to_mend_it(browser):
    text = text_of(live(browser, founding_task(), output=WRONG))
    assert "This answer would end the whole run" in text
    assert "takes the part called “Payload” out of the answer" in text
    assert "An answer of this shape passes" in text
    assert "blocked: would end the run" in text
    assert "Review: OutputPath “$.Payload” → States.Runtime" in text
    # Who may not override it is not offered to.
    assert "Send although" not in text


def test_typing_decides_and_keeps_nothing(browser):
    live(browser, founding_task(), output=WRONG, direction="approve")
    assert not Decision.objects.exists()
    assert not Draft.objects.exists()


def test_what_is_no_json_yet_is_no_verdict(browser):
    text = text_of(live(browser, founding_task(), output='{"a": '))
    assert "This cannot be sent yet" in text
    assert "would end" not in text


@pytest.mark.parametrize(
    ("error", "says", "button"),
    [
        ("Busy", "runs its work again in 2 s (repeat 1 of 5)", "runs the work again in 2 s"),
        ("Refused", "The run goes to Tell", "and go to Tell"),
        ("Other", "No rule of the workflow takes this error", "ends the whole run"),
    ],
)
def test_a_rejection_says_what_the_workflow_does_with_it(browser, error, says, button):
    text = text_of(live(browser, founding_task(), output="", error=error))
    assert says in text
    assert button in text


def test_chance_is_said_openly(browser):
    definition = founding_definition(ResultSelector={"Payload.$": "States.UUID()"})
    text = text_of(live(browser, founding_task(definition), output=WRONG))
    assert "Cannot predict" in text
    assert "drawn by chance" in text


def test_hostile_names_stay_text(browser):
    hostile = founding_definition(OutputPath="$['<script>alert(1)</script>']")
    answer = live(browser, founding_task(hostile), output=WRONG)
    assert b"<script>alert" not in answer.content


def test_nobody_else_gets_one(people, browser_of):
    task = founding_task()
    assert live(browser_of(people.auditor), task, output=RIGHT).status_code == 204
    stranger = making.make_person("otto", Role.APPROVER)
    hidden = founding_task(policy=making.make_policy(users=[people.approver]))
    assert live(browser_of(stranger), hidden, output=RIGHT).status_code == 404


# --- the page, and without JavaScript -----------------------------------------------------------
def test_the_page_opens_with_the_forecast_of_what_it_begins_with(browser):
    policy = making.make_policy(default_output=RIGHT)
    text = text_of(browser.get(f"/tasks/{founding_task(policy=policy).pk}/"))
    assert "This answer passes" in text
    assert "The workflow has rules for: Busy, Refused" in text


def test_a_wrong_answer_comes_back_in_red_and_nothing_is_sent(browser):
    answer = post_answer(browser, founding_task(), output=WRONG)
    assert answer.status_code == 422
    assert "would end the whole run, so nothing was sent" in text_of(answer)
    assert typed(answer, "output") == WRONG
    assert not Decision.objects.exists()


def test_one_click_mends_it_and_the_next_approves(browser):
    task = founding_task()
    mended = post_answer(browser, task, output=WRONG, direction="wrap")
    better = typed(mended, "output")
    assert mended.status_code == 200
    assert better == '{\n  "Payload": {"approved": true}\n}'
    assert "This answer passes" in text_of(mended)
    assert post_answer(browser, task, output=better).status_code == 303
    assert bytes(Decision.objects.get().output) == better.encode()


def test_who_may_override_ticks_it_and_says_why(browser_of):
    nina = browser_of(making.make_person("nina", Role.APPROVER, Role.OPERATOR))
    task = founding_task()
    first = post_answer(nina, task, output=WRONG)
    assert first.status_code == 422
    assert "Send although it ends the run" in text_of(first)
    assert "tick this and say why" in text_of(first)
    assert post_answer(nina, task, output=WRONG, override="on", reason="").status_code == 422
    done = post_answer(nina, task, output=WRONG, override="on", reason="Let it die.")
    assert done.status_code == 303
    record = nina.get(done["Location"])
    assert "would end the run; sent all the same" in text_of(record)


def test_a_rejection_that_kills_as_a_success_has_its_own_tick(browser_of):
    nina = browser_of(making.make_person("nina", Role.APPROVER, Role.OPERATOR))
    policy = making.make_policy(rejection_mode="success", rejection_output=WRONG)
    task = founding_task(policy=policy)
    fields = {"direction": "reject", "output": RIGHT, "reason": "No."}
    first = post_answer(nina, task, **fields, override="on")
    assert first.status_code == 422
    assert b'name="override_no"' in first.content
    assert "tick this and say why" in text_of(first)
    assert post_answer(nina, task, **fields, override_no="on").status_code == 303


# --- beside the forecast ------------------------------------------------------------------------
def test_what_differs_from_the_answer_to_begin_with_is_told(people, browser_of):
    policy = making.make_policy(default_output='{"ok": true, "note": "as always", "n": 1}')
    task = making.make_task(policy=policy)
    browser = browser_of(people.approver)
    url = f"/tasks/{task.pk}/forecast/"
    same = text_of(
        browser.post(url, form_fields(task, output='{"n":1,"note":"as always","ok":true}'))
    )
    assert "The same as the answer to begin with" in same
    other = text_of(browser.post(url, form_fields(task, output='{"ok": false, "n": 1}')))
    assert "2 of 3 values differ from the answer to begin with" in other
    assert "$.ok true false" in other
    assert '$.note "as always"' in other


def test_without_one_the_last_answer_that_one_may_see_is_compared(people, browser_of):
    task = making.make_task()
    ended = {"status": "answered", "closed_kind": "succeeded", "closed_at": timezone.now()}
    run = making.make_execution(task.execution.state_machine)
    before = making.make_task(execution=run, state=task.state, closed_output='{"ok":true}', **ended)
    browser = browser_of(people.approver)
    posted = form_fields(task, output='{"ok": false}')
    page = text_of(browser.post(f"/tasks/{task.pk}/forecast/", posted))
    assert "1 of 1 values differs from the last answer to this step" in page
    type(before).objects.filter(pk=before.pk).update(policy=making.make_policy("x", team="x"))
    page = text_of(browser.post(f"/tasks/{task.pk}/forecast/", posted))
    assert "differs from" not in page


def test_an_answer_that_is_too_large_is_told_by_its_largest_parts(people, browser_of):
    task = making.make_task()
    output = json.dumps({"report": {"rows": ["x" * 1000] * 250}, "log": "y" * 20_000})
    page = text_of(
        browser_of(people.approver).post(
            f"/tasks/{task.pk}/forecast/", form_fields(task, output=output)
        )
    )
    assert "AWS takes at most 262,144" in page
    assert "Largest parts: $.report.rows with 250,751 bytes, $.log with 20,002 bytes" in page


# --- what goes on instead of the answer ---------------------------------------------------------
@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"ResultPath": None}, "Your answer is not handed on"),
        ({"ResultPath": None, "OutputPath": "$.order"}, "Your answer is not handed on"),
        ({"ResultPath": "$.ans", "OutputPath": "$.order"}, "Your answer is not handed on"),
        ({"OutputPath": None}, "an empty object goes on"),
        ({"ResultPath": "$.r"}, "Your answer is put at $.r of what this step was given."),
        (
            {"ResultSelector": {"approved.$": "$.approved"}},
            "What the workflow takes out of your answer, or makes of it, goes on.",
        ),
    ],
)
def test_it_says_what_goes_on_where_that_is_not_the_answer(browser, fields, says):
    definition = founding_definition(**{"OutputPath": "$", "Next": "Charge", **fields})
    task = founding_task(definition, input='{"amount": 5, "order": {"id": 1}}')
    text = text_of(live(browser, task, output='{"approved": true}'))
    assert says in text
    assert "Your answer becomes" not in text
    assert "Then Charge runs." in text
    assert "The input of Charge" in text


PLACED = founding_definition(OutputPath="$", ResultPath="$.r", Next="Charge")


def test_the_value_that_the_next_step_gets_can_be_read(browser):
    task = founding_task(PLACED, input='{"n": 1.50}')
    page = live(browser, task, output='{"approved": true}').content.decode()
    shown = page[page.index("The input of") :]
    assert "1.50" in shown
    assert "approved" in shown


def test_a_step_that_asks_once_more_is_no_news_but_said(browser):
    task = founding_task(founding_definition(OutputPath="$", Next="Tell"))
    definition = json.loads(task.execution.definition.text)
    definition["States"]["Tell"] = {"Type": "Pass", "Next": "Review"}
    text = text_of(live(browser, founding_task(json.dumps(definition)), output="1"))
    assert "Then Review asks once more." in text
    assert "and be asked again" in text


def test_a_catch_around_a_branch_is_named_with_where_it_leads(browser):
    inside = json.loads(founding_definition(OutputPath="$"))["States"]
    branch = {"StartAt": "Review", "States": {name: inside[name] for name in ("Review", "Check")}}
    branch["States"]["Charge"] = {"Type": "Succeed"}
    branch["States"]["Refuse"] = {"Type": "Fail", "Error": "Refused"}
    catch = [{"ErrorEquals": ["States.ALL"], "Next": "Home"}]
    par = {"Type": "Parallel", "Branches": [branch], "Catch": catch, "End": True}
    states = {"Par": par, "Home": {"Type": "Pass", "End": True}}
    task = founding_task(json.dumps({"StartAt": "Par", "States": states}))
    text = text_of(live(browser, task, output='{"approved": false}'))
    assert "The run goes to Home, by the rule of Par for this error." in text
    assert "and go to Home" in text


def test_of_an_item_of_a_map_run_only_its_own_run_is_told(browser):
    task = founding_task()
    type(task.execution).objects.update(arn="arn:aws:states:e:1:execution:orders/each:item-1")
    text = text_of(live(browser, task, output=WRONG))
    assert "This answer would end the run of this item" in text
    assert "whole run" not in text


def test_many_steps_on_the_way_are_not_all_named(browser):
    names = [f"S{number}" for number in range(9)]
    definition = json.loads(founding_definition(OutputPath="$", Next="S0"))
    for name, after in zip(names, [*names[1:], "Charge"], strict=True):
        definition["States"][name] = {"Type": "Pass", "Next": after}
    text = text_of(live(browser, founding_task(json.dumps(definition)), output="1"))
    assert "It goes through S0, S1, S2, S3, S4, S5 and 3 more." in text


def test_a_long_pause_is_told_in_hours(browser):
    retry = [{"ErrorEquals": ["Busy"], "IntervalSeconds": 86_400}]
    task = founding_task(founding_definition(Retry=retry))
    text = text_of(live(browser, task, output="", error="Busy"))
    assert "runs the work again in 24 h" in text


# --- what cannot be sent, and what has become of the rest ----------------------------------------
def test_what_the_policy_would_refuse_is_not_called_right(people, browser_of):
    schema = {"type": "object", "required": ["n"], "properties": {"n": {"type": "number"}}}
    task = founding_task(policy=making.make_policy(output_schema=schema))
    text = text_of(live(browser_of(people.approver), task, output='{"Payload": {}}'))
    assert "It does not have the form that is asked for" in text
    assert "This answer passes" not in text


def test_a_rejection_that_the_policy_does_not_allow_is_not_forecast(people, browser_of):
    policy = making.make_policy(rejection_errors=["Busy", "Wrong"])
    browser, task = browser_of(people.approver), founding_task(policy=policy)
    assert "Choose a kind of rejection" in text_of(live(browser, task, output=RIGHT))
    other = text_of(live(browser, task, output=RIGHT, error="Nope"))
    assert "the whole run" not in other
    assert "Wrong" in other
    assert "runs the work again" in text_of(live(browser, task, output=RIGHT, error="Busy"))


def test_where_a_caught_rejection_leads_is_said_to_its_end(browser):
    catch = [{"ErrorEquals": ["States.ALL"], "Next": "Check"}]
    definition = json.loads(founding_definition(Catch=catch))
    choice = {"Variable": "$.Cause", "StringMatches": "*police*", "Next": "Charge"}
    definition["States"]["Check"] = {"Type": "Choice", "Choices": [choice], "Default": "Refuse"}
    task = founding_task(json.dumps(definition))
    text = text_of(live(browser, task, output="", error="No", cause="call the police"))
    assert "The run goes to Check" in text
    assert "Then Charge runs." in text


def test_a_no_that_goes_as_an_answer_is_followed_as_one(people, browser_of):
    policy = making.make_policy(
        rejection_mode="success", rejection_output='{"Payload": {"approved": true}}'
    )
    text = text_of(live(browser_of(people.approver), founding_task(policy=policy), output=RIGHT))
    assert "and continue to Charge" in text.split("reject-now")[0]
    assert text.count("Then Charge runs.") == 2


def test_a_fixed_no_that_kills_says_why_and_whom_to_tell(people, browser_of):
    policy = making.make_policy(rejection_mode="success", rejection_output=WRONG)
    browser, task = browser_of(people.approver), founding_task(policy=policy)
    assert "takes the part called “Payload”" in text_of(live(browser, task, output=RIGHT))
    refused = post_answer(browser, task, direction="reject", output=RIGHT, reason="No.")
    assert refused.status_code == 422
    assert "Tell an administrator, who can change the policy." in text_of(refused)


def test_every_button_follows_what_is_typed_and_an_old_opinion_goes(browser):
    page = live(browser, founding_task(), output=RIGHT, error="Busy").content.decode()
    for name in ("approve-effect", "reject-effect", "reject-now-effect"):
        assert f'id="{name}" hx-swap-oob="true"' in page
    assert '<div id="opinion" hx-swap-oob="true"></div>' in page


def test_who_is_signed_out_while_typing_keeps_the_form(client, people):
    task = founding_task()
    page = client.post(f"/tasks/{task.pk}/forecast/", {"output": "{"}, headers=HTMX)
    assert page.status_code == 401
    assert "You were signed out" in text_of(page)
    assert b'id="forecast"' in page.content
    # The form stays as it is, so nothing of it is in what takes the forecast's place.
    assert b'id="answer"' not in page.content

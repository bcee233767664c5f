"""What answers to a step hold, and how a policy takes that over."""

from __future__ import annotations

import html
import json
import re
from urllib.parse import urlencode

import pytest
from django.utils import timezone

from callbacks.models import Policy
from tests import making
from tests.views.conftest import text_of
from tests.views.test_hostile_text import HOSTILE, TAGS, own_markup

DEFINITION = json.dumps(
    {
        "StartAt": "Ask",
        "States": {
            "Ask": {
                "Type": "Task",
                "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
                "Parameters": {"MessageBody": {"t.$": "$$.Task.Token"}},
                "Next": "Charge",
            },
            "Charge": {
                "Type": "Task",
                "Resource": "arn:aws:states:::lambda:invoke",
                "Parameters": {"sum.$": "$.amount", "to.$": "$.customer.iban"},
                "End": True,
            },
        },
    }
)
PAGE_QUERIES = 15


@pytest.fixture
def machine():
    return making.make_machine(name="refunds", definition=DEFINITION)


def answered(machine, output, **fields):
    return making.make_task(
        execution=making.make_execution(machine),
        state="Ask",
        status="answered",
        closed_kind="succeeded",
        closed_at=timezone.now(),
        closed_output=output,
        **fields,
    )


def page_path(machine, step="Ask"):
    return f"/workflows/{machine.pk}/answers/?{urlencode({'step': step})}"


def test_it_tells_what_answers_held_and_who_reads_it(people, page_of, machine):
    for amount in (10, 20):
        answered(machine, json.dumps({"amount": amount, "note": "late"}))
    page = text_of(page_of(people.admin, page_path(machine)))
    assert "Inferred from 2 runs, and from what later steps read." in page
    assert re.search(r"\$\.amount a whole number yes 20, 10 Charge", page)
    assert re.search(r"\$\.note a text . late .", page)
    assert re.search(r"\$\.customer\.iban not known . . Charge", page)


def test_without_answers_it_tells_what_is_read(people, page_of, machine):
    page = text_of(page_of(people.operator, page_path(machine)))
    assert "no answer has succeeded here yet" in page
    assert "$.amount" in page


@pytest.mark.parametrize("step", ["", "Nowhere", "a\0b"])
def test_a_step_that_there_is_not_is_not_found(people, browser_of, machine, step):
    assert browser_of(people.admin).get(page_path(machine, step)).status_code == 404


def test_an_approver_sees_only_workflows_of_their_requests(people, browser_of, machine):
    assert browser_of(people.approver).get(page_path(machine)).status_code == 404
    answered(machine, '{"amount":1}')
    assert browser_of(people.approver).get(page_path(machine)).status_code == 200


def test_the_page_of_the_workflow_leads_there(people, page_of, machine):
    page = page_of(people.admin, f"/workflows/{machine.pk}/").content.decode()
    assert page_path(machine) in html.unescape(page)


def test_an_admin_makes_it_the_rule_of_the_policy_in_force(people, browser_of, machine):
    policy = making.make_policy("Refunds", state_machine="refunds")
    for _ in range(5):
        answered(machine, '{"amount":10,"customer":{"iban":"PT50"}}', policy=policy)
    browser = browser_of(people.admin)
    page = browser.get(page_path(machine)).content.decode()
    (link,) = re.findall(rf'href="(/policies/{policy.pk}/edit/[^"]+)"', page)
    form = browser.get(html.unescape(link))
    initial = form.context["form"].initial
    assert "Inferred from 5 runs" in initial["note"]
    typed = {name: form.context["form"][name].value() for name in form.context["form"].fields}
    typed = {name: value for name, value in typed.items() if value not in (None, False)}
    done = browser.post(f"/policies/{policy.pk}/edit/", {**typed, "begun_with": "1"})
    assert done.status_code in (302, 303), text_of(done)
    newest = Policy.objects.current().get(name="Refunds")
    assert newest.version == 2
    assert newest.output_schema["required"] == ["amount", "customer"]
    amount = newest.output_schema["properties"]["amount"]
    # Filled in for the next person it would be an answer that nobody gave.
    assert "default" not in amount
    assert amount["examples"] == [10]
    assert amount["description"] == "Read by Charge."


def test_a_new_policy_begins_with_the_step_that_it_is_for(people, browser_of, machine):
    answered(machine, '{"amount":10}')
    browser = browser_of(people.admin)
    page = html.unescape(browser.get(page_path(machine)).content.decode())
    # The default policy holds for everything else too.
    (link,) = re.findall(r'href="(/policies/[^"]*form_of[^"]*)"', page)
    initial = browser.get(link).context["form"].initial
    assert (initial["state_machine"], initial["state"]) == ("refunds", "Ask")
    assert initial["connections"] == [machine.connection.name]
    assert '"amount"' in initial["output_schema"]


def test_nobody_else_is_offered_to_change_a_policy(people, page_of, machine):
    answered(machine, '{"amount":10}')
    for person in (people.operator, people.approver, people.auditor):
        assert "/edit/" not in page_of(person, page_path(machine)).content.decode()


def test_numbers_that_json_of_a_policy_cannot_hold_are_no_examples(people, page_of, machine):
    answered(machine, '{"amount":0.10000000000000000000001}')
    page = page_of(people.admin, page_path(machine)).content.decode()
    schema = json.loads(html.unescape(re.findall(r"<code><bdi>(.*?)</bdi>", page, re.DOTALL)[-1]))
    assert "examples" not in schema["properties"]["amount"]


def test_where_nothing_can_be_told_no_form_is_taken_away(people, browser_of, machine):
    machine.definition = None
    machine.save()
    policy = making.make_policy("Refunds", output_schema={"type": "object"})
    for output in ("1", '"a"'):
        answered(machine, output, policy=policy)
    query = urlencode({"form_of": machine.pk, "step": "Ask"})
    assert browser_of(people.admin).get(f"/policies/{policy.pk}/edit/?{query}").status_code == 404


@pytest.mark.parametrize("query", ["form_of=x", f"form_of={'0' * 32}&step=Ask"])
def test_a_policy_after_a_step_that_there_is_not(people, browser_of, query):
    assert browser_of(people.admin).get(f"/policies/new/?{query}").status_code == 404


def test_names_and_values_of_answers_do_nothing_on_the_page(people, page_of, machine):
    for text in HOSTILE:
        answered(machine, json.dumps({text: text}))
    assert not TAGS.search(own_markup(page_of(people.admin, page_path(machine))))


def test_it_asks_the_same_however_many_answers_there_are(
    people, browser_of, machine, django_assert_num_queries
):
    browser = browser_of(people.admin)
    for _ in range(3):
        answered(machine, '{"amount":10}')
        with django_assert_num_queries(PAGE_QUERIES):
            browser.get(page_path(machine))

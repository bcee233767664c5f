"""AWS's own forecast beside ours: asked for by a person, never with the token, and counted."""

from __future__ import annotations

import json

import pytest

from callbacks.decisions.opinion import NO_TOKEN
from callbacks.models import CallbackTask, CallBudget, CallCount, Decision, OpinionCount
from callbacks.models.secret import decrypt_token
from tests import making
from tests.founding import RIGHT, WRONG, founding_definition
from tests.stepfunctions.wire_server import error, reply, wire_server
from tests.views.answering import post_answer, typed
from tests.views.conftest import text_of

AGREES = {"status": "SUCCEEDED", "output": '{"approved": true}', "nextState": "Check"}


@pytest.fixture
def aws():
    with wire_server() as server:
        yield server


@pytest.fixture
def task(db, aws):
    connection = making.make_connection(endpoint_url=aws.url)
    machine = making.make_machine(connection, definition=founding_definition())
    request = making.make_request(making.make_execution(machine), state="Review")
    return making.make_task(request, input='{"order": 7}')


@pytest.fixture
def browser(people, browser_of):
    return browser_of(people.approver)


def compare(browser, task, **fields):
    return post_answer(browser, task, htmx=True, direction="compare", **fields)


def test_aws_is_asked_once_and_agrees(aws, task, browser):
    aws.play(reply(AGREES))
    page = compare(browser, task, output=RIGHT)
    assert page.status_code == 200
    assert "AWS says the same" in text_of(page)
    assert typed(page, "output") == RIGHT
    (request,) = aws.requests
    asked = json.loads(request.body)
    assert request.operation == "TestState"
    assert asked["stateName"] == "Review"
    assert json.loads(asked["input"]) == {"order": 7}
    assert asked["mock"] == {"result": RIGHT, "fieldValidationMode": "NONE"}
    assert "roleArn" not in asked
    assert CallCount.objects.get(operation="TestState").calls == 1
    assert not Decision.objects.exists()


def test_the_token_never_goes_there(aws, task, browser):
    """Nor does what the context object says in its place."""
    token = decrypt_token(ciphertext=bytes(task.token_ciphertext), task_id=task.pk)
    CallbackTask.objects.filter(pk=task.pk).update(
        context=json.dumps({"Execution": {"Name": "r"}, "Task": {"Token": "[masked]"}})
    )
    aws.play(reply(AGREES))
    compare(browser, task, output=RIGHT)
    body = aws.requests[0].body
    assert token not in body
    context = json.loads(json.loads(body)["context"])
    assert context == {"Execution": {"Name": "r"}, "Task": {"Token": NO_TOKEN}}


def test_what_differs_is_shown_and_counted(aws, task, browser, client):
    aws.play(reply({**AGREES, "nextState": "Elsewhere"}))
    page = text_of(compare(browser, task, output=RIGHT))
    assert "AWS says something else" in page
    assert "Where the run goes Holdpoint: Check AWS: Elsewhere" in page
    assert OpinionCount.objects.get().number == 1
    compare(browser, task, output=RIGHT)
    metrics = client.get("/metrics").content.decode()
    name = task.connection.name
    assert f'holdpoint_second_opinions_total{{connection="{name}",result="differs"}} 2.0' in metrics


def test_an_answer_that_kills_is_asked_about_too(aws, task, browser):
    aws.play(reply({"status": "FAILED", "error": "States.Runtime", "cause": "Invalid path"}))
    assert "AWS says the same" in text_of(compare(browser, task, output=WRONG))


def test_a_rejection_is_asked_about_where_only_that_was_typed(aws, task, browser):
    aws.play(reply({"status": "FAILED", "error": "Other"}))
    page = compare(browser, task, output="", error="Other", cause="No.")
    assert "AWS says the same" in text_of(page)
    mock = json.loads(aws.requests[0].body)["mock"]
    assert mock["errorOutput"] == {"error": "Other", "cause": "No."}


def test_only_what_the_rule_itself_has_used_is_counted(aws, task, browser):
    """The attempt before was taken by another rule of Retry."""
    rules = [{"ErrorEquals": [name], "MaxAttempts": 3} for name in ("Late", "Busy")]
    text = founding_definition(Retry=rules)
    task.execution.definition = making.make_definition(text)
    task.execution.save()
    values = {"status": "closed", "closed_kind": "failed", "closed_error": "Late"}
    making.make_task(task.request, scheduled_event_id=task.scheduled_event_id - 1, **values)
    CallbackTask.objects.filter(pk=task.pk).update(attempt=2)
    aws.play(reply({"status": "RETRIABLE", "error": "Busy"}))
    assert "AWS says the same" in text_of(compare(browser, task, output="", error="Busy"))
    configured = json.loads(aws.requests[0].body)["stateConfiguration"]
    assert configured == {"retrierRetryCount": 0}


def test_a_right_that_is_missing_is_named_and_the_text_stays(aws, task, browser):
    aws.play(error("AccessDeniedException", "User is not authorized to perform: states:TestState"))
    page = compare(browser, task, output=RIGHT)
    assert page.status_code == 200
    assert "AWS gave no second opinion" in text_of(page)
    assert "states:TestState" in text_of(page)
    assert typed(page, "output") == RIGHT


def test_an_emulator_that_does_not_know_it_is_called_so(aws, task, browser):
    aws.play(error("UnknownOperationException", ""))
    page = text_of(compare(browser, task, output=RIGHT))
    assert "This endpoint does not know TestState, as emulators of AWS do not." in page


def test_where_our_share_is_used_up_aws_is_not_asked(aws, task, browser):
    aws.play(reply(AGREES))
    compare(browser, task, output=RIGHT)
    CallBudget.objects.filter(operation="TestState").update(level=-1000)
    assert "The share of calls to AWS is used up" in text_of(compare(browser, task, output=RIGHT))
    assert len(aws.requests) == 1


@pytest.mark.parametrize("output", ["", "{", '{"a": 1, "a": 2}'])
def test_what_could_not_be_sent_is_not_asked_about(aws, task, browser, output):
    page = compare(browser, task, output=output)
    assert page.status_code == 422
    assert aws.requests == []


def test_who_may_not_answer_cannot_ask(aws, task, people, browser_of):
    assert compare(browser_of(people.auditor), task, output=RIGHT).status_code == 403
    assert aws.requests == []


def test_a_run_that_cannot_be_read_offers_no_second_opinion(people, browser_of, task):
    assert "Ask AWS for its forecast" in text_of(
        browser_of(people.approver).get(f"/tasks/{task.pk}/")
    )
    task.execution.definition = None
    task.execution.save()
    assert "Ask AWS" not in text_of(browser_of(people.approver).get(f"/tasks/{task.pk}/"))

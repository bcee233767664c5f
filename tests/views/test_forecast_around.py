"""What the page and the API say of a failed item of a distributed Map, before it fails."""

from __future__ import annotations

import json

import pytest

from callbacks.models import Role
from tests import making
from tests.founding import RETRY, WRONG, founding_definition
from tests.views.answering import form_fields, post_answer
from tests.views.conftest import text_of


def around(inner=None, **fields):
    """A run whose distributed Map has these fields; its items are the founding case."""
    config = {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
    processor = {"ProcessorConfig": config, **(inner or json.loads(founding_definition()))}
    each = {"Type": "Map", "Label": "each", "ItemProcessor": processor, "End": True, **fields}
    states = {"Each": each, "Told": {"Type": "Pass", "End": True}}
    return {"StartAt": "Each", "States": states}


def children(parent, count=1, **fields):
    run = making.make_map_run(parent)
    run.definition = making.make_definition(founding_definition(Retry=RETRY))
    run.save()
    return [making.make_task(execution=making.make_execution(run), **fields) for _ in range(count)]


def parent_of(definition):
    return making.make_execution(making.make_machine(definition=json.dumps(definition)))


@pytest.fixture
def said(people, browser_of):
    """What the form says of an answer to the first of these tasks."""

    def say(task, **fields):
        browser = browser_of(people.approver)
        return text_of(browser.post(f"/tasks/{task.pk}/forecast/", form_fields(task, **fields)))

    return say


REJECTED = {"output": "", "error": "Other"}


@pytest.mark.parametrize("fields", [{}, {"ToleratedFailureCount": 0}])
def test_a_map_that_puts_up_with_no_failed_item_is_said_to_end_with_all_that_waits(said, fields):
    first, *_others = children(parent_of(around(**fields)), 4)
    text = said(first, **REJECTED)
    assert "This ends the run of this item, and the whole run around it" in text
    assert "Its Map Each puts up with no failed item." in text
    assert (
        "So the whole run around it fails; 3 other requests that wait in the Map end with it."
        in text
    )
    assert "ends the whole run around it" in text


def test_an_approval_that_kills_its_item_says_so_too(said):
    first, _other = children(parent_of(around()), 2)
    text = said(first, output=WRONG)
    assert "This answer would end the run of this item, and the whole run around it" in text
    assert "1 other request that waits in the Map ends with it." in text


def test_what_was_not_sent_is_said_to_end_the_item_and_not_the_whole_run(people, browser_of):
    (task,) = children(parent_of(around(ToleratedFailurePercentage=100)))
    text = text_of(post_answer(browser_of(people.approver), task, output=WRONG))
    assert "This answer would end the run of this item, so nothing was sent." in text
    assert "whole run" not in text


def test_an_error_that_a_rule_takes_says_nothing_of_the_map(said):
    (task,) = children(parent_of(around()))
    assert "Its Map" not in said(task, output="", error="Busy")


@pytest.mark.parametrize(
    ("fields", "most"),
    [
        ({"ToleratedFailureCount": 5}, "5 failed items."),
        ({"ToleratedFailurePercentage": 10}, "10 % of its items failing."),
        (
            {"ToleratedFailureCount": 5, "ToleratedFailurePercentage": 12.5},
            "5 failed items, as long as these are no more than 12.5 % of all.",
        ),
    ],
)
def test_what_a_map_puts_up_with_is_said(said, fields, most):
    first, _other = children(parent_of(around(**fields)), 2)
    text = said(first, **REJECTED)
    assert f"Its Map Each puts up with {most}" in text
    assert "Once too many have failed, the whole run around it fails; 1 other request" in text
    assert "whole run around it ends" not in text
    assert "This ends the run of this item " in text


def test_the_one_that_is_too_many_is_told(said):
    parent = parent_of(around(ToleratedFailureCount=1))
    (task,) = children(parent)
    making.make_execution(task.execution.state_machine, status="FAILED")
    text = said(task, **REJECTED)
    assert "puts up with 1 failed item, and 1 run of an item has failed already." in text
    assert "So the whole run around it fails." in text


def test_a_map_that_never_fails_spares_the_others(said):
    (task,) = children(parent_of(around(ToleratedFailurePercentage=100)))
    text = said(task, **REJECTED)
    assert "puts up with any number of failed items: the others go on." in text
    assert "Once too many" not in text


@pytest.mark.parametrize(
    "fields",
    [
        {"ToleratedFailureCountPath": "$.most"},
        {"ToleratedFailureCount": 5, "ToleratedFailurePercentagePath": "$.share"},
        {"QueryLanguage": "JSONata", "ToleratedFailureCount": "{% $states.input.most %}"},
    ],
)
def test_what_comes_from_the_input_is_said_to_be_unknown(said, fields):
    (task,) = children(parent_of(around(**fields)))
    text = said(task, **REJECTED)
    assert "comes from the input of the run around it, and is not known here." in text
    assert "Once too many have failed, the whole run around it fails." in text


@pytest.mark.parametrize("name", ["States.ALL", "States.TaskFailed"])
def test_where_the_run_around_catches_it_is_said(said, name):
    catch = [{"ErrorEquals": [name], "Next": "Told"}]
    first, _other = children(parent_of(around(Catch=catch)), 2)
    text = said(first, **REJECTED)
    assert "So all of it ends, and the run around it goes on at Told (a rule of Each);" in text
    assert "This ends the run of this item, and all of Each" in text
    assert "ends all of Each" in text


def test_a_retry_around_leaves_it_open_unless_it_tries_nothing(said):
    retry = [{"ErrorEquals": ["States.ALL"]}]
    (task,) = children(parent_of(around(Retry=retry)))
    assert "cannot be told: the Retry of Each takes it if" in said(task, **REJECTED)
    retry[0]["MaxAttempts"] = 0
    (task,) = children(parent_of(around(Retry=retry)))
    assert "So the whole run around it fails." in said(task, **REJECTED)


def test_items_that_share_a_run_are_said_to_fail_together(said):
    batcher = {"MaxItemsPerBatch": 10}
    (task,) = children(parent_of(around(ItemBatcher=batcher, ToleratedFailureCount=5)))
    assert "Several items are in one run there, and fail together." in said(task, **REJECTED)


def test_a_map_in_a_map_is_followed_to_the_outermost(said):
    inner = around(ToleratedFailureCount=0)
    inner["States"]["Inner"] = inner["States"].pop("Each")
    inner["StartAt"] = "Inner"
    del inner["States"]["Told"]
    outer = making.make_map_run(parent_of(around(inner, ToleratedFailureCount=2)))
    item = making.make_execution(outer, definition=making.make_definition(json.dumps(inner)))
    (task,) = children(item)
    text = said(task, **REJECTED)
    assert "Its Map Inner puts up with no failed item. So the run of the item around it" in text
    assert "Its Map Each puts up with 2 failed items." in text
    assert "and all of Inner" in text


def test_who_may_not_see_all_that_waits_is_told_no_number(people, browser_of):
    mine = making.make_policy(users=[people.approver])
    theirs = making.make_policy("Theirs", users=[making.make_person("other", Role.APPROVER)])
    run = parent_of(around())
    first, other = children(run, 2, policy=mine)
    type(other).objects.filter(pk=other.pk).update(policy=theirs)
    answer = browser_of(people.approver).post(
        f"/tasks/{first.pk}/forecast/", form_fields(first, **REJECTED)
    )
    assert "the other requests that wait in the Map end with it." in text_of(answer)


def test_a_kind_that_is_not_chosen_yet_has_the_worst_beside_it(people, said):
    policy = making.make_policy(users=[people.approver], rejection_errors=["Busy", "Wrong"])
    (task,) = children(parent_of(around()), policy=policy)
    text = said(task, output='{"Payload": {"approved": true}}')
    assert "Where no rule takes it, the run of this item fails." in text
    assert "Its Map Each puts up with no failed item." in text

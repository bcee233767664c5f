"""What a program learns of an answer before it gives it, and that a fatal one is not taken."""

from __future__ import annotations

import json

import pytest

from callbacks.models import Decision, Role, Scope
from tests import making
from tests.founding import RIGHT, WRONG, founding_definition, founding_task


@pytest.fixture
def approver(people, program_of):
    return program_of(people.approver)


def preflight(program, body):
    answer = program.post(f"/tasks/{founding_task().pk}/preflight", body)
    assert answer.status_code == 200
    return answer.json()


def test_a_right_answer_is_told_with_its_way(approver):
    found = preflight(approver, {"output": {"Payload": {"approved": True, "amount": 1.50}}})
    assert (found["verdict"], found["outcome"]) == ("ok", "continues")
    assert found["state_output"] == {"approved": True, "amount": 1.5}
    assert (found["next_state"], found["arrives_at"]) == ("Check", "Charge")


def test_a_fatal_answer_is_told_with_what_it_misses(approver):
    found = preflight(approver, {"output_text": WRONG})
    assert (found["verdict"], found["outcome"]) == ("fatal", "execution_fails")
    problem = found["problems"][0]
    assert (problem["state"], problem["rule"], problem["path"]) == (
        "Review",
        "OutputPath",
        "$.Payload",
    )
    assert "Payload" in problem["message"]


@pytest.mark.parametrize(
    ("error", "verdict", "outcome", "following"),
    [
        ("Busy", "warning", "retried", "Review"),
        ("Refused", "ok", "caught", "Tell"),
        ("Other", "warning", "execution_fails", None),
    ],
)
def test_a_rejection_is_told_with_the_rule_that_takes_it(
    approver, error, verdict, outcome, following
):
    found = preflight(approver, {"error": error, "cause": "No."})
    assert (found["verdict"], found["outcome"]) == (verdict, outcome)
    assert found["next_state"] == following
    assert (found["retry"] or {}).get("seconds_most") == (2 if outcome == "retried" else None)


def test_a_fatal_answer_is_refused_with_the_reason(approver):
    task = founding_task()
    for override in (False, True):
        body = {"output_text": WRONG, "override": override, "reason": "I know."}
        answer = approver.post(f"/tasks/{task.pk}/approve", body)
        assert (answer.status_code, answer.json()["code"]) == (422, "would_kill")
        assert "Payload" in answer.json()["errors"]["output"][0]
    assert not Decision.objects.exists()
    right = approver.post(f"/tasks/{task.pk}/approve", {"output_text": RIGHT})
    assert right.status_code == 201


def test_whoever_may_can_override_it(program_of):
    operator = making.make_person("nina", Role.APPROVER, Role.OPERATOR)
    program = program_of(operator, Scope.DECIDE)
    url = f"/tasks/{founding_task().pk}/approve"
    body = {"output_text": WRONG, "reason": "Let it die."}
    assert program.post(url, body).status_code == 422
    assert program.post(url, {**body, "override": True, "reason": ""}).status_code == 422
    assert program.post(url, {**body, "override": True}).status_code == 201


@pytest.mark.parametrize("body", [{"output": 1, "output_text": "1"}, {"output": 1, "error": "x"}])
def test_what_is_meant_has_to_be_plain(approver, body):
    answer = approver.post(f"/tasks/{founding_task().pk}/preflight", body)
    assert answer.status_code == 422
    assert "output" in answer.json()["errors"]


def test_what_a_failed_item_does_to_its_map_is_told(approver):
    config = {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
    processor = {"ProcessorConfig": config, **json.loads(founding_definition())}
    each = {"Type": "Map", "ItemProcessor": processor, "End": True}
    text = json.dumps({"StartAt": "Each", "States": {"Each": each}})
    machine = making.make_machine(definition=text)
    run = making.make_map_run(making.make_execution(machine))
    definition = making.make_definition(founding_definition())
    first, _other = (
        making.make_task(execution=making.make_execution(run, definition=definition))
        for _ in range(2)
    )
    refused = approver.post(f"/tasks/{first.pk}/approve", {"output_text": WRONG})
    assert "would end the run of this item; nothing was sent." in refused.json()["detail"]
    found = approver.post(f"/tasks/{first.pk}/preflight", {"error": "Other"}).json()
    assert found["explanation"] == [
        "No rule takes this error: the run of this item fails.",
        "Its Map Each puts up with no failed item.",
        "So the whole run around it fails; 1 other request that waits in the Map ends with it.",
    ]

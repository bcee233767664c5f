"""`manage.py iam_policy`: what it allows, and what it does not."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

from django.core.management import call_command

READER_CALLS = {
    "ListStateMachines",
    "DescribeStateMachine",
    "DescribeStateMachineForExecution",
    "ListExecutions",
    "DescribeExecution",
    "GetExecutionHistory",
    "ListTagsForResource",
}
SENDER_CALLS = {
    "SendTaskSuccess",
    "SendTaskFailure",
    "SendTaskHeartbeat",
    "StopExecution",
    "RedriveExecution",
}


def printed(**options: Any) -> list[dict[str, Any]]:
    out = StringIO()
    call_command("iam_policy", stdout=out, **options)
    statements: list[dict[str, Any]] = json.loads(out.getvalue())["Statement"]
    return statements


def allowed(statements: list[dict[str, Any]]) -> set[str]:
    return {action.removeprefix("states:") for one in statements for action in one["Action"]}


def test_reading_covers_every_call_of_the_reader_and_no_call_that_acts() -> None:
    actions = allowed(printed(role="read"))
    assert actions >= READER_CALLS
    assert not actions & {*SENDER_CALLS, "GetActivityTask", "StartExecution"}


def test_answering_covers_every_call_of_the_sender_and_nothing_else() -> None:
    assert allowed(printed(role="answer")) == SENDER_CALLS


def test_a_prefix_account_and_region_narrow_every_resource_but_the_lists() -> None:
    options = {"prefix": "pay-", "account": "210987654321", "region": "eu-west-1"}
    statements = printed(role="read", **options) + printed(role="answer", **options)
    resources = [one for statement in statements for one in statement["Resource"]]
    assert resources.count("*") == 1
    start = "arn:aws:states:eu-west-1:210987654321:"
    assert all(one.startswith(start) and ":pay-*" in one for one in resources if one != "*")


def test_answers_on_any_resource_are_there_for_who_needs_them() -> None:
    answer, steer = printed(role="answer", any_task=True)
    assert answer["Resource"] == ["*"]
    assert steer["Resource"] == ["arn:aws:states:*:*:execution:*:*"]


def test_a_key_may_be_used_through_step_functions_only() -> None:
    *_, decrypt = printed(role="read", kms_key="arn:aws:kms:eu-west-1:210987654321:key/1")
    assert decrypt["Action"] == ["kms:Decrypt"]
    assert decrypt["Condition"]["StringLike"]["kms:ViaService"].startswith("states.")

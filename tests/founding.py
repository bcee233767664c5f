"""The founding case: a state that takes `Payload` out of its answer, with a Choice behind it."""

from __future__ import annotations

import json
from typing import Any

from callbacks.models import CallbackTask
from tests import making

RIGHT, WRONG = '{"Payload": {"approved": true}}', '{"approved": true}'
RETRY = [{"ErrorEquals": ["Busy"], "IntervalSeconds": 2, "MaxAttempts": 5}]
CATCH = [{"ErrorEquals": ["Refused"], "Next": "Tell"}]


def founding_definition(**fields: Any) -> str:
    ask = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
        "Parameters": {"Payload": {"token.$": "$$.Task.Token"}},
        "OutputPath": "$.Payload",
        "Next": "Check",
        **fields,
    }
    check = {
        "Type": "Choice",
        "Choices": [{"Variable": "$.approved", "BooleanEquals": True, "Next": "Charge"}],
        "Default": "Refuse",
    }
    states = {
        "Review": ask,
        "Check": check,
        "Charge": {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "End": True},
        "Refuse": {"Type": "Fail", "Error": "Refused"},
        "Tell": {"Type": "Pass", "End": True},
    }
    return json.dumps({"StartAt": "Review", "States": states})


def founding_task(definition: str = "", **fields: Any) -> CallbackTask:
    machine = making.make_machine(
        definition=definition or founding_definition(Retry=RETRY, Catch=CATCH)
    )
    request = making.make_request(making.make_execution(machine), state="Review")
    return making.make_task(request, **fields)

"""The sample workflows: what is promised of them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from callbacks.demo.samples import PHOTOS, SAMPLES, SPARK, Sample

RETRIED = [
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.TooManyRequestsException",
]


def waiting_states(states: dict[str, Any]) -> list[dict[str, Any]]:
    inner = [
        state["ItemProcessor"]["States"] for state in states.values() if "ItemProcessor" in state
    ]
    own = [state for state in states.values() if ".waitForTaskToken" in state.get("Resource", "")]
    return own + [found for nested in inner for found in waiting_states(nested)]


def test_the_founding_case_is_the_only_state_of_the_spark_job() -> None:
    (state,) = json.loads(SPARK.definition)["States"].values()
    assert state == {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
        "OutputPath": "$.Payload",
        "Parameters": {
            "Payload": {"input.$": "$", "context.$": "$$"},
            "FunctionName": "arn:aws:lambda:eu-west-1:123456789012:function:spark-bridge:$LATEST",
        },
        "Retry": [
            {"ErrorEquals": RETRIED, "IntervalSeconds": 2, "MaxAttempts": 6, "BackoffRate": 2}
        ],
        "End": True,
    }


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.workflow)
def test_a_sample_waits_by_a_kind_of_task_that_every_emulator_knows(sample: Sample) -> None:
    (state,) = waiting_states(json.loads(sample.definition)["States"])
    assert state["Resource"] == "arn:aws:states:::lambda:invoke.waitForTaskToken"
    assert "TimeoutSeconds" in state or sample is SPARK
    assert "HeartbeatSeconds" not in state


def test_the_photo_review_has_three_items() -> None:
    assert len(PHOTOS.input["listings"]) == 3

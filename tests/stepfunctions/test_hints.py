"""Which executions a message names, in every form that AWS delivers, and nothing else of it."""

from __future__ import annotations

import base64
import gzip
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callbacks.stepfunctions.hints import LONGEST_UNPACKED, executions_in

ARN = "arn:aws:states:eu-west-1:123456789012:execution:orders:run-1"
CHILD = "arn:aws:states:eu-west-1:123456789012:execution:orders/each:run-1"
OTHER = "arn:aws-cn:states:cn-north-1:123456789012:execution:orders:run-2"


def event(arn: Any = ARN) -> dict[str, Any]:
    """dg/eventbridge-integration, shortened."""
    return {
        "version": "0",
        "detail-type": "Step Functions Execution Status Change",
        "source": "aws.states",
        "resources": [arn],
        "detail": {"executionArn": arn, "status": "SUCCEEDED", "input": '{"token": "secret"}'},
    }


def logs(*arns: str) -> dict[str, Any]:
    """What a log group's subscription carries."""
    lines = [
        {"id": str(n), "message": json.dumps({"execution_arn": a})} for n, a in enumerate(arns)
    ]
    return {"messageType": "DATA_MESSAGE", "logGroup": "g", "logEvents": lines}


def packed(message: Any) -> str:
    return base64.b64encode(gzip.compress(json.dumps(message).encode())).decode()


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(json.dumps(event()), id="an event of EventBridge"),
        pytest.param(
            json.dumps({"Type": "Notification", "Message": json.dumps(event())}), id="through SNS"
        ),
        pytest.param(json.dumps(logs(ARN)), id="log lines"),
        pytest.param(json.dumps({"awslogs": {"data": packed(logs(ARN))}}), id="packed log lines"),
        pytest.param(packed(logs(ARN)), id="packed, and nothing around it"),
        pytest.param(json.dumps({"execution_arn": ARN}), id="from whoever knows"),
        pytest.param(json.dumps([event(), {"execution_arn": ARN}]), id="several at once"),
    ],
)
def test_each_known_form_names_its_execution(body: str) -> None:
    assert executions_in(body) == (ARN,)


def test_the_child_of_a_map_run_is_an_execution_too() -> None:
    long = CHILD.replace("orders/each", f"{'o' * 80}/{'e' * 40}")
    assert executions_in(json.dumps(logs(CHILD, long))) == (CHILD, long)


def test_all_that_are_named_come_once_and_in_order() -> None:
    assert executions_in(json.dumps(logs(OTHER, ARN, OTHER))) == (OTHER, ARN)


@pytest.mark.parametrize(
    "body",
    [
        "",
        "hello",
        "null",
        "[" * 100_000,
        json.dumps({"detail": {"executionArn": 7}}),
        json.dumps({"detail": "executionArn"}),
        json.dumps({"logEvents": "many"}),
        json.dumps({"awslogs": {"data": "AAAA"}}),
        json.dumps({"Type": "Notification", "Message": None}),
        json.dumps({"execution_arn": ARN.replace(":execution:", ":stateMachine:")}),
        json.dumps({"execution_arn": ARN + "\n"}),
        json.dumps({"execution_arn": ARN + "x" * 100}),
        json.dumps({"execution_arn": ARN + "\x00"}),
        json.dumps({"execution_arn": ARN + "\ud800"}),
        json.dumps({"execution_arn": "arn:aws:states:eu-west-1:1:execution:a:b"}),
    ],
)
def test_what_is_of_no_known_form_names_none(body: str) -> None:
    assert executions_in(body) == ()


def test_a_bomb_is_not_unpacked() -> None:
    text = json.dumps(logs(ARN))[:-1] + "," + " " * LONGEST_UNPACKED + '"more": 1}'
    body = base64.b64encode(gzip.compress(text.encode())).decode()

    assert len(body) < 50_000
    assert executions_in(body) == ()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            ["detail", "executionArn", "execution_arn", "awslogs", "data", "logEvents", "message",
             "Type", "Message", "other"]
        ),
        inner,
        max_size=4,
    ),
    max_leaves=12,
)  # fmt: skip


@given(JSON)
def test_no_message_raises_anything(message: Any) -> None:
    assert executions_in(json.dumps(message)) == ()
    assert executions_in(packed(message)) == ()

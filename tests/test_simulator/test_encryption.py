"""Keys of one's own: what needs them, what does not, and how refusals read."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulator.control import Control
from tests.test_simulator.conftest import refusal
from tests.test_simulator.definitions import machine, waiting

KEY = "arn:aws:kms:eu-west-1:123456789012:key/1"


@pytest.fixture
def secret(simulator: Control) -> str:
    encryption = {"type": "CUSTOMER_MANAGED_KMS_KEY", "kmsKeyId": KEY}
    return simulator.create("secret", machine(Ask=waiting()), encryptionConfiguration=encryption)


def reads(simulator: Control, secret: str, execution: str) -> list[tuple[str, dict[str, Any]]]:
    return [
        ("DescribeStateMachine", {"stateMachineArn": secret}),
        ("DescribeStateMachineForExecution", {"executionArn": execution}),
        ("DescribeExecution", {"executionArn": execution}),
        ("GetExecutionHistory", {"executionArn": execution}),
    ]


@pytest.mark.parametrize(
    ("standing", "code"),
    [
        ("denied", "KmsAccessDeniedException"),
        ("disabled", "KmsInvalidStateException"),
        ("busy", "KmsThrottlingException"),
    ],
)
def test_reading_needs_the_key(simulator: Control, secret: str, standing: str, code: str) -> None:
    execution = simulator.start(secret)
    simulator.key(KEY, standing)
    for operation, params in reads(simulator, secret, execution):
        assert refusal(simulator.call, operation, **params).code == code
    simulator.key(KEY, "usable")
    for operation, params in reads(simulator, secret, execution):
        simulator.call(operation, **params)


def test_lists_answers_and_what_has_no_data_do_not(simulator: Control, secret: str) -> None:
    execution = simulator.start(secret)
    token = simulator.tokens(execution)[0]["token"]
    simulator.key(KEY, "denied")
    assert simulator.call("ListExecutions", stateMachineArn=secret)["executions"]
    bare = {"includedData": "METADATA_ONLY"}
    found = simulator.call("DescribeStateMachine", stateMachineArn=secret, **bare)
    assert found["encryptionConfiguration"]["kmsKeyId"] == KEY
    assert found["definition"] == "{}"
    assert "input" not in simulator.call("DescribeExecution", executionArn=execution, **bare)
    simulator.call("SendTaskSuccess", taskToken=token, output="{}")
    assert simulator.call("DescribeExecution", executionArn=execution, **bare)["status"] == (
        "SUCCEEDED"
    )

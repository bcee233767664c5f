"""The policies grant what the code calls, all of it and nothing else, and where it calls it."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore import xform_name

import callbacks
from callbacks.stepfunctions import Access, Reader, Sender, StepFunctionsError
from callbacks.stepfunctions.rights import (
    OPTIONAL,
    RIGHTS,
    Against,
    BadName,
    IamRole,
    Scope,
    checked_name,
    decrypt_statement,
    partition_of,
    policy,
    scope_of,
)

ARN = "arn:aws:states:eu-west-1:123456789012:"
PLACE = Scope(region="eu-west-1", account="123456789012")
PAY = Scope(region="eu-west-1", account="123456789012", names=("pay-*", "refund"))


class Recorder:
    """A client of which every operation is noted and denied."""

    def __init__(self) -> None:
        self.called: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        def operation(**_: Any) -> Any:
            self.called.add(name)
            raise RuntimeError

        return operation


# They call STS, which needs no right of the account.
ABOUT_CREDENTIALS = {"renew_credentials", "require_credentials"}


def operations_of(door: type[Reader] | type[Sender]) -> set[str]:
    """What its public methods call, each called once with something for every argument."""
    client = Recorder()
    known: Any = door(access=Access(region="eu-west-1"), client=client)
    for name, method in inspect.getmembers(known, inspect.ismethod):
        if name.startswith("_") or name in ABOUT_CREDENTIALS:
            continue
        needed = [
            one for one in inspect.signature(method).parameters.values() if one.default is one.empty
        ]
        given = {one.name: something(str(one.annotation)) for one in needed}
        with pytest.raises(StepFunctionsError):
            method(**given)
    return client.called


def something(kind: str) -> Any:
    if "Mapping" in kind:
        return {}
    return 1 if "int" in kind else "x"


def granted(role: IamRole) -> set[str]:
    statements = policy(roles=[role], scope=Scope())["Statement"]
    actions = [action for one in statements for action in one["Action"]]
    assert len(actions) == len(set(actions))
    return {xform_name(action.removeprefix("states:")) for action in actions}


@pytest.mark.parametrize(("door", "role"), [(Reader, IamRole.READ), (Sender, IamRole.ANSWER)])
def test_a_role_is_granted_exactly_what_its_door_calls(door: Any, role: IamRole) -> None:
    optional = {xform_name(one.operation) for one in OPTIONAL if one.role is role}
    assert granted(role) == operations_of(door) - optional
    assert optional <= operations_of(door)


def test_every_right_is_an_operation_that_aws_has() -> None:
    client = boto3.client("stepfunctions", region_name="eu-west-1")
    assert {one.operation for one in (*RIGHTS, *OPTIONAL)} <= set(
        client.meta.service_model.operation_names
    )


def test_no_other_module_calls_step_functions() -> None:
    """The emulator's samples are made up elsewhere, STS needs no right, the queue has its own."""
    known = {"reading.py", "sending.py", "identity.py", "emulator.py", "wire.py", "hint_queue.py"}
    assert {path.name for path in makers_of_calls()} <= known


def makers_of_calls() -> Iterator[Path]:
    for path in Path(callbacks.__file__).parent.rglob("*.py"):
        if re.search(r"WireCall\(", path.read_text()):
            yield path


def test_every_statement_names_its_resources() -> None:
    read = policy(roles=[IamRole.READ], scope=PAY)["Statement"]
    answer = policy(roles=[IamRole.ANSWER], scope=PAY)["Statement"]
    machines = [f"{ARN}stateMachine:pay-*", f"{ARN}stateMachine:refund"]
    runs = [f"{ARN}mapRun:pay-*/*", f"{ARN}mapRun:refund/*"]
    executions = [f"{ARN}execution:{name}" for name in ("pay-*:*", "refund:*", "refund/*")]
    lists = [*machines, *runs]
    assert [one["Resource"] for one in read] == [["*"], machines, lists, executions]
    assert [one["Resource"] for one in answer] == [
        [*machines, f"{ARN}stateMachine:refund/*"],
        executions,
    ]


@pytest.mark.parametrize(
    ("operation", "arn"),
    [
        ("ListExecutions", f"{ARN}mapRun:refund/each:1"),
        ("GetExecutionHistory", f"{ARN}execution:refund/each:1"),
        ("SendTaskSuccess", f"{ARN}stateMachine:refund/each"),
        ("StopExecution", f"{ARN}execution:pay-out/each:1"),
    ],
)
def test_the_children_of_a_named_state_machine_are_covered_and_no_others(
    operation: str, arn: str
) -> None:
    statements = policy(roles=IamRole, scope=PAY)["Statement"]
    (found,) = [one for one in statements if f"states:{operation}" in one["Action"]]
    assert any(fnmatchcase(arn, pattern) for pattern in found["Resource"])
    for other in (arn.replace("refund", "refunds"), arn.replace("pay-", "pays-")):
        assert other == arn or not any(fnmatchcase(other, one) for one in found["Resource"])


def test_only_the_list_of_state_machines_is_on_everything() -> None:
    (anything,) = [one for one in RIGHTS if one.against is Against.ACCOUNT]
    assert anything.operation == "ListStateMachines"
    wide = policy(roles=IamRole, scope=PLACE)["Statement"]
    assert [one["Sid"] for one in wide if one["Resource"] == ["*"]] == ["ListStateMachines"]


def test_answers_on_everything_are_there_where_only_that_is_accepted() -> None:
    tasks, steer = policy(roles=[IamRole.ANSWER], scope=Scope(any_task=True))["Statement"]
    assert tasks["Resource"] == ["*"]
    assert steer["Resource"] == ["arn:aws:states:*:*:execution:*:*"]


def test_a_key_is_for_readers_through_step_functions_and_for_these_state_machines() -> None:
    key = "arn:aws:kms:eu-west-1:123456789012:key/1"
    *_, decrypt = policy(roles=[IamRole.READ], scope=PAY, key_arns=[key])["Statement"]
    assert decrypt == decrypt_statement(scope=PAY, key_arns=[key])
    assert decrypt["Resource"] == [key]
    assert decrypt["Condition"]["StringLike"] == {
        "kms:ViaService": "states.eu-west-1.amazonaws.com",
        "kms:EncryptionContext:aws:states:stateMachineArn": [
            f"{ARN}stateMachine:pay-*",
            f"{ARN}stateMachine:refund",
        ],
    }


def test_a_role_that_only_answers_needs_no_key() -> None:
    given = policy(roles=[IamRole.ANSWER], scope=PLACE, key_arns=["arn:aws:kms:a:1:key/1"])
    assert "kms:Decrypt" not in str(given)


@pytest.mark.parametrize(
    ("region", "partition"),
    [
        ("eu-west-1", "aws"),
        ("cn-north-1", "aws-cn"),
        ("us-gov-west-1", "aws-us-gov"),
        ("us-west-2", "aws"),
        ("*", "aws"),
    ],
)
def test_the_region_tells_the_partition(region: str, partition: str) -> None:
    assert partition_of(region) == partition
    (first, *_) = scope_of(region=region, account="1").resources(Against.STATE_MACHINE)
    assert first.startswith(f"arn:{partition}:states:{region}:1:")


def test_an_account_that_is_not_known_yet_is_not_narrowed() -> None:
    (machine,) = scope_of(region="eu-west-1", account="").resources(Against.STATE_MACHINE)
    assert machine == "arn:aws:states:eu-west-1:*:stateMachine:*"


@pytest.mark.parametrize("name", ["*", "pay-*", "Order_2", "refund?", "Zahlung-ü", "a" * 80 + "*"])
def test_what_could_be_a_name_is_a_pattern(name: str) -> None:
    assert checked_name(name) == name


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("", "empty"),
        ("a:b", "':'"),
        ("pay/[ab]", "'/'"),
        ("${aws:username}", "'\\$'"),
        ("two words", "' '"),
        ("a" * 81, "80 characters"),
    ],
)
def test_what_could_be_no_name_is_refused_with_the_reason(name: str, why: str) -> None:
    with pytest.raises(BadName, match=why):
        checked_name(name)

"""`manage.py iam_policy`: what it prints, for whom, and what it refuses."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from callbacks.stepfunctions.rights import IamRole, policy, scope_of
from tests.making import ACCOUNT, make_connection, make_machine

KEY = "arn:aws:kms:eu-west-1:210987654321:key/1"


def run(*args: str) -> tuple[dict[str, Any], str]:
    """The policy, and what was said beside it."""
    out, beside = StringIO(), StringIO()
    call_command("iam_policy", *args, stdout=out, stderr=beside)
    return json.loads(out.getvalue()), beside.getvalue()


def resources(document: dict[str, Any]) -> list[str]:
    return [one for statement in document["Statement"] for one in statement["Resource"]]


@pytest.mark.parametrize("role", [*IamRole])
def test_a_role_gets_its_policy(role: IamRole) -> None:
    document, _ = run("--role", role)
    assert document == policy(roles=[role], scope=scope_of(region="", account=""))


def test_without_a_role_both_are_in_one_policy() -> None:
    read, answer = run("--role", "read")[0], run("--role", "answer")[0]
    assert run()[0]["Statement"] == [*read["Statement"], *answer["Statement"]]


@pytest.mark.parametrize("role", [*IamRole])
def test_names_account_and_region_narrow_every_resource_but_the_list(role: IamRole) -> None:
    place = ("--account", "210987654321", "--region", "cn-north-1")
    document, _ = run("--role", role, *place, "--prefix", "pay-", "--state-machine", "refund")
    start = "arn:aws-cn:states:cn-north-1:210987654321:"
    narrowed = [one for one in resources(document) if one != "*"]
    assert all(one.startswith(start) for one in narrowed)
    # Those of children are NAME/LABEL.
    assert {one.split(":")[6].removesuffix("/*") for one in narrowed} == {"pay-*", "refund"}


def test_another_partition_can_be_named() -> None:
    assert resources(run("--role", "answer", "--partition", "aws-us-gov")[0]) == [
        "arn:aws-us-gov:states:*:*:stateMachine:*",
        "arn:aws-us-gov:states:*:*:execution:*:*",
    ]


def test_what_aws_does_not_document_is_said_beside_the_policy() -> None:
    assert "--any-task" in run("--role", "answer")[1]
    assert run("--role", "answer", "--any-task")[1] == ""
    assert run("--role", "read")[1] == ""


def test_a_key_is_allowed_where_one_is_named() -> None:
    *_, decrypt = run("--role", "read", "--kms-key", KEY)[0]["Statement"]
    assert (decrypt["Action"], decrypt["Resource"]) == (["kms:Decrypt"], [KEY])


@pytest.mark.django_db
def test_a_connection_gives_account_and_region() -> None:
    make_connection("prod", region="us-gov-west-1")
    document, _ = run("prod", "--role", "answer")
    start = f"arn:aws-us-gov:states:us-gov-west-1:{ACCOUNT}:"
    assert all(one.startswith(start) for one in resources(document))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("args", "why"),
    [
        (("prod",), "no connection named prod. There are: lab."),
        (("lab", "--region", "eu-west-1"), "its own region and account"),
        (("--region", "Frankfurt"), "not a region"),
        (("--account", "prod"), "not an account's number"),
        (("--state-machine", "a:b"), "':' is not allowed"),
        (("--kms-key", "alias/states"), "not the ARN of a key"),
        (("--role", "write"), "invalid choice"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_the_reason(args: tuple[str, ...], why: str) -> None:
    make_connection("lab")
    with pytest.raises(CommandError, match=why):
        run(*args)


@pytest.mark.django_db
def test_a_connection_with_a_queue_of_hints_may_read_it() -> None:
    url = f"https://sqs.eu-west-1.amazonaws.com/{ACCOUNT}/hints"
    make_connection("prod", region="eu-west-1", hint_queue_url=url)
    last = run("prod", "--role", "read")[0]["Statement"][-1]
    assert last["Action"] == ["sqs:ReceiveMessage", "sqs:DeleteMessage"]
    assert last["Resource"] == [f"arn:aws:sqs:eu-west-1:{ACCOUNT}:hints"]
    assert "sqs" not in json.dumps(run("prod", "--role", "answer")[0])


@pytest.mark.django_db
def test_the_keys_of_a_connections_state_machines_are_in_its_policy() -> None:
    connection = make_connection("prod", region="eu-west-1")
    make_machine(connection, kms_key=KEY)
    make_machine(connection, kms_key="1234abcd-12ab-34cd-56ef-1234567890ab")
    make_machine(connection)
    document, beside = run("prod", "--role", "read")
    decrypt = document["Statement"][-1]
    assert decrypt["Action"] == ["kms:Decrypt"]
    own = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    assert sorted(decrypt["Resource"]) == sorted([KEY, own])
    assert "kms:ViaService" in decrypt["Condition"]["StringLike"]
    assert beside == ""
    assert "kms" not in json.dumps(run("prod", "--role", "answer")[0])


@pytest.mark.django_db
def test_an_alias_of_a_key_has_to_be_named() -> None:
    make_machine(make_connection("prod", region="eu-west-1"), kms_key="alias/pay")
    document, beside = run("prod", "--role", "read")
    assert "kms" not in json.dumps(document)
    assert "alias/pay" in beside
    assert run("prod", "--role", "read", "--kms-key", KEY)[1] == ""

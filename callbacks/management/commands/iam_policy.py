"""`manage.py iam_policy`: the least that Holdpoint's role in an AWS account must be allowed."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

# https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsstepfunctions.html
# Nothing here changes anything, and GetActivityTask, which hands out tokens, is not among it.
READ_ANY = ("states:ListStateMachines", "states:ListActivities", "states:TestState")
READ_MACHINE = (
    "states:DescribeStateMachine",
    "states:ListExecutions",
    "states:ListStateMachineAliases",
    "states:ListStateMachineVersions",
    "states:ListTagsForResource",
)
READ_EXECUTION = (
    "states:DescribeExecution",
    "states:DescribeStateMachineForExecution",
    "states:GetExecutionHistory",
    "states:ListMapRuns",
)
READ_MAP_RUN = ("states:DescribeMapRun", "states:ListExecutions")
ANSWER = ("states:SendTaskSuccess", "states:SendTaskFailure", "states:SendTaskHeartbeat")
STEER = ("states:StopExecution", "states:RedriveExecution")

Statement = dict[str, Any]


class Command(BaseCommand):
    help = (
        "Print an IAM policy as JSON: `read` for what sync needs, `answer` for what sending "
        "answers, stopping and redriving need on top."
    )
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--role", choices=("read", "answer"), required=True)
        parser.add_argument("--partition", default="aws", help="aws, aws-cn or aws-us-gov")
        parser.add_argument("--region", default="*")
        parser.add_argument("--account", default="*")
        parser.add_argument(
            "--prefix", default="", help="only state machines whose names begin like this"
        )
        parser.add_argument("--kms-key", help="ARN of a key of yours that encrypts state machines")
        parser.add_argument(
            "--any-task",
            action="store_true",
            help="answers on '*', the only form that AWS's reference documents; the scoped form "
            "works too, so try that first",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        place = f"arn:{options['partition']}:states:{options['region']}:{options['account']}"
        if options["role"] == "read":
            statements = read_statements(place, options["prefix"], options["kms_key"])
        else:
            statements = answer_statements(place, options["prefix"], options["any_task"])
        self.stdout.write(json.dumps({"Version": "2012-10-17", "Statement": statements}, indent=2))


def read_statements(place: str, prefix: str, kms_key: str | None) -> list[Statement]:
    statements = [
        _allow("ReadAnything", READ_ANY, "*"),
        _allow("ReadStateMachines", READ_MACHINE, f"{place}:stateMachine:{prefix}*"),
        # The second form is that of a distributed Map's child executions.
        _allow(
            "ReadExecutions",
            READ_EXECUTION,
            f"{place}:execution:{prefix}*:*",
            f"{place}:execution:{prefix}*/*:*",
        ),
        _allow("ReadMapRuns", READ_MAP_RUN, f"{place}:mapRun:{prefix}*/*:*"),
    ]
    return [*statements, _decrypt(kms_key)] if kms_key else statements


def answer_statements(place: str, prefix: str, any_task: bool) -> list[Statement]:
    tasks = "*" if any_task else f"{place}:stateMachine:{prefix}*"
    return [
        _allow("AnswerTasks", ANSWER, tasks),
        _allow("StopAndRedrive", STEER, f"{place}:execution:{prefix}*:*"),
    ]


def _allow(sid: str, actions: tuple[str, ...], *resources: str) -> Statement:
    return {"Sid": sid, "Effect": "Allow", "Action": [*actions], "Resource": [*resources]}


def _decrypt(key: str) -> Statement:
    through_states = {"StringLike": {"kms:ViaService": "states.*.amazonaws.com*"}}
    return _allow("ReadEncrypted", ("kms:Decrypt",), key) | {"Condition": through_states}

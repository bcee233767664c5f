"""What Holdpoint calls in an AWS account, and the IAM policies that allow just that. Pure.

Resources are those of AWS's Service Authorization Reference:
https://docs.aws.amazon.com/service-authorization/latest/reference/list_stepfunctions.html
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

Statement = dict[str, Any]

DECRYPT = "kms:Decrypt"
ASSUME_ROLE = "sts:AssumeRole"
# How sentences about a denied key begin, wherever they are kept.
KEY_DENIED = "AWS denied kms:"
# ... and about a right of ours, first of all that to read a list.
DENIED = "AWS denied states:"
LIST_DENIED = f"{DENIED}ListExecutions"
# A batch is deleted under the right to delete one.
QUEUE_ACTIONS = ("sqs:ReceiveMessage", "sqs:DeleteMessage")
# AWS's limit for the name of a state machine; ours is a pattern of such names.
LONGEST_NAME = 80
# What AWS forbids in the name of a state machine, but for the two wildcards that IAM knows.
_NO_NAME = re.compile(r"[\s\x00-\x1f\x7f-\x9f<>{}\[\]\"#%\\^|~`$&,;:/]")


class IamRole(StrEnum):
    """Reading needs nothing that changes anything; answering needs nothing that reads."""

    READ = "read"
    ANSWER = "answer"


class Against(StrEnum):
    """What AWS checks an action against."""

    ACCOUNT = "account"  # the action knows no resource
    STATE_MACHINE = "state machine"
    # Whichever is listed: a state machine's executions, or the children of a Map Run.
    LIST = "state machine or Map Run"
    EXECUTION = "execution"
    # Undocumented. The reference names no resource, so that "*" is what it promises; AWS's denials
    # name the ARN of the token's state machine, and policies on that ARN work.
    TOKEN = "token"  # noqa: S105 - no secret


@dataclass(frozen=True, slots=True)
class Right:
    """One operation of Step Functions that Holdpoint calls."""

    operation: str
    role: IamRole
    against: Against
    # Whether the caller itself must be allowed to decrypt, where a key of one's own encrypts.
    decrypts: bool = False

    @property
    def action(self) -> str:
        return f"states:{self.operation}"


# GetActivityTask, which hands out tokens, is not among them, nor is anything that starts or edits.
RIGHTS = (
    Right("ListStateMachines", IamRole.READ, Against.ACCOUNT),
    Right("DescribeStateMachine", IamRole.READ, Against.STATE_MACHINE, decrypts=True),
    Right("ListExecutions", IamRole.READ, Against.LIST),
    Right("ListTagsForResource", IamRole.READ, Against.STATE_MACHINE),
    Right("DescribeExecution", IamRole.READ, Against.EXECUTION, decrypts=True),
    Right("DescribeStateMachineForExecution", IamRole.READ, Against.EXECUTION, decrypts=True),
    Right("GetExecutionHistory", IamRole.READ, Against.EXECUTION, decrypts=True),
    Right("SendTaskSuccess", IamRole.ANSWER, Against.TOKEN),
    Right("SendTaskFailure", IamRole.ANSWER, Against.TOKEN),
    Right("SendTaskHeartbeat", IamRole.ANSWER, Against.TOKEN),
    Right("StopExecution", IamRole.ANSWER, Against.EXECUTION),
    Right("RedriveExecution", IamRole.ANSWER, Against.EXECUTION),
)
# Without it all works but the second opinion on a forecast, so no policy grants it by itself.
OPTIONAL = (Right("TestState", IamRole.READ, Against.ACCOUNT),)

# The statements of each policy, in their order.
_STATEMENTS = (
    ("ListStateMachines", IamRole.READ, Against.ACCOUNT),
    ("ReadStateMachines", IamRole.READ, Against.STATE_MACHINE),
    ("ListExecutions", IamRole.READ, Against.LIST),
    ("ReadExecutions", IamRole.READ, Against.EXECUTION),
    ("AnswerTasks", IamRole.ANSWER, Against.TOKEN),
    ("StopAndRedrive", IamRole.ANSWER, Against.EXECUTION),
)


class BadName(ValueError):
    """Not a pattern that the name of a state machine could meet; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Where the rights hold: an account and region, and state machines by name ("*" is all).

    `any_task`: answers on every resource, the one form that AWS documents.
    """

    partition: str = "aws"
    region: str = "*"
    account: str = "*"
    names: tuple[str, ...] = ("*",)
    any_task: bool = False

    def resources(self, against: Against) -> list[str]:
        if against is Against.ACCOUNT or (against is Against.TOKEN and self.any_task):
            return ["*"]
        machines = [f"stateMachine:{name}" for name in self.names]
        if against is Against.LIST:
            return self._arns([*machines, *(f"mapRun:{name}/*" for name in self.names)])
        if against is Against.EXECUTION:
            executions = [f"execution:{name}:*" for name in self.names]
            return self._arns([*executions, *self._of_children("execution")])
        if against is Against.TOKEN:
            return self._arns([*machines, *self._of_children("stateMachine")])
        return self._arns(machines)

    def _of_children(self, kind: str) -> list[str]:
        """What a distributed Map's children are called by: `NAME/LABEL`."""
        # IAM's wildcard passes over slashes and colons, so one at the end covers them.
        return [f"{kind}:{name}/*" for name in self.names if not name.endswith("*")]

    def _arns(self, resources: Sequence[str]) -> list[str]:
        return [self._arn(resource) for resource in resources]

    def _arn(self, resource: str) -> str:
        return f"arn:{self.partition}:states:{self.region}:{self.account}:{resource}"


def partition_of(region: str) -> str:
    """The first part of every ARN there; a region that we cannot place is AWS's public one."""
    if region.startswith("cn-"):
        return "aws-cn"
    return "aws-us-gov" if region.startswith("us-gov-") else "aws"


def scope_of(*, region: str, account: str, names: Sequence[str] = ()) -> Scope:
    """The scope of a connection; what is empty is not narrowed. Raises BadName."""
    return Scope(
        partition=partition_of(region),
        region=region or "*",
        account=account or "*",
        names=tuple(checked_name(name) for name in names) or ("*",),
    )


def checked_name(pattern: str) -> str:
    """Return the pattern, or raise BadName where no state machine could have such a name."""
    if not pattern:
        raise BadName("A pattern of state machine names cannot be empty; all of them is *.")
    if found := _NO_NAME.search(pattern):
        raise BadName(
            f"{pattern!r} cannot be the name of a state machine: {found[0]!r} is not allowed in "
            "it. The only wildcards are * and ?."
        )
    if len(pattern.replace("*", "")) > LONGEST_NAME:
        raise BadName(f"No state machine has a name of more than {LONGEST_NAME} characters.")
    return pattern


def policy(
    *,
    roles: Collection[IamRole],
    scope: Scope,
    key_arns: Sequence[str] = (),
    queue_url: str = "",
) -> dict[str, Any]:
    """Return the IAM policy document that allows what these roles call, and nothing else.

    `key_arns`: of the keys of one's own that encrypt state machines, where there are any;
    `queue_url`: of the queue of hints, where there is one.
    """
    statements = [
        _allow(sid, _actions(role, against), scope.resources(against))
        for sid, role, against in _STATEMENTS
        if role in roles
    ]
    if key_arns and IamRole.READ in roles:
        statements.append(decrypt_statement(scope=scope, key_arns=key_arns))
    if queue_url and IamRole.READ in roles:
        statements.append(_allow("ReadHints", QUEUE_ACTIONS, [queue_arn(queue_url, scope)]))
    return {"Version": "2012-10-17", "Statement": statements}


def decrypt_statement(*, scope: Scope, key_arns: Sequence[str]) -> Statement:
    """Return the statement for state machines that a key of one's own encrypts.

    Only readers need it: AWS answers SendTask*, StopExecution and RedriveExecution without.
    """
    # What follows the service's name in China is not documented for this condition.
    ending = "*" if scope.partition == "aws-cn" else ""
    condition = {
        "kms:ViaService": f"states.{scope.region}.amazonaws.com{ending}",
        "kms:EncryptionContext:aws:states:stateMachineArn": scope.resources(Against.STATE_MACHINE),
    }
    allow = _allow("ReadEncrypted", [DECRYPT], key_arns)
    return allow | {"Condition": {"StringLike": condition}}


def key_arn_of(key: str, scope: Scope) -> str:
    """The ARN of a key by what a state machine names it by; "" for an alias.

    IAM compares the ARN of the key itself (kms/cmks-in-iam-policies).
    """
    if key.startswith("arn:"):
        return key if ":key/" in key else ""
    if key.startswith("alias/"):
        return ""
    return f"arn:{scope.partition}:kms:{scope.region}:{scope.account}:key/{key}"


def queue_arn(url: str, scope: Scope) -> str:
    """The ARN of a queue, from its address https://sqs.REGION.amazonaws.com/ACCOUNT/NAME."""
    account, _, name = url.rstrip("/").rpartition("/")
    return f"arn:{scope.partition}:sqs:{scope.region}:{account.rpartition('/')[2]}:{name}"


def _actions(role: IamRole, against: Against) -> list[str]:
    return [one.action for one in RIGHTS if (one.role, one.against) == (role, against)]


def _allow(sid: str, actions: Sequence[str], resources: Sequence[str]) -> Statement:
    return {"Sid": sid, "Effect": "Allow", "Action": [*actions], "Resource": [*resources]}

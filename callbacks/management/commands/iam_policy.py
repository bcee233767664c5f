"""`manage.py iam_policy`: the least that Holdpoint's role in an AWS account must be allowed."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from callbacks.models import Connection
from callbacks.queries.rights import known_keys
from callbacks.stepfunctions.rights import (
    BadName,
    IamRole,
    Scope,
    checked_name,
    key_arn_of,
    partition_of,
    policy,
)

# An alias will not do: IAM compares the ARN of the key itself.
_KEY_ARN = re.compile(r"arn:[a-z-]+:kms:[a-z0-9*-]+:[0-9*]+:key/\S+")
_ACCOUNT = re.compile(r"\d{12}|\*")
_REGION = re.compile(r"[a-z]{2}[a-z-]*-\d+|\*")
ALIASES = (
    "State machines are encrypted with %s. IAM compares the ARN of the key itself: name it with "
    "--kms-key."
)
UNDOCUMENTED = (
    "AWS's reference names no resource for SendTask*, so only --any-task is documented. AWS checks "
    "the state machine all the same, so try this narrower form first."
)


class Command(BaseCommand):
    help = (
        "Print an IAM policy as JSON: `read` is what reading needs, `answer` what sending answers, "
        "stopping and redriving need; without --role both in one."
    )
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "connection",
            nargs="?",
            metavar="CONNECTION",
            help="For the account and region of the connection of this name.",
        )
        parser.add_argument("--role", choices=[str(role) for role in IamRole])
        parser.add_argument(
            "--state-machine",
            action="append",
            default=[],
            metavar="GLOB",
            help="Only state machines whose names are like this (* and ?); may be given several "
            "times. The others are listed all the same, which IAM cannot narrow, and shown as "
            "denied.",
        )
        parser.add_argument("--prefix", default="", help="The same as --state-machine 'PREFIX*'.")
        parser.add_argument("--region", help="Default: every region.")
        parser.add_argument("--account", help="Default: every account.")
        parser.add_argument(
            "--partition",
            choices=("aws", "aws-cn", "aws-us-gov"),
            help="Default: the region's.",
        )
        parser.add_argument(
            "--kms-key",
            metavar="ARN",
            help="A key of yours that encrypts state machines, for the role that reads. Those that "
            "are known of the connection are in its policy by themselves.",
        )
        parser.add_argument(
            "--any-task",
            action="store_true",
            help="Answers on '*', the only form that AWS's reference documents; the narrower form "
            "works too, so try that first.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        roles = (IamRole(options["role"]),) if options["role"] else tuple(IamRole)
        connection = _connection(options)
        scope = _scope(options, connection)
        keys = _keys(options["kms_key"], connection, scope)
        document = policy(
            roles=roles,
            scope=scope,
            key_arns=keys.arns,
            queue_url=connection.hint_queue_url if connection else "",
        )
        self.stdout.write(json.dumps(document, indent=2))
        if keys.unclear and IamRole.READ in roles:
            self.stderr.write(ALIASES % ", ".join(keys.unclear), self.style.WARNING)
        if IamRole.ANSWER in roles and not scope.any_task:
            # Beside the policy, so that what is printed can be given to IAM as it is.
            self.stderr.write(UNDOCUMENTED, self.style.WARNING)


def _connection(options: dict[str, Any]) -> Connection | None:
    name = options["connection"]
    if name is None:
        return None
    if options["region"] or options["account"] or options["partition"]:
        raise CommandError("A connection has its own region and account: name it or those.")
    found = Connection.objects.filter(name=name).first()
    if found is None:
        raise CommandError(f"There is no connection named {name}. {_known()}")
    return found


def _scope(options: dict[str, Any], connection: Connection | None) -> Scope:
    region, account = _place(options, connection)
    return Scope(
        partition=options["partition"] or partition_of(region),
        region=region,
        account=account,
        names=_names(options["state_machine"], options["prefix"]),
        any_task=options["any_task"],
    )


def _place(options: dict[str, Any], connection: Connection | None) -> tuple[str, str]:
    if connection is not None:
        return connection.region, connection.account or "*"
    return (
        _like(_REGION, options["region"], "a region"),
        _like(_ACCOUNT, options["account"], "an account's number"),
    )


def _known() -> str:
    names = ", ".join(Connection.objects.order_by("name").values_list("name", flat=True))
    return f"There are: {names}." if names else "There is none yet."


def _names(patterns: list[str], prefix: str) -> tuple[str, ...]:
    wanted = [*patterns, f"{prefix}*"] if prefix else patterns
    try:
        return tuple(checked_name(one) for one in wanted) or ("*",)
    except BadName as exc:
        raise CommandError(str(exc)) from exc


@dataclass(frozen=True, slots=True)
class _Keys:
    """`unclear`: what state machines name a key by that tells no ARN."""

    arns: tuple[str, ...]
    unclear: tuple[str, ...] = ()


def _keys(named: str | None, connection: Connection | None, scope: Scope) -> _Keys:
    given = (_key_arn(named),) if named is not None else ()
    known = known_keys(connection=connection) if connection is not None else ()
    found = {key: key_arn_of(key, scope) for key in known}
    arns = dict.fromkeys((*given, *(arn for arn in found.values() if arn)))
    unclear = () if given else tuple(key for key, arn in found.items() if not arn)
    return _Keys(tuple(arns), unclear)


def _key_arn(text: str) -> str:
    if not _KEY_ARN.fullmatch(text):
        raise CommandError(f"{text!r} is not the ARN of a key: arn:aws:kms:REGION:ACCOUNT:key/ID.")
    return text


def _like(shape: re.Pattern[str], text: str | None, what: str) -> str:
    if not text:
        return "*"
    if not shape.fullmatch(text):
        raise CommandError(f"{text!r} is not {what}.")
    return text

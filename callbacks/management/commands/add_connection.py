"""`manage.py add_connection`: an AWS account and region to mirror, checked and recorded."""

from typing import Any
from urllib.parse import urlsplit

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from callbacks.audit import AuditUnavailable
from callbacks.audit.configuration import COMMAND
from callbacks.stepfunctions import Access, StepFunctionsError
from callbacks.sync.adding import Added, NameTaken, add_connection
from callbacks.sync.trouble import describe_trouble

LONGEST_URL = 400


class Command(BaseCommand):
    help = "Add an AWS account and region to mirror; refuses one that does not answer."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="What people will read; at most 80 characters.")
        parser.add_argument("--region", required=True)
        parser.add_argument("--profile", help="A profile of the AWS configuration files.")
        parser.add_argument("--role-arn", help="A role to assume in the account.")
        parser.add_argument("--external-id", help="The role's external id.")
        parser.add_argument(
            "--hint-queue-url",
            default="",
            help="An SQS queue in this account and region with events about executions.",
        )
        parser.add_argument("--endpoint-url", help="A Step Functions other than AWS's own.")
        parser.add_argument(
            "--no-check", action="store_true", help="Add it without asking whether it answers."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        access = Access(
            region=options["region"],
            endpoint_url=options["endpoint_url"],
            profile=options["profile"],
            role_arn=options["role_arn"],
            external_id=options["external_id"],
        )
        if len(options["name"]) > 80:
            raise CommandError("The name has more than 80 characters.")
        try:
            added = add_connection(
                name=options["name"],
                access=access,
                check=not options["no_check"],
                hint_queue_url=_queue_url(options["hint_queue_url"]),
                actor=COMMAND,
                now=timezone.now(),
            )
        except StepFunctionsError as exc:
            message = describe_trouble(exc).message
            raise CommandError(f"{message} ({exc}) Nothing was added.") from exc
        except (NameTaken, AuditUnavailable) as exc:
            raise CommandError(str(exc)) from exc
        self.stdout.write(_in_words(added))


def _queue_url(given: str) -> str:
    """Raises CommandError for what cannot be a queue's address."""
    if not given:
        return ""
    parts = urlsplit(given)
    if parts.scheme not in ("http", "https") or not parts.hostname or len(given) > LONGEST_URL:
        raise CommandError(
            "The address of a queue looks like https://sqs.REGION.amazonaws.com/ACCOUNT/NAME."
        )
    return given


def _in_words(added: Added) -> str:
    connection = added.connection
    did = "Added" if added.is_new else "Changed" if added.is_changed else "Nothing to do for"
    account = f"account {connection.account}" if connection.account else "account not known yet"
    return f"{did} {connection.name}: {account}, {connection.region}."

"""`manage.py add_connection`: an AWS account and region to mirror, checked and recorded."""

from textwrap import shorten
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from callbacks.audit import AuditUnavailable
from callbacks.audit.configuration import COMMAND
from callbacks.stepfunctions import Access, StepFunctionsError
from callbacks.sync.adding import Added, MirroredAlready, NameTaken, add_connection
from callbacks.sync.admission import BadConnection
from callbacks.sync.trouble import describe_trouble

CHANGEABLE_WORDS = {
    "profile": "profile",
    "role_arn": "role",
    "external_id": "external id",
    "hint_queue_url": "hint queue",
}

LONGEST_ERROR = 200
ONLY_ONCE = (
    "Nothing was added: each request would stand twice, each with an answer of its own. "
    "--mirror-twice adds it all the same, to change over to another endpoint."
)


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
        parser.add_argument(
            "--mirror-twice",
            action="store_true",
            help="Add it although its account and region are mirrored, by another endpoint.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        access = Access(
            region=options["region"],
            # A variable that is not set leaves an option empty.
            endpoint_url=options["endpoint_url"] or None,
            profile=options["profile"] or None,
            role_arn=options["role_arn"] or None,
            external_id=options["external_id"] or None,
        )
        try:
            added = add_connection(
                name=options["name"],
                access=access,
                check=not options["no_check"],
                hint_queue_url=options["hint_queue_url"],
                may_double=options["mirror_twice"],
                actor=COMMAND,
                now=timezone.now(),
            )
        except StepFunctionsError as exc:
            message = describe_trouble(exc).message
            raise CommandError(f"{message} ({_one_line(str(exc))}) Nothing was added.") from exc
        except BadConnection as exc:
            raise CommandError(f"{exc} Nothing was added.") from exc
        except MirroredAlready as exc:
            raise CommandError(f"{exc} {ONLY_ONCE}") from exc
        except (NameTaken, AuditUnavailable) as exc:
            raise CommandError(str(exc)) from exc
        self.stdout.write(_in_words(added))


def _one_line(text: str) -> str:
    """Whatever answered may have sent a whole page."""
    seen = "".join(one if one.isprintable() else " " for one in text)
    return shorten(seen, width=LONGEST_ERROR, placeholder=" …")


def _in_words(added: Added) -> str:
    connection = added.connection
    did = "Added" if added.is_new else "Changed" if added.before else "Nothing to do for"
    account = f"account {connection.account}" if connection.account else "account not known yet"
    said = f"{did} {connection.name}: {account}, {connection.region}."
    return f"{said} {_changes(added)}" if added.before else said


def _changes(added: Added) -> str:
    """What an account and region that was there already had otherwise."""
    found = []
    if "name" in added.before:
        found.append(f"renamed from {added.before['name']} to {added.connection.name}")
    for field, word in CHANGEABLE_WORDS.items():
        if field in added.before:
            is_gone = not getattr(added.connection, field)
            found.append(f"{word} {'removed' if is_gone else 'changed'}")
    text = "; ".join(found)
    return f"{text[:1].upper()}{text[1:]}."

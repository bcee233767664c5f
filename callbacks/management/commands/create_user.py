"""`manage.py create_user`: a person with roles and teams, recorded."""

import getpass
import secrets
import sys
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from callbacks.audit import AuditUnavailable
from callbacks.audit.configuration import COMMAND
from callbacks.models import Role
from callbacks.people import PersonExists, create_person


class Command(BaseCommand):
    help = "Create a person. Asks for the password; without a terminal, makes one and prints it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")
        parser.add_argument(
            "--role",
            action="append",
            required=True,
            choices=Role.values,
            help="What the person may do; may be given several times.",
        )
        parser.add_argument(
            "--group",
            action="append",
            default=[],
            help="A team to join, made where it does not exist; may be given several times.",
        )
        parser.add_argument(
            "--password-stdin", action="store_true", help="Read the password from standard input."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        password, is_made = _password(from_stdin=options["password_stdin"])
        try:
            create_person(
                username=options["username"],
                password=password,
                roles=[Role(role) for role in options["role"]],
                teams=options["group"],
                actor=COMMAND,
                now=timezone.now(),
            )
        except ValidationError as exc:
            raise CommandError(" ".join(exc.messages)) from exc
        except (PersonExists, AuditUnavailable) as exc:
            raise CommandError(str(exc)) from exc
        self.stdout.write(f"Created {options['username']} ({', '.join(options['role'])}).")
        if is_made:
            self.stdout.write(f"Password: {password}")


def _password(*, from_stdin: bool) -> tuple[str, bool]:
    """Return the password and whether we made it up."""
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n"), False
    if not sys.stdin.isatty():
        return secrets.token_urlsafe(15), True
    password = getpass.getpass("Password: ")
    if getpass.getpass("Password again: ") != password:
        raise CommandError("The two passwords differ.")
    return password, False

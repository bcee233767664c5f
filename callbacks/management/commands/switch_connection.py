"""`manage.py switch_connection`: stop mirroring an account and region, or go on with it."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from callbacks.audit import AuditUnavailable
from callbacks.audit.configuration import COMMAND
from callbacks.sync.switching import NoSuchConnection, switch_connection

MEANING = {
    "on": "It is read again with the next pass.",
    "off": "Nothing is read of it, and no answer is taken, until it is switched on.",
}


class Command(BaseCommand):
    help = "Switch a connection off, or on again; what it showed stays."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name")
        parser.add_argument("to", choices=tuple(MEANING))

    def handle(self, *args: Any, **options: Any) -> None:
        name, to = options["name"], options["to"]
        try:
            is_changed = switch_connection(
                name=name, is_on=to == "on", actor=COMMAND, now=timezone.now()
            )
        except (NoSuchConnection, AuditUnavailable) as exc:
            raise CommandError(str(exc)) from exc
        did = f"Switched {name} {to}" if is_changed else f"{name} was {to} already"
        self.stdout.write(f"{did}. {MEANING[to]}")

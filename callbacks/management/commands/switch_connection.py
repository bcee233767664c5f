"""`manage.py switch_connection`: stop mirroring an account and region, or go on with it."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from callbacks.audit import AuditUnavailable
from callbacks.audit.configuration import COMMAND
from callbacks.models.clock import database_now
from callbacks.queries.connections import Unsent, unsent_answers
from callbacks.sync.switching import NoSuchConnection, switch_connection

MEANING = {
    "on": "It is read again with the next pass.",
    "off": (
        "Until it is switched on, no pass reads it, and no answer, heartbeat, stop or redrive is "
        "taken or sent."
    ),
}


class Command(BaseCommand):
    help = "Switch a connection off, or on again; what it showed stays."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name")
        parser.add_argument("to", choices=tuple(MEANING))

    def handle(self, *args: Any, **options: Any) -> None:
        name, to, now = options["name"], options["to"], database_now()
        # Before: what was held goes out within a second.
        unsent = unsent_answers(name=name, now=now)
        try:
            is_changed = switch_connection(name=name, is_on=to == "on", actor=COMMAND, now=now)
        except (NoSuchConnection, AuditUnavailable) as exc:
            raise CommandError(str(exc)) from exc
        did = f"Switched {name} {to}" if is_changed else f"{name} was {to} already"
        told = [
            f"{did}.",
            MEANING[to],
            _of_answers(to, unsent) if is_changed or to == "off" else "",
        ]
        self.stdout.write(" ".join(part for part in told if part))


def _of_answers(to: str, unsent: Unsent) -> str:
    """Nobody is asked again before they go out."""
    count = unsent.held if to == "off" else unsent.due
    if not count:
        return ""
    answers = "1 answer" if count == 1 else f"{count} answers"
    if to == "on":
        return f"{answers} given before {'goes' if count == 1 else 'go'} out now."
    it, rest = ("it", "is held") if count == 1 else ("they", "are held")
    return f"{answers} {rest} until then, when {it} {'goes' if count == 1 else 'go'} out unasked."

"""`manage.py create_api_key`: a key for a person's programs, printed once."""

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from callbacks.audit import AuditUnavailable
from callbacks.audit.configuration import COMMAND
from callbacks.keys import BadKeyRequest, create_key
from callbacks.models import Scope, User


class Command(BaseCommand):
    help = "Create an API key for a person and print it. It is shown this once only."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--name", required=True, metavar="LABEL", help="What the key is for.")
        parser.add_argument(
            "--scope",
            action="append",
            default=[],
            choices=Scope.values,
            help="What the key may do; may be given several times. Default: what its person may.",
        )
        parser.add_argument(
            "--state-machine",
            action="append",
            default=[],
            metavar="NAME",
            help="Only tasks of this state machine; may be given several times.",
        )
        parser.add_argument("--expires-days", type=int, metavar="N", help="Default: never.")

    def handle(self, *args: Any, **options: Any) -> None:
        now, days = timezone.now(), options["expires_days"]
        try:
            _, text = create_key(
                user=User.objects.get(username=options["username"]),
                label=options["name"],
                scopes=[Scope(one) for one in options["scope"] or tuple(Scope)],
                state_machines=options["state_machine"],
                expires_at=None if days is None else now + timedelta(days=days),
                actor=COMMAND,
                now=now,
            )
        except User.DoesNotExist as exc:
            raise CommandError(f"There is no person named {options['username']}.") from exc
        except OverflowError as exc:
            raise CommandError("That is too many days.") from exc
        except (BadKeyRequest, AuditUnavailable) as exc:
            raise CommandError(str(exc)) from exc
        self.stdout.write(text)

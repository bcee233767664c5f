"""`manage.py seed_demo`: the sample workflows on an emulator, each with a waiting execution."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from callbacks.demo.seed import seed
from callbacks.stepfunctions import StepFunctionsError
from callbacks.stepfunctions.emulator import NotAnEmulator


class Command(BaseCommand):
    help = "Create the sample state machines on an emulator and start one execution of each."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--endpoint-url", required=True, help="The emulator, never AWS itself.")
        parser.add_argument("--region", default="eu-west-1")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            started = seed(
                endpoint_url=options["endpoint_url"],
                region=options["region"],
                now=timezone.now(),
            )
        except (NotAnEmulator, StepFunctionsError) as exc:
            raise CommandError(str(exc)) from exc
        for arn in started:
            self.stdout.write(f"Started {arn}")

"""`manage.py sync`: one pass over each connection in the foreground."""

from __future__ import annotations

import json
import sys
from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from callbacks.models import Connection
from callbacks.models.clock import database_now
from callbacks.queries.connections import switch_on_command
from callbacks.sync import PassFigures, PassUnderWay, run_pass


class Command(BaseCommand):
    help = "Bring the mirror up to date, within the share of AWS's quotas that sync may use."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--connection", help="Only the connection of this name.")
        parser.add_argument(
            "--full",
            action="store_true",
            help="List and read everything, and wait where the quota share asks for it.",
        )
        parser.add_argument("--json", action="store_true", help="Print the figures as JSON.")

    def handle(self, *args: Any, **options: Any) -> None:
        figures: dict[str, PassFigures] = {}
        busy: list[str] = []
        for connection in _connections(options["connection"]):
            try:
                figures[connection.name] = self._sync(connection, full=options["full"])
            except PassUnderWay:
                busy.append(connection.name)
        if options["json"]:
            self.stdout.write(json.dumps(_summed(list(figures.values()))))
        else:
            for name, one in figures.items():
                self.stdout.write(_in_words(name, one))
        troubles = [*_under_way(busy), *_hindered(figures)]
        if troubles:
            raise CommandError(" ".join(troubles))

    def _sync(self, connection: Connection, *, full: bool) -> PassFigures:
        with tqdm(desc=connection.name, unit=" executions", disable=not sys.stderr.isatty()) as bar:

            def progress(done: int, total: int) -> None:
                bar.total = total
                bar.update(done - bar.n)

            return run_pass(connection=connection, now=database_now(), full=full, progress=progress)


def _connections(name: str | None) -> list[Connection]:
    if name is None:
        return list(Connection.objects.enabled().order_by("name"))
    found = Connection.objects.filter(name=name).first()
    if found is None:
        raise CommandError(f"There is no connection named {name}.")
    if not found.is_enabled:
        command = switch_on_command(name=name)
        raise CommandError(f"{name} is switched off: nothing is read of it. On again: {command}")
    return [found]


def _under_way(busy: list[str]) -> list[str]:
    """The worker has them: no fault, but what was asked for was not done."""
    rest = "is running, or was killed less than a minute ago."
    return [f"A pass over {name} {rest}" for name in busy]


def _hindered(figures: dict[str, PassFigures]) -> list[str]:
    found = [f"{name} ({one.error})" for name, one in figures.items() if one.error]
    return [f"Not everything could be read: {', '.join(found)}."] if found else []


def _summed(figures: list[PassFigures]) -> dict[str, Any]:
    calls: Counter[str] = Counter()
    for one in figures:
        calls.update(one.api_calls)
    return {
        "executions_listed": sum(one.executions_listed for one in figures),
        "histories_read": sum(one.histories_read for one in figures),
        "tasks_opened": sum(one.tasks_opened for one in figures),
        "tasks_closed": sum(one.tasks_closed for one in figures),
        "api_calls": dict(sorted(calls.items())),
        "throttles": sum(one.throttles for one in figures),
        "seconds": round(sum(one.seconds for one in figures), 3),
        "problems": sum(one.problems for one in figures),
        "machines_behind": sum(one.machines_behind for one in figures),
    }


def _in_words(name: str, figures: PassFigures) -> str:
    return (
        f"{name}: {figures.executions_listed} executions listed, "
        f"{figures.histories_read} histories read, {figures.tasks_opened} tasks opened, "
        f"{figures.tasks_closed} closed, {sum(figures.api_calls.values())} calls "
        f"({figures.throttles} throttled) in {figures.seconds:.1f} s."
    )

"""`manage.py up`: the whole product on this machine, with sample workflows waiting."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from celery import current_app
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connections
from django.utils import timezone

from callbacks.audit import AuditUnavailable
from callbacks.demo import ports, programs
from callbacks.demo.connection import ensure_connection
from callbacks.demo.people import SamplePerson, ensure_people
from callbacks.demo.processes import KeepsDying, NotReady, Supervisor, supervised
from callbacks.demo.seed import seed
from callbacks.stepfunctions import StepFunctionsError
from callbacks.stepfunctions.emulator import NotAnEmulator
from callbacks.sync.adding import NameTaken

START_SECONDS = 60.0
ENDPOINT_SECONDS = 10.0
EXPECTED = (
    AuditUnavailable, KeepsDying, NameTaken, NotAnEmulator, NotReady, ports.PortTaken,
    StepFunctionsError,
)  # fmt: skip


class Command(BaseCommand):
    help = (
        "Run web, worker, beat and a local Step Functions with sample workflows, and end them all "
        "with Ctrl-C. PORT is the web's port, ENDPOINT a Step Functions that runs already."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        port = _port()
        given = os.environ.get("ENDPOINT", "").rstrip("/")
        try:
            with supervised(
                folder=programs.ROOT, logs=settings.VAR_DIR / "log", say=self._say
            ) as supervisor:
                self._run(supervisor, port, given)
        except KeyboardInterrupt:
            self._say(f"Everything has ended. The data is kept under {_shown(settings.VAR_DIR)}/.")
        except EXPECTED as exc:
            raise CommandError(str(exc)) from exc

    def _run(self, supervisor: Supervisor, port: int, given: str) -> None:
        region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION", "eu-west-1")
        endpoint = given or _start_simulator(supervisor, region)
        _wait_for_endpoint(supervisor, endpoint)
        self._say("Preparing the database, the static files and the samples ...")
        people = _prepare()
        _add_samples(endpoint, region)
        self._say("Starting web, worker and beat ...")
        supervisor.start(name="web", command=programs.web(port=port))
        supervisor.start(name="worker", command=programs.worker())
        supervisor.start(name="beat", command=programs.beat())
        # Beat's own first message is an interval away.
        current_app.send_task("callbacks.tasks.start_passes")
        address = f"http://{ports.HOST}:{port}"
        supervisor.wait_for(
            lambda: ports.status_of(url=f"{address}/readyz")[0] == 200,
            what="Holdpoint",
            seconds=START_SECONDS,
        )
        self._say(_welcome(address, endpoint, people))
        supervisor.watch()

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()


def _port() -> int:
    text = os.environ.get("PORT") or "8000"
    if not text.isdecimal() or not 0 < int(text) < 65_536:
        raise CommandError(f"PORT must be a number from 1 to 65535, not {text!r}.")
    if not ports.is_free(port=int(text)):
        raise CommandError(
            f"Port {text} is in use. Stop what uses it, or take another: make demo PORT=8123"
        )
    return int(text)


def _prepare() -> list[SamplePerson]:
    call_command("migrate", interactive=False, verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    people = ensure_people(kept_in=settings.VAR_DIR / "demo-people.json", now=timezone.now())
    # The children must not inherit open connections.
    connections.close_all()
    return people


def _start_simulator(supervisor: Supervisor, region: str) -> str:
    var: Path = settings.VAR_DIR
    port = ports.kept_simulator_port(kept_in=var / "demo.json")
    supervisor.start(
        name="stepfunctions",
        command=programs.simulator(port=port, journal=var / "simulator.journal", region=region),
    )
    return f"http://{ports.HOST}:{port}"


def _wait_for_endpoint(supervisor: Supervisor, endpoint: str) -> None:
    supervisor.wait_for(
        lambda: ports.answers(url=endpoint),
        what=f"The Step Functions at {endpoint}",
        seconds=ENDPOINT_SECONDS,
    )


def _add_samples(endpoint: str, region: str) -> None:
    now = timezone.now()
    seed(endpoint_url=endpoint, region=region, now=now, only_new=True)
    ensure_connection(region=region, endpoint_url=endpoint, now=now)
    connections.close_all()


def _welcome(address: str, endpoint: str, people: list[SamplePerson]) -> str:
    lines = [
        f"  {person.username:<10} {person.password or '(was there before)':<22} {person.role}"
        for person in people
    ]
    return "\n".join(
        [
            "",
            f"Holdpoint is ready at {address}",
            f"It watches the Step Functions at {endpoint}",
            "",
            "Sign in as",
            *lines,
            "",
            f"Logs are under {_shown(settings.VAR_DIR)}/log/. Ctrl-C ends everything.",
        ]
    )


def _shown(folder: Path) -> Path:
    """As somebody in the checkout would write it."""
    return folder.relative_to(programs.ROOT) if folder.is_relative_to(programs.ROOT) else folder

"""A simulator in a process of its own, and the connection that mirrors it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from callbacks.models import Connection
from callbacks.sync import run_pass
from callbacks.sync.figures import PassFigures
from dashboard.celery import app as celery_app
from tests import making
from tests.simulator.control import Control, SimulatorProcess


@dataclass
class Shop:
    simulator: Control
    connection: Connection
    pid: int

    def start(self, name: str, definition: dict[str, Any], count: int, given: Any) -> str:
        machine = self.simulator.create(name, definition)
        self.simulator.start_many(machine, count, given)
        return machine

    def mirror(self, *, full: bool = False) -> PassFigures:
        """One pass; raises where it met trouble, for then it measured something else."""
        figures = run_pass(connection=self.connection, now=timezone.now(), full=full)
        if figures.error or figures.problems:
            raise RuntimeError(f"the pass had trouble: {figures}")
        return figures


@contextmanager
def shop(name: str) -> Iterator[Shop]:
    making.default_policy()
    # Messages go to this installation's broker, as the web process sends them.
    celery_app.set_current()
    process = SimulatorProcess()
    with process as simulator:
        connection = making.make_connection(name, endpoint_url=simulator.url)
        yield Shop(simulator=simulator, connection=connection, pid=process.pid)

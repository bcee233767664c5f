"""One simulator: its clock, its service, its faults and its log, and how they start again."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.simulator.calls import CallLog
from tests.simulator.clock import Clock
from tests.simulator.engine import Engine
from tests.simulator.faultlist import FaultList
from tests.simulator.journal import Journal
from tests.simulator.jsontext import Json
from tests.simulator.quotas import Quotas
from tests.simulator.service import Service


@dataclass(frozen=True, slots=True)
class Options:
    region: str = "eu-west-1"
    account: str = "123456789012"
    journal: Path | None = None
    seed: str | None = None
    frozen: bool = False  # the clock stands still but for `advance`
    start: float | None = None  # seconds since the epoch; None: the wall clock


class Simulator:
    def __init__(self, options: Options) -> None:
        self.options = options
        self.journal = Journal(options.journal) if options.journal else None
        self._begin(fresh=False)

    def _begin(self, *, fresh: bool) -> None:
        self.clock = Clock(start=self.options.start, frozen=self.options.frozen)
        self.faults = FaultList()
        self.calls = CallLog()
        self.quotas = Quotas(self.options.region)
        entries = list(self.journal.read()) if self.journal and not fresh else []
        seed = entries[0]["seed"] if entries else self.options.seed or secrets.token_hex(16)
        self.engine = Engine(seed=seed, region=self.options.region, account=self.options.account)
        self.service = Service(self.engine, seed)
        self._replay(entries[1:])
        if self.journal is not None:
            if not entries:
                self.journal.append({"seed": seed})
            self.engine.recorder = self._write
        self.catch_up()

    def _replay(self, entries: list[Json]) -> None:
        """Repeat the commands, each at its own time; the timers between them fire on their own."""
        for at, name, arguments in entries:
            self.clock.not_before(at)
            if name == "advance":
                self.clock.advance(arguments["seconds"])
                continue
            self.engine.run_until(at)
            getattr(self.engine, name)(**arguments)

    def _write(self, at: float, name: str, arguments: dict[str, Json]) -> None:
        assert self.journal is not None
        self.journal.append([at, name, arguments])

    def catch_up(self) -> float:
        """Let the engine reach the present; returns it."""
        now = self.clock.now()
        self.engine.run_until(now)
        return self.engine.now

    def advance(self, seconds: float) -> float:
        at = self.catch_up()
        self.clock.advance(seconds)
        if self.journal is not None:
            self.journal.append([at, "advance", {"seconds": seconds}])
        return self.catch_up()

    def reset(self) -> None:
        """Forget everything, the journal too; held calls are let go."""
        self.faults.release()
        if self.journal is not None:
            self.journal.clear()
        self._begin(fresh=True)

    def call(self, operation: str, params: dict[str, Json]) -> dict[str, Any]:
        """Apply one operation at the present moment; raises ServiceError."""
        self.catch_up()
        return self.service.call(operation, params)

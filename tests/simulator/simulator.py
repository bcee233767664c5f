"""One simulator: its clock, its places, and how they start again."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.simulator.calls import CallLog
from tests.simulator.catalogue import Recorder
from tests.simulator.clock import Clock
from tests.simulator.engine import Engine
from tests.simulator.faultlist import FaultList
from tests.simulator.journal import Journal
from tests.simulator.jsontext import Json
from tests.simulator.place import Place
from tests.simulator.quotas import Quotas
from tests.simulator.service import Service
from tests.simulator.sts import Sts


@dataclass(frozen=True, slots=True)
class Options:
    region: str = "eu-west-1"
    account: str = "123456789012"
    journal: Path | None = None
    seed: str | None = None
    frozen: bool = False  # the clock stands still but for `advance`
    start: float | None = None  # seconds since the epoch; None: the wall clock
    separate: bool = False  # accounts and regions are told apart, and STS answers


class Simulator:
    """Serves one place, whatever region a client names, until it is told to keep them apart."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.journal = Journal(options.journal) if options.journal else None
        self._begin(fresh=False)

    def _begin(self, *, fresh: bool) -> None:
        self.clock = Clock(start=self.options.start, frozen=self.options.frozen)
        entries = list(self.journal.read()) if self.journal and not fresh else []
        self._seed = entries[0]["seed"] if entries else self.options.seed or secrets.token_hex(16)
        self.is_separate = self.options.separate
        self.sts = Sts(self.options.account)
        self._is_live = False
        self._places: dict[tuple[str, str], Place] = {}
        self.home = self.place(self.options.account, self.options.region)
        self._replay(entries[1:])
        if self.journal is not None and not entries:
            self.journal.append({"seed": self._seed})
        self._is_live = True
        for place in self._places.values():
            self._go_live(place)

    # -- places -------------------------------------------------------------------------------

    def place(self, account: str, region: str) -> Place:
        """The place, which is made empty when it is first asked for."""
        found = self._places.get((account, region))
        if found is None:
            # The first place keeps the plain seed: what its tokens look like is in journals.
            seed = f"{self._seed}/{account}/{region}" if self._places else self._seed
            found = Place(self, account, region, seed)
            self._places[account, region] = found
            if self._is_live:
                self._go_live(found)
        return found

    def place_for(self, account: str, region: str | None) -> Place:
        """Where a call of the account with the region in its signature belongs."""
        if not self.is_separate:
            return self.home
        return self.place(account, region or self.options.region)

    @property
    def engine(self) -> Engine:
        return self.home.engine

    @property
    def service(self) -> Service:
        return self.home.service

    @property
    def faults(self) -> FaultList:
        return self.home.faults

    @property
    def calls(self) -> CallLog:
        return self.home.calls

    @property
    def quotas(self) -> Quotas:
        return self.home.quotas

    def call(self, operation: str, params: dict[str, Json]) -> dict[str, Any]:
        return self.home.call(operation, params)

    # -- the journal --------------------------------------------------------------------------

    def _replay(self, entries: list[Json]) -> None:
        """Repeat the commands, each at its own time; the timers between them fire on their own."""
        for at, name, arguments, *where in entries:
            self.clock.not_before(at)
            if name in COMMANDS:
                COMMANDS[name](self, **arguments)
                continue
            engine = (self.place(*where[0].split("/")) if where else self.home).engine
            engine.run_until(at)
            getattr(engine, name)(**arguments)

    def _go_live(self, place: Place) -> None:
        """Let the place reach the present, and note from now on what is done to it."""
        if self.journal is not None:
            place.engine.recorder = self._recorder(place, self.journal.append)
        place.engine.run_until(self.clock.now())

    def _recorder(self, place: Place, append: Callable[[Json], None]) -> Recorder:
        where = [] if place is self.home else [f"{place.account}/{place.region}"]

        def write(at: float, name: str, arguments: dict[str, Json]) -> None:
            append([at, name, arguments, *where])

        return write

    def _do(self, command: str, /, **arguments: Json) -> None:
        """Do what concerns no place alone, and note it."""
        at = self.catch_up()
        COMMANDS[command](self, **arguments)
        if self.journal is not None:
            self.journal.append([at, command, arguments])

    # -- time and all places at once ----------------------------------------------------------

    def catch_up(self) -> float:
        """Let all engines reach the present; returns it."""
        now = self.clock.now()
        for place in self._places.values():
            place.engine.run_until(now)
        return self.engine.now

    def next_due(self) -> float | None:
        dues = [place.engine.next_due() for place in self._places.values()]
        return min((due for due in dues if due is not None), default=None)

    def advance(self, seconds: float) -> float:
        self._do("advance", seconds=seconds)
        return self.catch_up()

    def separate(self) -> None:
        """From now on tell accounts and regions apart, and answer for STS."""
        if not self.is_separate:
            self._do("separate")

    def grant(self, **session: Json) -> None:
        """Make credentials valid, as `Sts.grant`."""
        self._do("grant", **session)

    def require_external_id(self, role_arn: str, external_id: str | None) -> None:
        self._do("require_external_id", role_arn=role_arn, external_id=external_id)

    def expire_sessions(self) -> None:
        """End all credentials that AssumeRole has given out."""
        self._do("expire_sessions", now=self.engine.now)

    def release(self) -> None:
        """Let all held calls go on."""
        for place in self._places.values():
            place.faults.release()

    def reset(self) -> None:
        """Forget everything, the journal too; held calls are let go."""
        self.release()
        if self.journal is not None:
            self.journal.clear()
        self._begin(fresh=True)


def _separate(simulator: Simulator) -> None:
    simulator.is_separate = True


COMMANDS: dict[str, Callable[..., None]] = {
    "advance": lambda simulator, seconds: simulator.clock.advance(seconds),
    "separate": _separate,
    "grant": lambda simulator, **session: simulator.sts.grant(**session),
    "require_external_id": lambda simulator, **given: simulator.sts.require(**given),
    "expire_sessions": lambda simulator, now: simulator.sts.expire(now),
}

"""The lists of one pass: which machines are looked at and swept, as far as the calls go."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta

from django.conf import settings

from callbacks.models import StateMachine
from callbacks.stepfunctions.rights import LIST_DENIED
from callbacks.sync import schedule
from callbacks.sync.asking import Asking
from callbacks.sync.looks import OPERATION, Seen, look
from callbacks.sync.machines import bring_back_denied, is_set_aside, to_probe
from callbacks.sync.schedule import ListFacts
from callbacks.sync.sweeps import sweep

# What concerns one machine alone is noted there, and the others go on.
Noting = Callable[[StateMachine], AbstractContextManager[None]]


class Lister:
    def __init__(
        self,
        *,
        asking: Asking,
        noting: Noting,
        now: datetime,
        everything: bool,
        before: datetime | None,
        see_again: Callable[[StateMachine, datetime], None],
    ) -> None:
        """`before`: when state machines were last listed before this pass, None where never: what
        is new since did not exist then.

        `see_again` is told the latest start of what is new in a machine: its definition, seen
        again after that, is theirs for certain.
        """
        self.lines = 0
        self.closed = 0
        self._asking = asking
        self._noting = noting
        self._now = now
        self._everything = everything
        self._before = before
        self._see_again = see_again
        # Only just known, from now on: there is nothing to look back at.
        self._fresh: set[StateMachine] = set()
        self._swept: set[StateMachine] = set()

    def run(self, machines: Iterable[StateMachine], *, is_backlogged: bool) -> None:
        """Look at what is due, most urgent first; sweep with the calls that are left over."""
        rows, probe = self._to_try(list(machines))
        for machine in rows:
            self._begin(machine)
        per_second = self._asking.purse.rate(OPERATION)
        beyond = schedule.calls_of_looks(
            machines=len(rows),
            calls_per_second=per_second,
            pass_seconds=settings.SYNC_INTERVAL_SECONDS,
        )
        self._first_sweeps(rows, beyond=beyond)
        due = self._looks_due(rows, per_second, is_backlogged=is_backlogged)
        if probe is not None and probe not in due and probe not in self._fresh:
            due.insert(0, probe)
        for machine in due:
            if not self._asking.may(OPERATION):
                return
            self._look(machine)
        for machine in schedule.sweeps_due(_with_facts(rows), is_backlogged=is_backlogged):
            if not self._asking.may(OPERATION, beyond=beyond):
                return
            if machine not in self._swept:
                self._sweep(machine, beyond=beyond)

    def _to_try(
        self, machines: list[StateMachine]
    ) -> tuple[list[StateMachine], StateMachine | None]:
        """All but those that AWS has refused just now, with one of these where it is time."""
        aside = {one for one in machines if is_set_aside(machine=one, now=self._now)}
        probe = to_probe(machines=aside, now=self._now)
        return [one for one in machines if one not in aside or one == probe], probe

    def _begin(self, machine: StateMachine) -> None:
        if machine.looked_at is not None:
            return
        machine.looked_at = self._before or self._asking.aws_now(self._now)
        machine.save(update_fields=["looked_at"])
        if self._before is None:
            self._fresh.add(machine)

    def _first_sweeps(self, machines: list[StateMachine], *, beyond: float) -> None:
        """Before all else: of these machines nothing is known yet."""
        for machine in machines:
            # The first look at a Map Run finds all of it, only later: others are not to wait.
            spared = beyond if machine.is_map_run else 0
            if machine.swept_at is None and self._asking.may(OPERATION, beyond=spared):
                self._sweep(machine, beyond=spared)

    def _looks_due(
        self, machines: list[StateMachine], per_second: float, *, is_backlogged: bool
    ) -> list[StateMachine]:
        known = [machine for machine in machines if machine not in self._fresh]
        if self._everything:
            return known
        return schedule.looks_due(
            _with_facts(known),
            calls_per_second=per_second,
            pass_seconds=settings.SYNC_INTERVAL_SECONDS,
            is_backlogged=is_backlogged,
            now=self._now,
        )

    def _look(self, machine: StateMachine) -> None:
        everything = self._everything
        was_denied = machine.problem.startswith(LIST_DENIED)
        with self._noting(machine):
            seen = look(asking=self._asking, machine=machine, now=self._now, everything=everything)
            self._count(machine, seen, was_denied=was_denied)
            return
        # What has just failed is not asked in another way.
        self._swept.add(machine)

    def _sweep(self, machine: StateMachine, *, beyond: float) -> None:
        self._swept.add(machine)
        was_denied = machine.problem.startswith(LIST_DENIED)
        with self._noting(machine):
            seen = sweep(
                asking=self._asking,
                machine=machine,
                now=self._now,
                beyond=beyond,
                everything=self._everything,
            )
            self._count(machine, seen, was_denied=was_denied)

    def _count(self, machine: StateMachine, seen: Seen, *, was_denied: bool) -> None:
        if was_denied:
            bring_back_denied(machine.connection_id)
        self.lines += seen.lines
        self.closed += seen.closed
        if seen.latest_start is not None:
            self._see_again(machine, seen.latest_start)


def behind(machines: Iterable[StateMachine], *, now: datetime, after: timedelta) -> int:
    """Machines of which something may have begun or ended that nobody has looked at yet."""
    return sum(
        1
        for one in machines
        if one.look_token or one.listed_at is None or now - one.listed_at > after
    )


def _with_facts(machines: Iterable[StateMachine]) -> list[tuple[StateMachine, ListFacts]]:
    return [(machine, _facts(machine)) for machine in machines]


def _facts(machine: StateMachine) -> ListFacts:
    return ListFacts(
        looked_at=machine.listed_at,
        swept_at=machine.swept_at,
        news=machine.news,
        look_goes_on=bool(machine.look_token),
        sweep_goes_on=bool(machine.sweep_token),
    )

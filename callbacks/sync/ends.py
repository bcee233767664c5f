"""Executions that began and ended between two passes, which no list of the running ones shows.

The list of all has the newest first, running ones by their start and the others by their end
(API_ListExecutions), so what has ended since the last look stands at its top. A look that does not
come to its end within one pass goes on in the next from the page where it stopped.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from callbacks.models import Execution, StateMachine
from callbacks.models.identity import execution_id
from callbacks.stepfunctions import ExecutionSummary, PageExpired
from callbacks.sync.asking import Asking
from callbacks.sync.candidates import Candidate
from callbacks.sync.plan import RUNNING, Target

OPERATION = "ListExecutions"
# More than the histories that a pass may read of them; AWS counts calls, not lines.
PAGE_SIZE = 100
# The list is only eventually consistent, and two clocks may differ.
LAG = timedelta(seconds=60)
# Where the lists of running ones use all calls, one machine at a time has its turn after this.
LONGEST_UNSEEN = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Look:
    """What one machine's list showed in this pass, and where the next look begins."""

    machine: StateMachine
    candidates: tuple[Candidate, ...]
    began_at: datetime
    next_token: str
    is_whole: bool


class EndsFinder:
    """Looks for them, and remembers how far once all that was found has been read."""

    def __init__(self, *, asking: Asking, now: datetime, before: datetime | None) -> None:
        """`before`: when the pass before this one began, None where this is the first."""
        self._asking = asking
        self._now = now
        self._before = before
        self._due: dict[UUID, StateMachine] = {}
        self._looks: list[Look] = []
        # Machines of which something may have ended that is not read yet.
        self.behind = 0

    def begin(self, machines: Iterable[StateMachine]) -> None:
        """Say which machines there are; of one that is new, only what happens from now on."""
        for machine in machines:
            if machine.definition is None or not machine.definition.can_wait:
                continue
            if machine.ends_known_at is None:
                machine.ends_known_at = self._before or self._asking.aws_now(self._now)
                machine.save(update_fields=["ends_known_at"])
                if self._before is None:
                    continue
            self._due[machine.pk] = machine
        self.behind = len(self._due)

    def overdue(self) -> list[StateMachine]:
        """The machine longest without a whole look, where that is too long."""
        limit = self._asking.aws_now(self._now) - LONGEST_UNSEEN
        return [one for one in self._in_turn() if _known_at(one) < limit][:1]

    def due(self, listed: Container[UUID]) -> list[StateMachine]:
        """Those not looked at yet, of which the running ones were listed in this pass."""
        done = {look.machine.pk for look in self._looks}
        return [one for one in self._in_turn() if one.pk in listed and one.pk not in done]

    def look(
        self, machine: StateMachine, *, known: Container[str], beyond: float, everything: bool
    ) -> Look:
        """List from the newest, or from where the last look stopped. Raises StepFunctionsError.

        `known` are ARNs that this pass follows anyway; `beyond` is how many calls to leave.
        """
        since = _known_at(machine) - LAG
        began_at = machine.ends_began_at or self._asking.aws_now(self._now)
        token, found, is_whole = machine.ends_token, list[Candidate](), False
        while True:
            page, following = self._page(machine, token)
            found += self._unread(machine, ended_since(page, since=since), known)
            token = following or ""
            is_whole = not token or reaches_back(page, since=since)
            enough = not everything and len(found) >= PAGE_SIZE
            if is_whole or enough or not self._asking.may(OPERATION, beyond=beyond):
                break
        look = Look(machine, tuple(found), began_at, token, is_whole)
        self._looks.append(look)
        return look

    def settle(self, followed: Container[str]) -> None:
        """Remember how far: not past anything that is not read, so that it is found again."""
        for look in self._looks:
            if not all(one.target.arn in followed for one in look.candidates):
                continue
            machine = look.machine
            if look.is_whole:
                machine.ends_known_at, machine.ends_began_at = look.began_at, None
                machine.ends_token = ""
                self.behind -= 1
            else:
                machine.ends_began_at, machine.ends_token = look.began_at, look.next_token
            machine.save(update_fields=["ends_known_at", "ends_began_at", "ends_token"])

    def _in_turn(self) -> list[StateMachine]:
        return sorted(self._due.values(), key=lambda one: (_known_at(one), one.pk))

    def _page(
        self, machine: StateMachine, token: str
    ) -> tuple[Sequence[ExecutionSummary], str | None]:
        ask = partial(
            self._asking.reader.execution_page,
            state_machine_arn=machine.arn,
            status=None,
            limit=PAGE_SIZE,
        )
        try:
            page = ask(next_token=token)
        except PageExpired:
            # From the start once more: what is read already is in the mirror.
            page = ask()
        return page.executions, page.next_token

    def _unread(
        self, machine: StateMachine, ended: Sequence[ExecutionSummary], known: Container[str]
    ) -> list[Candidate]:
        """Those that the mirror does not hold, or holds as they were before a redrive."""
        keys = [execution_id(connection=machine.connection_id, arn=one.arn) for one in ended]
        held = dict(Execution.objects.filter(pk__in=keys).values_list("arn", "redrive_count"))
        unread = [
            one
            for one in ended
            if one.arn not in known and held.get(one.arn, -1) < one.redrive_count
        ]
        # What has waited longest comes first, as everywhere.
        unread.sort(key=lambda one: one.started_at)
        return [_candidate(machine, one) for one in unread]


def ended_since(page: Iterable[ExecutionSummary], *, since: datetime) -> list[ExecutionSummary]:
    return [one for one in page if one.status != RUNNING and latest(one) >= since]


def reaches_back(page: Iterable[ExecutionSummary], *, since: datetime) -> bool:
    """Whether nothing further down can have begun and ended since then.

    Holds too for emulators, which have all of them by their start: what began before something
    whose last moment is older has begun before that time as well.
    """
    return any(latest(one) < since for one in page)


def latest(execution: ExecutionSummary) -> datetime:
    """The last moment at which something happened to it, as far as its line in a list says."""
    return execution.stopped_at or execution.redriven_at or execution.started_at


def _known_at(machine: StateMachine) -> datetime:
    assert machine.ends_known_at is not None  # noqa: S101 - `begin` has set it
    return machine.ends_known_at


def _candidate(machine: StateMachine, execution: ExecutionSummary) -> Candidate:
    target = Target(
        arn=execution.arn, name=execution.name, started_at=execution.started_at, has_left=True
    )
    return Candidate(machine_id=machine.pk, target=target)

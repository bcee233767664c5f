"""One pass over a connection: list, see what is new, gone or due, read it, write it down."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import Q

from callbacks.models import Connection, Execution, ExecutionStatus, StateMachine
from callbacks.stepfunctions import StepFunctionsError, Throttled
from callbacks.sync import health, machines
from callbacks.sync.asking import Asking
from callbacks.sync.budget import Budget
from callbacks.sync.candidates import (
    LONG_AGO,
    Candidate,
    Listing,
    Row,
    find_candidates,
    taking_turns,
)
from callbacks.sync.ends import EndsFinder
from callbacks.sync.figures import PassFigures, count_calls
from callbacks.sync.follow import Follower
from callbacks.sync.lease import Hold, held_lease
from callbacks.sync.recovering import recover
from callbacks.sync.trouble import is_of_the_connection, is_silence

logger = logging.getLogger(__name__)

Progress = Callable[[int, int], None]
# So many calls in a row without an answer: it is not what was asked for.
SILENT_IN_A_ROW = 3
NONE_TO_SPARE = float("inf")


class PassUnderWay(Exception):
    """Another pass of this connection is running, or was killed moments ago."""


class _Hopeless(Exception):
    """Nothing more can be asked in this pass; the reason is noted."""


def run_pass(
    *,
    connection: Connection,
    now: datetime,
    full: bool = False,
    progress: Progress | None = None,
) -> PassFigures:
    """Bring the mirror of one connection up to date, as far as the call budget goes.

    `full` lists and reads everything and takes the time that the budget needs for that;
    `progress` is called with how many executions of how many are done. What AWS answers badly is
    recorded, never raised. Raises PassUnderWay.
    """
    with held_lease(
        name=f"sync:{connection.pk}", seconds=settings.SYNC_LEASE_SECONDS, now=now
    ) as hold:
        if hold is None:
            raise PassUnderWay(connection.name)
        return _Pass(connection, hold, now, full=full, progress=progress).run()


@dataclass(frozen=True, slots=True)
class _Listed:
    machines: tuple[StateMachine, ...] = ()
    listings: tuple[Listing, ...] = ()

    @property
    def executions(self) -> int:
        return sum(len(listing.executions) for listing in self.listings)

    @property
    def known_at(self) -> datetime | None:
        """When the machine longest unlisted was listed; those that cannot be say so themselves."""
        moments = [machine.listed_at for machine in self.machines if not machine.problem]
        return min((at or LONG_AGO for at in moments), default=None)

    @property
    def is_in_vain(self) -> bool:
        return bool(self.machines) and all(machine.problem for machine in self.machines)


class _Pass:
    """The steps of one pass, and what it has found so far."""

    def __init__(
        self,
        connection: Connection,
        hold: Hold,
        now: datetime,
        *,
        full: bool,
        progress: Progress | None,
    ) -> None:
        self._connection = connection
        self._hold = hold
        self._now = now
        self._full = full
        self._progress = progress or (lambda done, total: None)
        self._began = self._extended = time.monotonic()
        left = health.begin(connection=connection, now=now)
        budget = Budget(
            share=settings.SYNC_QUOTA_SHARE, levels=left.levels, seconds=left.seconds_ago
        )
        self._asking = Asking(
            connection=connection, budget=budget, patient=full, keep_alive=self._keep_lease
        )
        self._follower = Follower(asking=self._asking, now=now)
        self._ends = EndsFinder(asking=self._asking, now=now, before=left.began_at)
        self._ended: list[Candidate] = []
        self._followed: set[str] = set()
        self._listed = _Listed()
        self._has_machines = False
        self._is_hopeless = False
        # Until everything that has changed is read, what was known gets no younger.
        self._is_behind = True
        self._silent = 0
        self._missed = 0

    def run(self) -> PassFigures:
        try:
            self._work()
        except _Hopeless:
            self._is_hopeless = True
            logger.info("The pass over %s ended early.", self._connection.name)
        finally:
            figures = self._finish()
        return figures

    def _work(self) -> None:
        self._mirror_machines()
        rows = _rows(self._connection, self._now)
        self._listed = self._list(rows)
        candidates = find_candidates(
            rows=rows,
            listings=self._listed.listings,
            gone_machines=self._gone_machines(),
            now=self._now,
            everything=self._full,
        )
        urgent = (*self._recovered(), *candidates.urgent)
        # What is over shares with what is open: neither a crowd that came and went nor one that
        # waits keeps the other out.
        rest = tuple(taking_turns(_without(self._ended, urgent), candidates.rest))
        total = len(urgent) + len(rest)
        done = 0
        for candidate in (*urgent, *rest):
            if not self._asking.may("GetExecutionHistory"):
                break
            self._follow(candidate)
            done += 1
            self._progress(done, total)
        unread = done < len(urgent) or self._missed > 0
        self._is_behind = unread or not self._has_machines
        self._ends.settle(self._followed)

    # -- machines -------------------------------------------------------------------------------

    def _mirror_machines(self) -> None:
        with self._noting():
            listed = self._asking.reader.list_state_machines()
            machines.mirror_machines(connection=self._connection, listed=listed, now=self._now)
            self._has_machines = True
        for machine in machines.to_describe(connection=self._connection, now=self._now):
            self._describe(machine)
        for machine in machines.to_tag(connection=self._connection, now=self._now):
            self._read_tags(machine)

    def _describe(self, machine: StateMachine) -> None:
        if not self._asking.may("DescribeStateMachine"):
            return
        with self._noting(machine):
            aws_now = self._asking.aws_now(self._now)
            machines.describe(reader=self._asking.reader, machine=machine, aws_now=aws_now)

    def _read_tags(self, machine: StateMachine) -> None:
        if self._asking.may("ListTagsForResource"):
            with self._noting(machine):
                machines.read_tags(reader=self._asking.reader, machine=machine, now=self._now)

    def _gone_machines(self) -> set[UUID]:
        gone = StateMachine.objects.filter(connection=self._connection).exclude(gone_at=None)
        return set(gone.values_list("pk", flat=True))

    # -- lists ----------------------------------------------------------------------------------

    def _list(self, rows: dict[str, Row]) -> _Listed:
        running = {row.machine_id for row in rows.values()}
        to_list = machines.to_list(
            connection=self._connection, with_running=running, everything=self._full
        )
        self._ends.begin(to_list)
        for machine in self._ends.overdue() if self._asking.may("ListExecutions") else ():
            self._look_for_ends(machine, rows, beyond=NONE_TO_SPARE)
        before = self._calls_of_lists()
        listings = tuple(found for machine in to_list if (found := self._list_one(machine, rows)))
        # The next pass has to list the running ones again.
        beyond = self._calls_of_lists() - before
        for machine in self._ends.due({listing.machine_id for listing in listings}):
            if self._asking.may("ListExecutions", beyond=beyond):
                self._look_for_ends(machine, rows, beyond=beyond)
        return _Listed(tuple(to_list), listings)

    def _calls_of_lists(self) -> int:
        return self._asking.counter.calls.get("ListExecutions", 0)

    def _list_one(self, machine: StateMachine, rows: dict[str, Row]) -> Listing | None:
        """List to the end; None where that did not work, and then nothing follows from it."""
        if not self._asking.may("ListExecutions"):
            return None
        with self._noting(machine):
            executions = self._asking.reader.list_executions(state_machine_arn=machine.arn)
            machine.listed_at, machine.problem = self._now, ""
            machine.save(update_fields=["listed_at", "problem"])
            self._see_definition(machine, [x.started_at for x in executions if x.arn not in rows])
            return Listing(machine.pk, executions)
        return None

    def _see_definition(self, machine: StateMachine, started: list[datetime]) -> None:
        """Seen again after their start, the definition is theirs for certain."""
        if started and (machine.described_at is None or max(started) > machine.described_at):
            self._describe(machine)
        self._follower.know(machine)

    def _look_for_ends(self, machine: StateMachine, rows: dict[str, Row], *, beyond: float) -> None:
        """`beyond`: how many calls to leave, should it be more than one page."""
        with self._noting():
            look = self._ends.look(machine, known=rows, beyond=beyond, everything=self._full)
            self._ended += look.candidates
            self._see_definition(machine, [one.target.started_at for one in look.candidates])

    # -- executions -----------------------------------------------------------------------------

    def _follow(self, candidate: Candidate) -> None:
        try:
            self._follower.follow(candidate)
            self._followed.add(candidate.target.arn)
            self._silent = 0
        except Throttled as exc:
            self._asking.note(exc)
            self._missed += 1
        except StepFunctionsError as exc:
            is_hopeless = self._is_last_straw(exc)
            self._asking.note(exc, is_common=is_hopeless)
            if not is_of_the_connection(exc):
                self._follower.set_aside(candidate, exc)
                self._followed.add(candidate.target.arn)
            if is_hopeless:
                raise _Hopeless from None

    def _is_last_straw(self, error: StepFunctionsError) -> bool:
        """Whether nothing that is asked next would fare better."""
        self._silent = self._silent + 1 if is_silence(error) else 0
        return is_of_the_connection(error) or self._silent == SILENT_IN_A_ROW

    def _recovered(self) -> list[Candidate]:
        found: list[Candidate] = []
        with self._noting():
            found.extend(recover(asking=self._asking, connection=self._connection, now=self._now))
        return found

    # -- the frame ------------------------------------------------------------------------------

    @contextmanager
    def _noting(self, machine: StateMachine | None = None) -> Iterator[None]:
        """Go on after what concerns this call alone; stop where nothing else would fare better."""
        try:
            yield
            self._silent = 0
        except StepFunctionsError as exc:
            trouble = self._asking.note(exc)
            if machine is not None and not isinstance(exc, Throttled):
                machine.problem = trouble.message[:500]
                machine.save(update_fields=["problem"])
            if self._is_last_straw(exc):
                raise _Hopeless from None

    def _keep_lease(self) -> None:
        passed = time.monotonic() - self._extended
        if passed < self._hold.seconds / 3:
            return
        self._extended += passed
        if not self._hold.extend(now=self._now + timedelta(seconds=self._extended - self._began)):
            # Two passes at once do no harm, but they use the budget twice.
            raise _Hopeless

    def _finish(self) -> PassFigures:
        asking, follower = self._asking, self._follower
        seconds = time.monotonic() - self._began
        figures = PassFigures(
            executions_listed=self._listed.executions,
            histories_read=follower.histories_read,
            tasks_opened=follower.opened,
            tasks_closed=follower.closed,
            api_calls=asking.counter.calls,
            throttles=sum(asking.counter.throttles.values()),
            seconds=round(seconds, 3),
            problems=follower.problems,
            machines_behind=self._ends.behind,
            error=asking.trouble.code if asking.trouble else "",
        )
        finished_at = self._now + timedelta(seconds=seconds)
        count_calls(
            connection=self._connection,
            counter=asking.counter,
            denials=asking.denials,
            now=finished_at,
        )
        is_blind = not self._has_machines and not self._listed.machines
        health.finish(
            connection=self._connection,
            asking=asking,
            figures=figures,
            is_failing=self._is_hopeless or self._listed.is_in_vain or is_blind,
            known_at=None if self._is_behind else self._listed.known_at or self._now,
            now=self._now,
            finished_at=finished_at,
        )
        return figures


def _without(candidates: list[Candidate], others: tuple[Candidate, ...]) -> list[Candidate]:
    """One that ended between two calls stands in both lists; once is enough."""
    arns = {one.target.arn for one in others}
    return [one for one in candidates if one.target.arn not in arns]


def _rows(connection: Connection, now: datetime) -> dict[str, Row]:
    """The executions that run as far as we know, and those whose end is not read yet."""
    unread = ~Q(status=ExecutionStatus.RUNNING) & Q(read_next_at__isnull=False)
    executions = Execution.objects.filter(
        Q(status=ExecutionStatus.RUNNING) | unread, connection=connection
    )
    fields = (
        "arn",
        "name",
        "state_machine_id",
        "status",
        "started_at",
        "redrive_count",
        "last_event_id",
        "definition_id",
        "read_at",
        "read_next_at",
        "problem",
    )
    rows = executions.values_list(*fields)
    return {values[0]: Row(*values) for values in rows}

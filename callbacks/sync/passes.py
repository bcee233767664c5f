"""One pass over a connection: read the lists that are due, then the executions that are."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.conf import settings

from callbacks.models import Connection, StateMachine
from callbacks.stepfunctions import (
    KeyThrottled,
    NotFound,
    Refused,
    StepFunctionsError,
    Throttled,
)
from callbacks.stepfunctions.rights import DENIED, LIST_DENIED
from callbacks.sync import health, machines, map_runs, schedule, surveys
from callbacks.sync.asking import Asking
from callbacks.sync.candidates import LONG_AGO, Candidate, unsettled
from callbacks.sync.figures import PassFigures, count_calls
from callbacks.sync.follow import Follower
from callbacks.sync.hinted import look_up_hints, receive_hints
from callbacks.sync.lease import Hold, held_lease
from callbacks.sync.listing import Lister, behind
from callbacks.sync.looks import OPERATION as LIST
from callbacks.sync.merging import match_intakes
from callbacks.sync.purse import usual_rate
from callbacks.sync.queue import Queue
from callbacks.sync.recovering import recover
from callbacks.sync.suspects import BeingRead
from callbacks.sync.trouble import is_of_the_connection, is_silence

logger = logging.getLogger(__name__)

Progress = Callable[[int, int], None]
# So many calls in a row without an answer: it is not what was asked for.
SILENT_IN_A_ROW = 3
HISTORY = "GetExecutionHistory"
# Rows of the queue that are in memory at once.
BATCH = 200


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
        before = health.begin(connection=connection, now=now)
        self._machines_listed_at = before.machines_listed_at
        self._asking = Asking(
            connection=connection,
            now=now,
            patient=full,
            yielding=not full,
            keep_alive=self._keep_going,
        )
        self._follower = Follower(asking=self._asking, now=now, is_careful=before.was_cut_off)
        self._queue = Queue(connection=connection, now=now)
        self._lister = Lister(
            asking=self._asking,
            noting=self._noting,
            now=now,
            everything=full,
            before=before.machines_listed_at,
            see_again=self._see_definition,
        )
        self._machines: list[StateMachine] = []
        self._to_survey: list[StateMachine] = []
        self._has_machines = True
        self._total = 0
        self._is_hopeless = False
        # Until everything that has changed is read, what was known gets no younger.
        self._is_behind = True
        self._attempted: set[str] = set()
        self._silent = 0
        self._missed = 0
        self._slowness_told = 0.0

    def run(self) -> PassFigures:
        try:
            self._work()
        except _Hopeless:
            self._is_hopeless = True
            trouble = self._asking.trouble
            why = trouble.message if trouble else "another one has its lease."
            logger.info("The pass over %s ended early: %s", self._connection.name, why)
        finally:
            figures = self._finish()
        lead = self._asking.aws_now(self._now) - self._now
        match_intakes(connection=self._connection, now=self._now, lead=lead)
        return figures

    def _work(self) -> None:
        is_backlogged = self._is_backlogged()
        self._mirror_machines(is_backlogged=is_backlogged)
        map_runs.let_go(connection=self._connection, now=self._now)
        self._hear()
        self._machines = machines.to_list(connection=self._connection, everything=self._full)
        is_surveying = not (is_backlogged or self._full)
        if is_surveying:
            self._to_survey = surveys.to_survey(connection=self._connection, now=self._now)
            if self._survey_first():
                self._add_found()
        self._lister.run(self._machines, is_backlogged=is_backlogged)
        if is_surveying and self._find_versions():
            self._list_found(is_backlogged=is_backlogged)
        self._follower.may_ask_definition = self._full or not self._is_backlogged()
        self._read()
        while self._follower.new_map_runs:
            self._follower.new_map_runs = 0
            self._list_found(is_backlogged=is_backlogged)
            self._read()
        self._follower.bring_back_denied(self._connection)

    def _survey_first(self) -> bool:
        """With the few calls that are kept for it: sweeps take all that looks leave over."""
        if not self._to_survey:
            return False
        kept = schedule.surveys_kept(
            last=surveys.waited_since(self._connection),
            calls_per_second=self._asking.purse.rate(LIST),
            pass_seconds=settings.SYNC_INTERVAL_SECONDS,
            is_first_mirror=any(_is_unseen(one) for one in self._machines),
            now=self._now,
        )
        return self._survey(most=kept, beyond=0)

    def _find_versions(self) -> bool:
        """Whether there are any in which somebody may wait; with calls that looks leave over."""
        beyond = schedule.calls_of_looks(
            machines=len(self._machines),
            calls_per_second=self._asking.purse.rate(LIST),
            pass_seconds=settings.SYNC_INTERVAL_SECONDS,
        )
        return self._survey(most=surveys.MOST, beyond=beyond)

    def _survey(self, *, most: int, beyond: float) -> bool:
        found = False
        for _ in range(most):
            if not self._to_survey or not self._asking.may(LIST, beyond=beyond):
                break
            machine = self._to_survey.pop(0)
            with self._noting(machine, sets_aside=False):
                found |= surveys.survey(asking=self._asking, machine=machine, now=self._now)
            if machine.survey_next_at is None:
                self._to_survey.append(machine)
        return found

    def _list_found(self, *, is_backlogged: bool) -> None:
        """What was found only now has a list that is not to wait for the next pass."""
        self._lister.run(self._add_found(), is_backlogged=is_backlogged)

    def _add_found(self) -> list[StateMachine]:
        rows = machines.to_list(connection=self._connection, everything=self._full)
        known = set(self._machines)
        found = [row for row in rows if row not in known]
        self._machines += found
        return found

    def _hear(self) -> None:
        """Hints come first: they say which executions to read at once."""
        try:
            receive_hints(asking=self._asking, connection=self._connection, now=self._now)
        except StepFunctionsError as exc:
            # What they would have said, the lists say too, only later.
            self._asking.note(exc)
        with self._noting():
            look_up_hints(asking=self._asking, connection=self._connection, now=self._now)

    def _is_backlogged(self) -> bool:
        """Whether more is unread than the budget of histories can read soon."""
        if self._full:
            return False
        most = schedule.most_unread(calls_per_second=self._asking.purse.rate(HISTORY))
        return self._queue.has_more_unread_than(most)

    # -- machines -------------------------------------------------------------------------------

    def _mirror_machines(self, *, is_backlogged: bool) -> None:
        if not is_backlogged or self._is_time_to_list_machines():
            self._list_machines()
        again_after = (
            schedule.LONGEST_UNSEEN_IN_BACKLOG if is_backlogged else machines.DESCRIBE_AGAIN_AFTER
        )
        for machine in machines.to_describe(
            connection=self._connection, now=self._now, again_after=again_after
        ):
            self._describe(machine)
        for machine in machines.to_tag(connection=self._connection, now=self._now):
            self._read_tags(machine)

    def _is_time_to_list_machines(self) -> bool:
        at = self._machines_listed_at
        return at is None or self._now - at >= schedule.LIST_MACHINES_EVERY

    def _list_machines(self) -> None:
        self._has_machines = False
        with self._noting():
            listed = self._asking.reader.list_state_machines()
            machines.mirror_machines(
                connection=self._connection,
                listed=listed,
                now=self._now,
                before=self._machines_listed_at,
            )
            self._machines_listed_at = self._now
            self._has_machines = True

    def _describe(self, machine: StateMachine) -> None:
        if not self._asking.may("DescribeStateMachine"):
            return
        with self._noting(machine):
            aws_now = self._asking.aws_now(self._now)
            machines.describe(reader=self._asking.reader, machine=machine, aws_now=aws_now)

    def _read_tags(self, machine: StateMachine) -> None:
        if self._asking.may("ListTagsForResource"):
            with self._noting(machine, sets_aside=False):
                machines.read_tags(reader=self._asking.reader, machine=machine, now=self._now)

    def _see_definition(self, machine: StateMachine, latest_start: datetime) -> None:
        """Seen again after their start, the definition is theirs for certain."""
        is_older = machine.described_at is None or latest_start > machine.described_at
        # A Map Run's is its parent's, and AWS describes only state machines.
        if is_older and not machine.is_map_run:
            self._describe(machine)
        self._follower.know(machine)

    # -- executions -----------------------------------------------------------------------------

    def _read(self) -> None:
        """What is urgent first; then, with the calls that are left, what may have changed."""
        self._total = len(self._queue) if self._full else 0
        whole = self._follow_all(self._recovered())
        while whole and (batch := self._not_attempted(self._queue.urgent(most=BATCH))):
            whole = self._follow_all(batch)
        self._is_behind = not whole or self._missed > 0 or not self._has_machines
        while whole and (batch := self._not_attempted(self._queue.others(most=BATCH))):
            whole = self._follow_all(map(unsettled, batch) if self._full else batch)

    def _follow_all(self, candidates: Iterable[Candidate]) -> bool:
        """False where the calls were used up before the end."""
        for one in candidates:
            if not self._asking.may(HISTORY):
                return False
            self._attempted.add(one.target.arn)
            if not self._follower.is_in_vain(one):
                self._follow(one)
            self._progress(len(self._attempted), max(self._total, len(self._attempted)))
        return True

    def _not_attempted(self, candidates: list[Candidate]) -> list[Candidate]:
        """Once in a pass is enough, whatever came of it."""
        return [one for one in candidates if one.target.arn not in self._attempted]

    def _follow(self, candidate: Candidate) -> None:
        try:
            self._follower.follow(candidate)
            self._silent = 0
        except BeingRead:
            self._missed += 1
        except KeyThrottled as exc:
            self._follower.set_aside(candidate, exc)
        except Throttled as exc:
            self._asking.note(exc)
            self._missed += 1
        except StepFunctionsError as exc:
            is_hopeless = self._is_last_straw(exc)
            key = self._follower.key_of(candidate)
            self._asking.note(exc, is_common=is_hopeless, key=key)
            if not is_of_the_connection(exc):
                self._follower.set_aside(candidate, exc)
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
    def _noting(
        self, machine: StateMachine | None = None, *, sets_aside: bool = True
    ) -> Iterator[None]:
        """Go on after what concerns this call alone; stop where nothing else would fare better.

        `sets_aside`: what AWS refuses about a machine leaves it alone for a while.
        """
        try:
            yield
            self._silent = 0
        except StepFunctionsError as exc:
            if isinstance(exc, NotFound) and machine is not None and not machine.is_map_run:
                # Deleted since it was listed, or the list lags behind: no trouble.
                machine.gone_at = self._now
                machines.mark_gone([machine.pk], now=self._now)
                return
            trouble = self._asking.note(exc, key=machine.kms_key if machine else "")
            if machine is not None and not isinstance(exc, Throttled):
                machine.problem = trouble.message[:500]
                # A refusal is for longer than a moment, and the others need the calls.
                machine.problem_at = self._now if sets_aside and isinstance(exc, Refused) else None
                machine.save(update_fields=["problem", "problem_at"])
            if self._is_last_straw(exc):
                raise _Hopeless from None

    def _keep_going(self) -> None:
        slowest = self._asking.counter.slowest
        if slowest >= health.SLOW_ANSWER and slowest > self._slowness_told:
            self._slowness_told = slowest
            health.note_slowness(connection=self._connection, seconds=slowest)
        self._keep_lease()

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
        oldest = health.oldest_reading(self._connection)
        figures = PassFigures(
            executions_listed=self._lister.lines,
            histories_read=follower.histories_read,
            tasks_opened=follower.opened,
            tasks_closed=follower.closed + self._lister.closed,
            api_calls=asking.counter.calls,
            throttles=sum(asking.counter.throttles.values()),
            seconds=round(seconds, 3),
            problems=follower.problems,
            machines_behind=behind(self._machines, now=self._now, after=schedule.LONGEST_UNSEEN),
            lists=len(self._looked_at),
            look_seconds=round(self._look_seconds, 1),
            reread_seconds=0.0 if self._is_behind else _seconds_since(oldest, self._now),
            slowest_answer=round(asking.counter.slowest, 1),
            error=asking.trouble.code if asking.trouble else "",
        )
        finished_at = self._now + timedelta(seconds=seconds)
        count_calls(
            connection=self._connection,
            counter=asking.counter,
            denials=asking.denials,
            now=finished_at,
        )
        asking.purse.give_back()
        is_blind = not self._has_machines and not self._machines
        health.finish(
            connection=self._connection,
            asking=asking,
            figures=figures,
            unlisted=self._unlisted,
            is_failing=self._is_hopeless or self._is_in_vain or is_blind,
            known_at=None if self._is_behind else self._known_at or self._now,
            oldest_reading=oldest,
            machines_listed_at=self._machines_listed_at,
            now=self._now,
            finished_at=finished_at,
        )
        return figures

    @property
    def _is_in_vain(self) -> bool:
        there = self._there
        return bool(there) and all(machine.problem for machine in there)

    @property
    def _unlisted(self) -> str:
        """What AWS has said of a list that it denies, also where it was not asked just now."""
        return next((machine.problem for machine in self._there if _is_denied(machine)), "")

    @property
    def _there(self) -> list[StateMachine]:
        return [machine for machine in self._machines if machine.gone_at is None]

    @property
    def _looked_at(self) -> list[StateMachine]:
        return [machine for machine in self._there if not machine.problem]

    @property
    def _look_seconds(self) -> float:
        """By our whole share: what AWS's throttling adds is a delay, and called one."""
        return schedule.longest_between_looks(
            [machine.news for machine in self._looked_at],
            calls_per_second=usual_rate(region=self._connection.region, operation=LIST),
        )

    @property
    def _known_at(self) -> datetime | None:
        """When the machine longest unlisted was listed; those that cannot be say so themselves.

        Not so where AWS denies us the list: that is a matter of the connection's rights.
        """
        denied = [one for one in self._there if _is_denied(one)]
        moments = [one.listed_at for one in self._looked_at]
        # Of one that was never listed all is known up to when it was first to be looked at.
        moments += [one.listed_at or one.looked_at for one in denied]
        return min((at or LONG_AGO for at in moments), default=None)


def _is_unseen(machine: StateMachine) -> bool:
    """Whether what runs in it is still to be found for the first time."""
    return machine.swept_at is None and not machine.problem and not machine.is_map_run


def _is_denied(machine: StateMachine) -> bool:
    """Whether AWS denies its list, or something else for the sake of which it is left alone.

    Not of one that AWS has never described to us: policies may be narrowed to others.
    """
    is_aside = machine.problem_at is not None and machine.problem.startswith(DENIED)
    is_denied = is_aside or machine.problem.startswith(LIST_DENIED)
    return is_denied and machine.definition_id is not None


def _seconds_since(at: datetime | None, now: datetime) -> float:
    return round(max(0.0, (now - at).total_seconds()), 1) if at is not None else 0.0

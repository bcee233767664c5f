"""Follow one execution: find its definition, read it, write it down, or set it aside."""

from __future__ import annotations

import logging
from collections import Counter
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime, timedelta
from functools import partial
from time import monotonic
from uuid import UUID

from django.conf import settings
from django.db import DataError, IntegrityError

from callbacks.asl.skeleton import Skeleton
from callbacks.models import Connection, Definition, Execution, ExecutionStatus, StateMachine
from callbacks.models.identity import execution_id
from callbacks.stepfunctions import KeyThrottled, NotFound, StepFunctionsError
from callbacks.stepfunctions.rights import DENIED
from callbacks.sync.apply import Applied, apply_reading, mark_problem
from callbacks.sync.asking import Asking
from callbacks.sync.candidates import Candidate
from callbacks.sync.definitions import keep_definition, runs_on_todays
from callbacks.sync.plan import Facts, Target
from callbacks.sync.purse import moving
from callbacks.sync.reading import POISON, BadHistory, Reading, describe_only, read
from callbacks.sync.skeletons import recall
from callbacks.sync.suspects import LeftAlone, counted, suspected
from callbacks.sync.trouble import describe_trouble, is_denied_right, is_silence, without_resource
from callbacks.sync.versions import Versions

logger = logging.getLogger(__name__)

# No answer at all, or a busy key, may be a matter of moments.
SILENCE_PAUSE = timedelta(seconds=30)
# A right may be given back at any moment, and until then nobody sees who waits.
DENIED_PAUSE = timedelta(seconds=20)
# So many of one state machine in a row: in this pass those that were denied before would fare no
# better, and after some more not even those that were never tried.
DENIED_AGAIN, DENIED_ALL = 3, 30
FOR_EXECUTION = "DescribeStateMachineForExecution"
# The first of an execution's deaths in passes happens before anybody counts.
UNCOUNTED = 1


class Follower:
    """Reads and writes one execution after the other, and counts.

    `is_careful`: the pass before died, of an execution perhaps, so that each try is written down.
    """

    def __init__(self, *, asking: Asking, now: datetime, is_careful: bool) -> None:
        self.histories_read = 0
        self.opened = 0
        self.closed = 0
        self.problems = 0
        # Found with their parents: how many lists are due that no pass has seen yet.
        self.new_map_runs = 0
        self._asking = asking
        self._now = now
        self._clock = moving(now=now, monotonic=monotonic)
        self._is_careful = is_careful
        self._suspected = suspected()
        self._denied: Counter[UUID] = Counter()
        self._is_given_back = False
        self._machines: dict[UUID, StateMachine] = {}
        self._definitions: dict[str, Definition] = {}
        self._versions = Versions(asking=asking)
        # Not while more is unread than can be read soon: nothing that is opened lacks its own.
        self.may_ask_definition = True

    def know(self, machine: StateMachine) -> None:
        """Use this row, as it was just described."""
        self._machines[machine.pk] = machine

    def follow(self, candidate: Candidate) -> None:
        """Read it once and apply it; a bad history is set aside.

        Raises StepFunctionsError, or BeingRead where others have begun to and not come to an end.
        """
        machine = self._machine(candidate.machine_id)
        definition, is_certain = self._definition(candidate, machine)
        try:
            with self._counted(machine, candidate.target):
                applied = self._read(machine, candidate.target, definition, is_certain)
        except BadHistory as exc:
            self._quarantine(machine, candidate.target, str(exc))
            return
        except LeftAlone as exc:
            logger.error("%s is left alone until %s: %s", candidate.target.arn, exc.until, exc)
            self._quarantine(machine, candidate.target, str(exc), pause=exc.until - self._now)
            return
        self.opened += applied.opened
        self.closed += applied.closed
        self.new_map_runs += applied.map_runs
        self._denied.pop(machine.pk, None)
        self._is_given_back |= candidate.was_denied

    def _counted(self, machine: StateMachine, target: Target) -> AbstractContextManager[None]:
        key = execution_id(connection=machine.connection_id, arn=target.arn)
        if not self._is_careful and key not in self._suspected:
            return nullcontext()
        return counted(execution=key, now=self._clock(), before=UNCOUNTED)

    def _read(
        self,
        machine: StateMachine,
        target: Target,
        definition: Definition | None,
        is_certain: bool,
    ) -> Applied:
        reading = read(
            reader=self._asking.reader,
            target=target,
            definition=definition,
            is_certain=is_certain,
            now=self._now,
            skeleton=partial(_recall, machine, target),
            parent_ends_by=machine.ends_by,
        )
        self.histories_read += 1
        return _apply(machine, reading, self._now)

    def set_aside(self, candidate: Candidate, error: StepFunctionsError) -> None:
        """AWS gave no usable history of this one; the others go on."""
        machine = self._machine(candidate.machine_id)
        trouble = describe_trouble(error, key=machine.kms_key)
        if is_silence(error) or isinstance(error, KeyThrottled):
            self._mark(machine, candidate.target, trouble.message, SILENCE_PAUSE)
        elif is_denied_right(error) and not candidate.target.has_left:
            self._mark(machine, candidate.target, trouble.message, DENIED_PAUSE)
            self._count_denied(machine, trouble.message)
        else:
            self._quarantine(machine, candidate.target, trouble.message)

    def is_in_vain(self, candidate: Candidate) -> bool:
        """Whether AWS has just denied so many of its state machine that it is not asked."""
        enough = DENIED_AGAIN if candidate.was_denied else DENIED_ALL
        return self._denied[candidate.machine_id] >= enough and not candidate.target.has_left

    def _count_denied(self, machine: StateMachine, message: str) -> None:
        """Leave all of them out of the queue, where enough were denied: calls are for others then.

        Noted at the state machine: there may be many, and each round would write them all.
        """
        self._denied[machine.pk] += 1
        in_a_row = self._denied[machine.pk]
        if in_a_row not in (DENIED_AGAIN, DENIED_ALL):
            return
        until = self._now + DENIED_PAUSE
        StateMachine.objects.filter(pk=machine.pk).update(histories_denied_until=until)
        if in_a_row == DENIED_ALL:
            self._deny_untried(machine, message)

    def _deny_untried(self, machine: StateMachine, message: str) -> None:
        """What was never tried counts as denied; due already, it is among the next to be tried."""
        rows = Execution.objects.filter(
            state_machine=machine,
            status=ExecutionStatus.RUNNING,
            left_at=None,
            read_next_at__lte=self._now,
            problem="",
        )
        # Which of them was asked about does not matter.
        self.problems += rows.update(
            problem=f"{without_resource(message)}.", problem_since=self._now
        )

    def bring_back_denied(self, connection: Connection) -> None:
        """What AWS had denied is due at once, where it has given one of them again."""
        if not self._is_given_back:
            return
        machines = StateMachine.objects.filter(connection=connection)
        machines.exclude(histories_denied_until=None).update(histories_denied_until=None)
        rows = Execution.objects.filter(connection=connection, problem__startswith=DENIED)
        rows.filter(read_next_at__gt=self._now).update(read_next_at=self._now)

    def key_of(self, candidate: Candidate) -> str:
        """The key that encrypts its state machine, if one is known."""
        return self._machine(candidate.machine_id).kms_key

    def _quarantine(
        self,
        machine: StateMachine,
        target: Target,
        problem: str,
        pause: timedelta | None = None,
    ) -> None:
        logger.warning("The history of %s is left alone for a while: %s", target.arn, problem)
        if target.has_left:
            self._close_unread(machine, target)
        usual = timedelta(seconds=settings.QUARANTINE_SECONDS)
        self._mark(machine, target, problem, pause or usual)

    def _close_unread(self, machine: StateMachine, target: Target) -> None:
        """Its tasks are over, whatever its history says; the reason stays open."""
        try:
            reading = describe_only(reader=self._asking.reader, target=target, now=self._now)
        except StepFunctionsError as exc:
            # Denied like its history, as with a key that we may not use: it stands in nobody's way.
            self._asking.note(exc, is_common=False)
            return
        self.closed += apply_reading(machine=machine, reading=reading, now=self._now).closed

    def _mark(self, machine: StateMachine, target: Target, problem: str, pause: timedelta) -> None:
        self.problems += 1
        mark_problem(
            machine=machine,
            reading=Reading(target=target, facts=Facts(now=self._now)),
            problem=problem,
            now=self._now,
            read_next_at=self._now + pause,
        )

    def _machine(self, key: UUID) -> StateMachine:
        if key not in self._machines:
            self._machines[key] = StateMachine.objects.select_related("definition").get(pk=key)
        return self._machines[key]

    # -- which definition -----------------------------------------------------------------------

    def _definition(
        self, candidate: Candidate, machine: StateMachine
    ) -> tuple[Definition | None, bool]:
        """The definition that it runs on, and whether that is certain; else today's for now."""
        if candidate.definition_id is not None:
            return self._stored(candidate.definition_id), True
        target = candidate.target
        # Children of a Map Run are in a list of their own, which says nothing of versions.
        version = "" if machine.is_map_run else target.version
        if version:
            own = self._of_version(machine, target)
        elif runs_on_todays(machine=machine, started_at=target.started_at):
            return machine.definition, True
        else:
            own = self._asked(target.arn)
        return (own, True) if own is not None else (machine.definition, False)

    def _of_version(self, machine: StateMachine, target: Target) -> Definition | None:
        found = self._versions.definition_of(
            machine=machine, number=target.version, started_at=target.started_at
        )
        if found is None:
            found = self._asked(target.arn)
            if found is not None:
                self._versions.keep(machine=machine, number=target.version, definition=found)
        return found

    def _stored(self, sha256: str) -> Definition:
        if sha256 not in self._definitions:
            self._definitions[sha256] = Definition.objects.get(pk=sha256)
        return self._definitions[sha256]

    def _asked(self, arn: str) -> Definition | None:
        # One call a second in AWS's quota; what is left for later is asked when it is opened.
        if not self.may_ask_definition or not self._asking.purse.allows(FOR_EXECUTION):
            return None
        try:
            return definition_of(asking=self._asking, arn=arn)
        except NotFound:
            return None
        except StepFunctionsError as exc:
            self._asking.note(exc)
            self.may_ask_definition = False
            return None


def definition_of(*, asking: Asking, arn: str) -> Definition:
    """Ask for the definition that this execution runs on. Raises StepFunctionsError."""
    detail = asking.reader.describe_state_machine_for_execution(execution_arn=arn)
    return keep_definition(text=detail.definition)


def _recall(machine: StateMachine, target: Target) -> Skeleton | None:
    key = execution_id(connection=machine.connection_id, arn=target.arn)
    return recall(execution_id=key, last_event_id=target.last_event_id)


def _apply(machine: StateMachine, reading: Reading, now: datetime) -> Applied:
    try:
        return apply_reading(machine=machine, reading=reading, now=now)
    except (*POISON, DataError, IntegrityError) as exc:
        # A history that nobody foresaw; the text of the error may quote it.
        raise BadHistory(f"The history cannot be written down: {type(exc).__name__}.") from None

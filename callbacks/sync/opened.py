"""Read one execution now: after our own answer, and when a person opens a request."""

from __future__ import annotations

import logging
from datetime import datetime
from functools import partial

from django.db import DataError, IntegrityError

from callbacks.models import Definition, Execution, ExecutionStatus
from callbacks.stepfunctions import IncompleteAnswer, StepFunctionsError
from callbacks.sync.apply import apply_reading, mark_problem
from callbacks.sync.asking import Asking
from callbacks.sync.figures import count_calls
from callbacks.sync.follow import definition_of
from callbacks.sync.plan import Facts, Target
from callbacks.sync.reading import POISON, BadHistory, Reading, read
from callbacks.sync.silence import unless_silent
from callbacks.sync.skeletons import recall
from callbacks.sync.suspects import BeingRead, LeftAlone, counted
from callbacks.sync.versions import Versions

logger = logging.getLogger(__name__)


def read_execution(*, execution: Execution, now: datetime) -> None:
    """Read its history now and apply it to the mirror. Raises StepFunctionsError.

    One execution that somebody waits for: read whatever a pass has left of the budget, and
    counted; not where its account gives no answer and another worker waits for it already. A
    history that cannot be used raises IncompleteAnswer and changes nothing; so does one of which
    workers died.
    """
    try:
        with counted(execution=execution.pk, now=now):
            _read_and_apply(execution, now)
            return
    except LeftAlone as exc:
        reason = str(exc)
        _tell(execution, reason, now, until=exc.until)
    except BeingRead:
        reason = "Others are reading it, or have died of it."
    raise _unusable(reason)


def _tell(execution: Execution, reason: str, now: datetime, *, until: datetime) -> None:
    logger.error("%s is left alone until %s: %s", execution.arn, until, reason)
    mark_problem(
        machine=execution.state_machine,
        reading=Reading(target=_target(execution), facts=Facts(now=now)),
        problem=reason,
        now=now,
        read_next_at=until,
    )


def _read_and_apply(execution: Execution, now: datetime) -> None:
    connection = execution.connection
    asking = Asking(connection=connection, now=now, hasty=True)
    try:
        with unless_silent(connection=connection, operation="GetExecutionHistory", now=now):
            reading = _read(asking, execution, now)
    except StepFunctionsError as exc:
        asking.note(exc)
        raise
    finally:
        asking.purse.give_back()
        count_calls(connection=connection, counter=asking.counter, denials=asking.denials, now=now)
    try:
        apply_reading(machine=execution.state_machine, reading=reading, now=now)
    except (*POISON, DataError, IntegrityError) as exc:
        # A history that nobody foresaw; the text of the error may quote it.
        reason = f"The history cannot be written down: {type(exc).__name__}."
    else:
        return
    raise _unusable(reason)


def _read(asking: Asking, execution: Execution, now: datetime) -> Reading:
    definition = execution.definition or _own_definition(asking, execution)
    try:
        return read(
            reader=asking.reader,
            target=_target(execution),
            definition=definition or execution.state_machine.definition,
            is_certain=definition is not None,
            now=now,
            skeleton=partial(
                recall, execution_id=execution.pk, last_event_id=execution.last_event_id
            ),
            parent_ends_by=execution.state_machine.ends_by,
        )
    except BadHistory as exc:
        reason = str(exc)
    raise _unusable(reason)


def _unusable(reason: str) -> IncompleteAnswer:
    return IncompleteAnswer(
        operation="GetExecutionHistory", code="BadHistory", message=reason, status=200
    )


def _own_definition(asking: Asking, execution: Execution) -> Definition | None:
    machine = execution.state_machine
    if execution.version and not machine.is_map_run:
        found = Versions(asking=asking).definition_of(
            machine=machine, number=execution.version, started_at=execution.started_at
        )
        if found is not None:
            return found
    try:
        return definition_of(asking=asking, arn=execution.arn)
    except StepFunctionsError as exc:
        # Throttled or denied: today's definition serves until a pass finds its own.
        asking.note(exc)
        return None


def _target(execution: Execution) -> Target:
    runs = execution.status == ExecutionStatus.RUNNING
    settled = runs and execution.definition_id is not None and not execution.problem
    return Target(
        arn=execution.arn,
        name=execution.name,
        started_at=execution.started_at,
        version=execution.version,
        alias=execution.alias,
        last_event_id=execution.last_event_id,
        is_settled=settled and execution.last_event_id > 0,
    )

"""Write down what lists have shown: who is new, who has ended, who is missing. No AWS in here.

Each of these only says that something is to be read. What closes a task for good is its history;
where a list says that an execution is over, its tasks are closed as "not read" until then.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import models, transaction

from callbacks.models import CallbackTask, Execution, ExecutionStatus, StateMachine, TaskStatus
from callbacks.models.identity import execution_id
from callbacks.stepfunctions import ExecutionSummary
from callbacks.sync.lines import Held, News, ordered_at
from callbacks.sync.plan import NOT_READ, RUNNING

BATCH = 500


def held_of(*, machine: StateMachine, arns: Iterable[str]) -> dict[str, Held]:
    """What the mirror holds of these, by ARN: one query for each BATCH."""
    keys = [execution_id(connection=machine.connection_id, arn=arn) for arn in arns]
    found: dict[str, Held] = {}
    for start in range(0, len(keys), BATCH):
        rows = Execution.objects.filter(pk__in=keys[start : start + BATCH])
        found |= as_held(rows)
    return found


def as_held(rows: models.QuerySet[Execution]) -> dict[str, Held]:
    values = rows.values_list("arn", "status", "redrive_count", "ordered_at", "version")
    return {arn: Held(status, redrives, at, by) for arn, status, redrives, at, by in values}


def write_news(*, machine: StateMachine, news: News, now: datetime) -> int:
    """Put them in the queue; return how many open tasks that has closed."""
    unknown = (*news.new, *news.came_and_went)
    Execution.objects.bulk_create(
        [_stub(machine, line, now) for line in unknown],
        ignore_conflicts=True,
        batch_size=BATCH,
    )
    for line in news.came_and_went:
        # Known from before a redrive: to be read once more.
        _rows(machine, line).exclude(status=RUNNING).update(read_next_at=now)
    for line in news.redriven:
        _rows(machine, line).update(
            status=RUNNING, ordered_at=ordered_at(line), left_at=None, read_next_at=now
        )
    for line in news.moved:
        _rows(machine, line).update(ordered_at=ordered_at(line))
        _note_version(machine, line, now)
    return sum(_end(machine, line, now) for line in news.ended)


def write_missing(*, machine: StateMachine, arns: Iterable[str], now: datetime) -> None:
    """They run as far as we know, and are in no list of the running ones any more."""
    keys = [execution_id(connection=machine.connection_id, arn=arn) for arn in arns]
    for start in range(0, len(keys), BATCH):
        rows = Execution.objects.filter(pk__in=keys[start : start + BATCH], status=RUNNING)
        rows.filter(left_at=None).update(left_at=now)


def _note_version(machine: StateMachine, line: ExecutionSummary, now: datetime) -> None:
    """What it was taken to run on may be another definition than that of its version."""
    if line.version:
        _rows(machine, line).exclude(version=line.version).update(
            version=line.version, alias=line.alias, definition=None, read_next_at=now
        )


def _stub(machine: StateMachine, line: ExecutionSummary, now: datetime) -> Execution:
    return Execution(
        id=execution_id(connection=machine.connection_id, arn=line.arn),
        connection_id=machine.connection_id,
        state_machine=machine,
        arn=line.arn,
        name=line.name,
        version=line.version,
        alias=line.alias,
        status=line.status,
        started_at=line.started_at,
        stopped_at=line.stopped_at,
        ordered_at=ordered_at(line),
        read_next_at=now,
    )


def _end(machine: StateMachine, line: ExecutionSummary, now: datetime) -> int:
    running = _rows(machine, line).filter(
        status=ExecutionStatus.RUNNING, redrive_count__lte=line.redrive_count
    )
    with transaction.atomic():
        if not running.update(
            status=line.status, stopped_at=line.stopped_at, left_at=None, read_next_at=now
        ):
            # Somebody has read it meanwhile.
            return 0
        key = execution_id(connection=machine.connection_id, arn=line.arn)
        unfinished = CallbackTask.objects.unfinished().filter(execution_id=key)
        return unfinished.update(
            status=TaskStatus.CLOSED,
            closed_kind=NOT_READ,
            closed_at=line.stopped_at or now,
            changed_at=now,
        )


def _rows(machine: StateMachine, line: ExecutionSummary) -> models.QuerySet[Execution]:
    key = execution_id(connection=machine.connection_id, arn=line.arn)
    return Execution.objects.filter(pk=key)

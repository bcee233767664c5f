"""Write one reading of one execution into the mirror: one transaction, as often as you like.

Killed anywhere, it has written all or nothing; repeated, it writes nothing new. Rows are never
deleted, and a task once closed never opens again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Min, Q, QuerySet

from callbacks.asl.deadline import NOT_STARTED, still_unstarted
from callbacks.asl.history import CallbackTask as HistoryTask
from callbacks.asl.nesting import started_by
from callbacks.models import (
    CallbackTask,
    Decision,
    DecisionStatus,
    Execution,
    StateMachine,
    TaskStatus,
)
from callbacks.models.identity import execution_id
from callbacks.sync import skeletons
from callbacks.sync.adopting import adopt, handed_over, restore_tokens
from callbacks.sync.beats import with_beats
from callbacks.sync.map_runs import mirror_map_runs
from callbacks.sync.plan import (
    LATEST,
    NOT_READ,
    OPEN,
    RUNNING,
    Known,
    KnownTask,
    Plan,
    TaskClosing,
    TaskKey,
    at_deadline,
    key_of,
    make_plan,
    next_look,
)
from callbacks.sync.reading import Reading
from callbacks.sync.request_rows import keep_requests
from callbacks.sync.rows import RowMaker
from callbacks.sync.storable import Storable

BATCH = 200  # rows with payloads in one statement
LONGEST_PROBLEM = 500
PREPARE_FROM = 20  # tasks that may be new


@dataclass(frozen=True, slots=True)
class Applied:
    """What changed in the mirror."""

    opened: int = 0
    closed: int = 0
    # Map Runs whose children are to be listed from now on.
    map_runs: int = 0


def apply_reading(*, machine: StateMachine, reading: Reading, now: datetime) -> Applied:
    """Bring the mirror of this execution to what was read."""
    if reading.is_unchanged:
        return _touch(machine, reading, now)
    history = reading.facts.history
    row = _row(machine, reading)
    older = skeletons.tokens_before(execution_id=row.pk, reading=reading)
    maker = RowMaker(
        execution=row,
        reading=reading,
        storable=Storable((*older, *(history.tokens if history else ()))),
        now=now,
    )
    _prepare(maker)
    skeleton = skeletons.as_row(execution_id=row.pk, reading=reading)
    with transaction.atomic():
        execution = _locked(machine, reading)
        if history is not None and history.last_event_id < execution.last_event_id:
            # Somebody has read further meanwhile.
            return Applied()
        if _is_from_before_its_end(execution, reading):
            return Applied()
        maker = replace(maker, reading=with_beats(reading=reading, execution_id=execution.pk))
        stored = _stored_tasks(execution)
        plan = make_plan(known=_known(execution, stored), facts=maker.reading.facts)
        if skeletons.needs_payloads(plan=plan, reading=reading):
            _read_whole_next(execution, now)
            return Applied()
        _open(plan, maker)
        _change(plan, maker, stored)
        closed = _close(plan, maker, stored)
        runs = mirror_map_runs(machine=machine, execution=execution, reading=maker.reading, now=now)
        _write_execution(execution, plan, maker)
        if history is not None or execution.status != RUNNING:
            skeletons.keep(execution=execution, row=skeleton)
    return Applied(opened=len(plan.open), closed=closed, map_runs=runs)


def _is_from_before_its_end(execution: Execution, reading: Reading) -> bool:
    """A list has shown meanwhile that it is over; this reading does not know that yet."""
    history = reading.facts.history
    return (
        execution.status != RUNNING
        and history is not None
        and history.ended is None
        and reading.facts.described is None
        and history.last_event_id == execution.last_event_id
    )


def mark_problem(
    *, machine: StateMachine, reading: Reading, problem: str, now: datetime, read_next_at: datetime
) -> None:
    """Say why an execution's history is not used, and leave it alone until `read_next_at`."""
    with transaction.atomic():
        execution = _locked(machine, reading)
        execution.problem = problem[:LONGEST_PROBLEM]
        execution.problem_since = execution.problem_since or now
        execution.read_next_at = read_next_at
        execution.save(update_fields=["problem", "problem_since", "read_next_at"])


def _touch(machine: StateMachine, reading: Reading, now: datetime) -> Applied:
    key = execution_id(connection=machine.connection_id, arn=reading.target.arn)
    rows = Execution.objects.filter(pk=key, last_event_id=reading.target.last_event_id)
    rows.update(read_at=now)
    due = rows.filter(read_next_at__lte=now)
    if due.exists():
        _see_unstarted(key, now)
        due.update(read_next_at=_again_at(due, reading, now))
    return Applied()


def _see_unstarted(execution_key: UUID, now: datetime) -> None:
    """No worker has begun, and the clocks of these tasks begin only then."""
    waiting = CallbackTask.objects.waiting().filter(execution_id=execution_key)
    tasks = waiting.filter(deadline_reason=NOT_STARTED)
    for task in tasks.only("pk", "dies_latest", "timeout_seconds", "heartbeat_seconds"):
        earliest = still_unstarted(
            latest=task.dies_latest,
            timeout_seconds=task.timeout_seconds,
            heartbeat_seconds=task.heartbeat_seconds,
            unstarted_at=now,
        )
        tasks.filter(pk=task.pk).update(dies_earliest=earliest, changed_at=now)


def _again_at(rows: QuerySet[Execution], reading: Reading, now: datetime) -> datetime:
    """When to read one again of which the time had come, or a hint, and in which nothing happened.

    Where all waits, at its deadline; else again, but less and less often.
    """
    waiting = CallbackTask.objects.waiting().filter(execution__in=rows.filter(is_moving=False))
    unstarted = Q(deadline_reason=NOT_STARTED)
    dies = waiting.exclude(unstarted).aggregate(first=Min("dies_earliest"))["first"]
    if dies is not None and not waiting.filter(unstarted).exists():
        return at_deadline(now, dies)
    last_event_at = reading.facts.last_event_at
    soon = next_look(now=now, last_event_at=last_event_at) if last_event_at else now + LATEST
    return soon if dies is None else min(soon, at_deadline(now, dies))


def _read_whole_next(execution: Execution, now: datetime) -> None:
    skeletons.keep(execution=execution, row=None)
    execution.read_next_at = now
    execution.save(update_fields=["read_next_at"])


def _prepare(maker: RowMaker) -> None:
    history, known = maker.reading.facts.history, maker.reading.bare_upto
    tasks = history.tasks if history else ()
    new = [one for one in tasks if one.is_mirrored and one.scheduled_event_id > known]
    if len(new) < PREPARE_FROM:
        return
    stored = _stored_tasks(maker.execution)
    maker.prepare(one for one in new if key_of(one) not in stored)


def _row(machine: StateMachine, reading: Reading) -> Execution:
    target = reading.target
    return Execution(
        id=execution_id(connection=machine.connection_id, arn=target.arn),
        connection_id=machine.connection_id,
        state_machine=machine,
        arn=target.arn,
        name=target.name,
        version=target.version,
        alias=target.alias,
        started_at=target.started_at,
        ordered_at=target.started_at,
    )


def _locked(machine: StateMachine, reading: Reading) -> Execution:
    row = _row(machine, reading)
    Execution.objects.bulk_create([row], ignore_conflicts=True)
    return Execution.objects.select_for_update().get(pk=row.pk)


def _stored_tasks(execution: Execution) -> dict[TaskKey, CallbackTask]:
    # No payload and no ciphertext: histories have thousands of tasks.
    rows = CallbackTask.objects.filter(execution_id=execution.pk).only(
        "redrive_count",
        "scheduled_event_id",
        "status",
        "closed_kind",
        "token_sha256",
        "started_at",
        "waiting_since",
        "dies_earliest",
        "dies_latest",
    )
    return {(row.redrive_count, row.scheduled_event_id): row for row in rows}


def _known(execution: Execution, stored: dict[TaskKey, CallbackTask]) -> Known:
    return Known(
        status=execution.status,
        tasks={key: _known_task(row) for key, row in stored.items()},
    )


def _known_task(row: CallbackTask) -> KnownTask:
    return KnownTask(
        is_open=row.status in OPEN,
        closed_kind=row.closed_kind,
        has_token=bool(row.token_sha256),
        has_started=row.started_at is not None,
        waiting_since=row.waiting_since,
        dies_earliest=row.dies_earliest,
        dies_latest=row.dies_latest,
    )


def _open(plan: Plan, maker: RowMaker) -> None:
    if not plan.open:
        return
    handed = handed_over(tasks=plan.open)
    maker = replace(maker, task_ids=handed)
    maker = replace(maker, request_ids=keep_requests(tasks=plan.open, maker=maker))
    for batch in _batches(plan.open):
        rows = [maker.task(task, plan.close.get(key_of(task))) for task in batch]
        _mark_answered_here([row for row in rows if row.closed_at is not None])
        restore_tokens(rows=rows)
        CallbackTask.objects.bulk_create([row for row in rows if row.pk not in handed.values()])
        adopt(
            execution=maker.execution,
            rows=[row for row in rows if row.pk in handed.values()],
            now=maker.now,
        )


def _mark_answered_here(rows: list[CallbackTask]) -> None:
    """In a mirror that is rebuilt, from the record; elsewhere it is settling that writes it."""
    if not rows:
        return
    answers = Decision.objects.filter(task_id__in=[row.pk for row in rows])
    ours = set(answers.filter(status=DecisionStatus.CONFIRMED).values_list("task_id", flat=True))
    for row in rows:
        row.answered_here = row.pk in ours
        if row.answered_here:
            row.status = TaskStatus.ANSWERED


def _batches(tasks: tuple[HistoryTask, ...]) -> Iterable[tuple[HistoryTask, ...]]:
    return (tasks[start : start + BATCH] for start in range(0, len(tasks), BATCH))


def _change(plan: Plan, maker: RowMaker, stored: dict[TaskKey, CallbackTask]) -> None:
    for task in plan.change:
        row = stored[key_of(task)]
        columns = maker.change(task, has_token=bool(row.token_sha256))
        _update([row], maker.now, columns)


def _close(plan: Plan, maker: RowMaker, stored: dict[TaskKey, CallbackTask]) -> int:
    # One event may close a thousand.
    together: dict[TaskClosing, list[CallbackTask]] = {}
    for key, closing in plan.close.items():
        if key in stored and stored[key].closed_kind != closing.kind:
            together.setdefault(closing, []).append(stored[key])
    for closing, rows in together.items():
        _update(rows, maker.now, maker.closing(closing))
    return sum(1 for key in plan.close if key not in stored or stored[key].status in OPEN)


def _update(rows: list[CallbackTask], now: datetime, columns: dict[str, Any]) -> None:
    """Change rows that may still change: open ones, and those whose end is not read yet."""
    for start in range(0, len(rows), BATCH):
        keys = [row.pk for row in rows[start : start + BATCH]]
        may_change = Q(status__in=OPEN) | Q(closed_kind=NOT_READ)
        CallbackTask.objects.filter(may_change, pk__in=keys).update(changed_at=now, **columns)


def _write_execution(execution: Execution, plan: Plan, maker: RowMaker) -> None:
    storable = maker.storable
    is_new = execution.last_event_id == 0
    if plan.execution is not None:
        execution.status = plan.execution.status
        execution.stopped_at = plan.execution.stopped_at
        execution.output = storable.text(plan.execution.output)
        execution.error = storable.text(plan.execution.error, longest=256)
        execution.cause = storable.text(plan.execution.cause)
    execution.read_next_at = plan.read_next_at
    execution.left_at = None
    history = maker.reading.facts.history
    if history is not None:
        execution.is_moving = plan.is_moving
        execution.input = storable.text(history.input)
        execution.started_by = started_by(execution.input)
        execution.last_event_id = history.last_event_id
        execution.redrive_count = history.redrive_count
        execution.read_at = maker.now
        execution.problem, execution.problem_since = "", None
    if maker.reading.is_certain:
        execution.definition = maker.reading.definition
    if is_new and not plan.open and execution.status != RUNNING:
        # It came and went, and nobody waited in it: the row only says that it has been read.
        execution.input = execution.output = execution.cause = ""
    execution.save()

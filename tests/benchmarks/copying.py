"""A mirror of many executions that are alike: one is read by a pass, the others are copied."""

from __future__ import annotations

from collections.abc import Iterator

from callbacks.models import CallbackTask, Execution, Request
from callbacks.models.identity import execution_id, request_id, task_id

BATCH = 1000


def copy_executions(*, of: Execution, arns: Iterator[str]) -> int:
    """Give each ARN the rows that its own history would have given it; only tokens are of `of`."""
    (task,) = CallbackTask.objects.filter(execution=of)
    done = 0
    batch: list[str] = []
    for arn in arns:
        batch.append(arn)
        if len(batch) == BATCH:
            done += _copy(of, task, batch)
            batch = []
    return done + _copy(of, task, batch)


def _copy(of: Execution, task: CallbackTask, arns: list[str]) -> int:
    made = [_rows(of, task, arn) for arn in arns]
    Execution.objects.bulk_create([execution for execution, _, _ in made])
    Request.objects.bulk_create([request for _, request, _ in made])
    CallbackTask.objects.bulk_create([copy for _, _, copy in made])
    return len(made)


def _rows(of: Execution, task: CallbackTask, arn: str) -> tuple[Execution, Request, CallbackTask]:
    execution = Execution(
        **_values(of), id=execution_id(connection=of.connection_id, arn=arn), arn=arn,
        name=arn.rpartition(":")[2],
    )  # fmt: skip
    key = request_id(
        connection=of.connection_id,
        execution_arn=arn,
        state=task.state,
        iteration=task.iteration,
        entry_number=1,
    )
    request = Request(id=key, execution_id=execution.pk, state=task.state)
    values = _values(task) | {"request_id": key, "execution_id": execution.pk}
    copied = task_id(
        connection=of.connection_id,
        execution_arn=arn,
        redrive_count=task.redrive_count,
        scheduled_event_id=task.scheduled_event_id,
    )
    return execution, request, CallbackTask(**values, id=copied)


def _values(row: Execution | CallbackTask) -> dict[str, object]:
    own = ("id", "arn", "name")
    return {
        field.attname: getattr(row, field.attname)
        for field in row._meta.concrete_fields
        if field.attname not in own
    }

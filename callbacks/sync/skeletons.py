"""Skeletons of long histories as rows: found for the next reading, and kept with the last one."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from callbacks.asl.skeleton import FORM, Skeleton
from callbacks.models import CallbackTask, Execution, ExecutionStatus, HistorySkeleton
from callbacks.models.secret import TokenUnreadable, decrypt, decrypt_token, encrypt
from callbacks.sync.plan import Plan
from callbacks.sync.reading import Reading, is_long


def recall(*, execution_id: UUID, last_event_id: int) -> Skeleton | None:
    """The skeleton of the history up to this very event; None where there is none to be used."""
    rows = HistorySkeleton.objects.filter(pk=execution_id, last_event_id=last_event_id, form=FORM)
    row = rows.first()
    if row is None:
        return None
    try:
        packed = decrypt(ciphertext=bytes(row.ciphertext), row_id=execution_id)
    except TokenUnreadable:
        # Its key is gone. The history is read whole once more, and kept under the key of today.
        return None
    return Skeleton(last_event_id=last_event_id, packed=packed)


def as_row(*, execution_id: UUID, reading: Reading) -> HistorySkeleton | None:
    skeleton = reading.skeleton
    if skeleton is None:
        return None
    return HistorySkeleton(
        execution_id=execution_id,
        last_event_id=skeleton.last_event_id,
        form=FORM,
        ciphertext=encrypt(secret=skeleton.packed, row_id=execution_id),
    )


def keep(*, execution: Execution, row: HistorySkeleton | None) -> None:
    """Keep this one while more is to be read, else none. In the transaction of its reading."""
    if not is_long(execution.last_event_id):
        return
    is_over = execution.status != ExecutionStatus.RUNNING and execution.read_next_at is None
    if row is None or is_over:
        HistorySkeleton.objects.filter(execution=execution).delete()
        return
    HistorySkeleton.objects.bulk_create(
        [row],
        update_conflicts=True,
        unique_fields=["execution"],
        update_fields=["last_event_id", "form", "ciphertext"],
    )


def tokens_before(*, execution_id: UUID, reading: Reading) -> Iterator[str]:
    """Tokens of the part without payloads: later payloads may quote them, and are to be masked."""
    if not reading.bare_upto:
        return
    rows = CallbackTask.objects.filter(
        execution_id=execution_id, scheduled_event_id__lte=reading.bare_upto
    ).exclude(token_ciphertext=None)
    for key, ciphertext in rows.values_list("pk", "token_ciphertext"):
        try:
            yield decrypt_token(ciphertext=bytes(ciphertext or b""), task_id=key)
        except TokenUnreadable:
            # Its key is gone; what has the shape of a token is masked all the same.
            continue


def needs_payloads(*, plan: Plan, reading: Reading) -> bool:
    """Whether the mirror misses what only the part without payloads could tell.

    Never by itself: that part is written down already. But rows can be lost, and rules change.
    """
    opens = any(task.scheduled_event_id <= reading.bare_upto for task in plan.open)
    return opens or any(
        closing.event_id is not None and closing.event_id <= reading.bare_upto
        for closing in plan.close.values()
    )

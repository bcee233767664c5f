"""Tasks whose tokens were handed over before their history was read: they keep their ids.

So links hold, and what was said and decided there stays with them.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime

from django.db.models import Exists, OuterRef

from callbacks.asl.history import CallbackTask as HistoryTask
from callbacks.audit import append
from callbacks.audit.actor import SYSTEM
from callbacks.models import (
    CallbackTask,
    Decision,
    DecisionStatus,
    Execution,
    ExecutionStatus,
    Intake,
    IntakeStatus,
    TokenState,
)
from callbacks.models.secret import decrypt_token, encrypt_token, token_hash
from callbacks.sync.plan import UNREAD, TaskKey, key_of


def handed_over(*, tasks: Iterable[HistoryTask]) -> dict[TaskKey, uuid.UUID]:
    """Ids that these tasks have already, because their tokens came before their history: one query.

    An emulator repeats a token with each attempt; then the first one has it.
    """
    by_hash: dict[str, TaskKey] = {}
    for task in tasks:
        if task.token is not None:
            by_hash.setdefault(token_hash(task.token), key_of(task))
    if not by_hash:
        return {}
    # What has been read already is another attempt.
    taken = CallbackTask.objects.exclude(execution__status=ExecutionStatus.UNREAD)
    rows = Intake.objects.filter(
        ~Exists(taken.filter(pk=OuterRef("pk"))), token_sha256__in=by_hash, task_id=None
    )
    return {by_hash[sha256]: pk for pk, sha256 in rows.values_list("pk", "token_sha256")}


def adopt(*, execution: Execution, rows: Iterable[CallbackTask], now: datetime) -> None:
    """Write tasks of a history over those that stood for them, in the transaction of the reading.

    What stands for the execution goes with the next pass. An answer that was given before is not
    sent any more, as its person saw less (`decisions.deliver`); one that was sent and could not be
    traced is looked up again.
    """
    for row in rows:
        row.save()
        Intake.objects.filter(pk=row.pk).update(
            status=IntakeStatus.MERGED, execution_arn=execution.arn, token_ciphertext=None
        )
        untraced = Decision.objects.filter(
            task_id=row.pk,
            outcome=UNREAD,
            status__in=[DecisionStatus.SENT, DecisionStatus.UNKNOWN],
        )
        for key in untraced.values_list("pk", flat=True):
            untraced.filter(pk=key).update(look_after=now, outcome="")
            append(
                kind="answer_traceable",
                now=now,
                actor=SYSTEM,
                decision_id=key,
                task_id=row.pk,
                facts={"execution_arn": execution.arn},
            )


def restore_tokens(*, rows: Iterable[CallbackTask]) -> None:
    """Give tasks whose history has no token the one that was handed over for them before: in a
    mirror that is rebuilt. One query, where there are such tasks.
    """
    without = {row.pk: row for row in rows if row.token_state != TokenState.HELD}
    if not without:
        return
    for intake in Intake.objects.filter(task_id__in=without, status=IntakeStatus.MERGED):
        assert intake.task_id is not None  # noqa: S101 - it was looked for by it
        give_token(intake, without[intake.task_id])


def give_token(intake: Intake, task: CallbackTask) -> None:
    """Set the columns; the row is not written."""
    assert intake.token_ciphertext is not None  # noqa: S101 - only adopting lets go of it
    token = decrypt_token(ciphertext=bytes(intake.token_ciphertext), task_id=intake.pk)
    task.token_ciphertext = encrypt_token(token=token, task_id=task.pk)
    task.token_sha256, task.token_length = intake.token_sha256, intake.token_length
    task.token_state = TokenState.HELD

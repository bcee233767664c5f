"""What is known of the run of a token that was handed over, as long as no history shows the token.

It stands with what stands for the run, as why a run cannot be read stands with the run.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from callbacks.models import (
    CallbackTask,
    Connection,
    Execution,
    ExecutionStatus,
    Intake,
    IntakeStatus,
)

NO_STEP = "No step of that run has this token yet."
# It is over, so none will.
NEVER_A_STEP = "No step of that run has this token."
NO_RUN = "AWS knows no such run."


def say_of(*, intakes: Iterable[uuid.UUID], problem: str) -> None:
    """Of each of these tokens that still stands by itself."""
    theirs = CallbackTask.objects.filter(pk__in=intakes).values("execution_id")
    rows = Execution.objects.filter(pk__in=theirs, status=ExecutionStatus.UNREAD)
    rows.exclude(problem=problem).update(problem=problem)


def note_no_run(*, connection: Connection, arn: str) -> None:
    """AWS does not know what a worker named."""
    open_ones = Intake.objects.filter(
        connection=connection,
        execution_arn=arn,
        status__in=[IntakeStatus.LOOKING, IntakeStatus.ALONE],
    )
    say_of(intakes=[*open_ones.values_list("pk", flat=True)], problem=NO_RUN)

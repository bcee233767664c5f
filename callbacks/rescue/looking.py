"""Ask AWS how a run stands: one DescribeExecution within the budget, counted like sync's calls."""

from __future__ import annotations

from datetime import datetime

from callbacks.models import Execution
from callbacks.rescue.outcome import Seen
from callbacks.stepfunctions import StepFunctionsError
from callbacks.sync.asking import Asking
from callbacks.sync.figures import count_calls
from callbacks.sync.silence import unless_silent


def look_at(*, execution: Execution, now: datetime) -> Seen:
    """Raises StepFunctionsError."""
    connection = execution.connection
    asking = Asking(connection=connection, now=now, hasty=True)
    try:
        with unless_silent(connection=connection, operation="DescribeExecution", now=now):
            detail = asking.reader.describe_execution(arn=execution.arn)
    except StepFunctionsError as exc:
        asking.note(exc)
        raise
    finally:
        asking.purse.give_back()
        count_calls(
            connection=connection,
            counter=asking.counter,
            denials=asking.denials,
            now=now,
        )
    return Seen(
        status=detail.status,
        error=detail.error,
        redrive_count=detail.redrive_count,
        redrive_status=detail.redrive_status,
        redrive_status_reason=detail.redrive_status_reason,
    )

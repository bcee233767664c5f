"""Ask AWS how a run stands: one DescribeExecution within the budget, counted like sync's calls."""

from __future__ import annotations

from datetime import datetime

from callbacks.models import Execution
from callbacks.rescue.outcome import Seen
from callbacks.stepfunctions import StepFunctionsError
from callbacks.sync.asking import Asking
from callbacks.sync.figures import count_calls


def look_at(*, execution: Execution, now: datetime) -> Seen:
    """Raises StepFunctionsError."""
    asking = Asking(connection=execution.connection, now=now)
    try:
        detail = asking.reader.describe_execution(arn=execution.arn)
    except StepFunctionsError as exc:
        asking.note(exc)
        raise
    finally:
        asking.purse.give_back()
        count_calls(
            connection=execution.connection,
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

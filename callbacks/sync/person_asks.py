"""One call to AWS because a person asks: within our share of the quota, and not for long."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from callbacks.models import Connection
from callbacks.stepfunctions import CallCounter, Reader, StepFunctionsError, Throttled
from callbacks.sync.figures import count_calls
from callbacks.sync.purse import Purse
from callbacks.sync.trouble import is_denial

PATIENCE_SECONDS = 5.0
Told = TypeVar("Told")


def ask(
    *, connection: Connection, operation: str, now: datetime, question: Callable[[Reader], Told]
) -> Told:
    """Make one attempt, which is counted. Raises StepFunctionsError; Throttled is also our own."""
    purse = Purse(connection=connection, clock=lambda: now)
    if not purse.allows(operation):
        raise Throttled(operation=operation, code="OwnShare", message="our own share is used")
    counter, denials = CallCounter(), Counter[str]()
    reader = Reader(
        access=connection.access,
        calls=counter,
        admit=purse.spend,
        read_timeout=PATIENCE_SECONDS,
        attempts=1,
    )
    try:
        return question(reader)
    except StepFunctionsError as exc:
        denials[operation] += is_denial(exc)
        raise
    finally:
        purse.give_back()
        count_calls(connection=connection, counter=counter, denials=denials, now=now)

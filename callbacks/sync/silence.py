"""An account that leaves calls waiting is asked by one worker at a time, whoever wants to know.

This is for what answers, actions and people ask beside the passes, which are one per connection
anyway: a few doubtful answers of an account that hangs would else hold all workers.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from time import monotonic

from callbacks.models import Connection, Lease
from callbacks.stepfunctions import StepFunctionsError, Unanswered
from callbacks.sync.trouble import is_of_the_connection, is_silence

# What failed sooner has kept no worker.
LONG_SECONDS = 3.0
# After a silence, and while somebody tries again.
REST = timedelta(seconds=15)


@contextmanager
def unless_silent(*, connection: Connection, operation: str, now: datetime) -> Iterator[None]:
    """Ask AWS in here. Raises Unanswered instead while the account is silent and not our turn.

    One query where nothing is wrong.
    """
    name, began = f"silent:{connection.pk}", monotonic()
    was_silent = Lease.objects.filter(name=name).exists()
    if was_silent and not _take_turn(name, now):
        raise Unanswered(
            operation=operation, code="Silent", message="It gave no answer moments ago."
        )
    try:
        yield
    except StepFunctionsError as exc:
        seconds = monotonic() - began
        if seconds >= LONG_SECONDS and (is_silence(exc) or is_of_the_connection(exc)):
            _begin(name, exc, now + timedelta(seconds=seconds))
        elif was_silent:
            _end(name)
        raise
    if was_silent:
        _end(name)


def _take_turn(name: str, now: datetime) -> bool:
    """Of any number that ask at once, one may try."""
    return Lease.objects.filter(name=name, until__lte=now).update(until=now + REST) == 1


def _begin(name: str, error: StepFunctionsError, now: datetime) -> None:
    Lease.objects.update_or_create(
        name=name, defaults={"holder": error.code[:80], "until": now + REST}
    )


def _end(name: str) -> None:
    Lease.objects.filter(name=name).delete()

"""What a pass did, in numbers, and the calls that it made, counted per hour."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F

from callbacks.models import CallCount, Connection
from callbacks.stepfunctions import CallCounter


@dataclass(frozen=True, slots=True)
class PassFigures:
    """Figures of one pass. `error` is the code of what ended or hindered it, empty if nothing."""

    executions_listed: int = 0
    histories_read: int = 0
    tasks_opened: int = 0
    tasks_closed: int = 0
    # Requests on the wire by operation, repeats included.
    api_calls: Mapping[str, int] = field(default_factory=dict)
    throttles: int = 0
    seconds: float = 0.0
    problems: int = 0
    # State machines of which executions may have come and gone that are not read yet.
    machines_behind: int = 0
    # Lists that are looked at, and how many seconds apart our share lets the quietest be.
    lists: int = 0
    look_seconds: float = 0.0
    # How long ago the history was read that was unread for longest, where nothing else is due: what
    # waits is read again in turn (0: something is due, or nothing runs).
    reread_seconds: float = 0.0
    # The longest wait for one answer of AWS, in seconds.
    slowest_answer: float = 0.0
    error: str = ""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def count_calls(
    *,
    connection: Connection,
    counter: CallCounter,
    denials: Mapping[str, int],
    now: datetime,
) -> None:
    """Add what went over the wire to the hour's rows."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    throttles = counter.throttles
    for operation, calls in counter.calls.items():
        _add(
            CallCount(
                connection=connection,
                operation=operation,
                hour=hour,
                calls=calls,
                throttles=throttles.get(operation, 0),
                denials=denials.get(operation, 0),
            )
        )


def _add(count: CallCount) -> None:
    if _add_to_row(count):
        return
    try:
        with transaction.atomic():
            count.save(force_insert=True)
    except IntegrityError:
        # Another process made the row between the two statements.
        _add_to_row(count)


def _add_to_row(count: CallCount) -> bool:
    rows = CallCount.objects.filter(
        connection=count.connection, operation=count.operation, hour=count.hour
    )
    changed = rows.update(
        calls=F("calls") + count.calls,
        throttles=F("throttles") + count.throttles,
        denials=F("denials") + count.denials,
    )
    return changed == 1

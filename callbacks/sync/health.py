"""How a connection fares, and up to when what we show of it is known to be true."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Min

from callbacks.models import Connection, ConnectionHealth, Execution, ExecutionStatus
from callbacks.sync import trail
from callbacks.sync.asking import Asking
from callbacks.sync.candidates import LONG_AGO
from callbacks.sync.figures import PassFigures

# AWS answers in a fraction of a second; from so many on people are told.
SLOW_ANSWER = 5.0


@dataclass(frozen=True, slots=True)
class Before:
    """When the state machines were last listed, and how the pass before this one ended."""

    machines_listed_at: datetime | None
    # Its worker died before it came to its end.
    was_cut_off: bool


def begin(*, connection: Connection, now: datetime) -> Before:
    """Note that a pass has begun."""
    health, _ = ConnectionHealth.objects.get_or_create(connection=connection)
    ConnectionHealth.objects.filter(pk=health.pk).update(pass_started_at=now)
    return Before(
        machines_listed_at=health.machines_listed_at,
        was_cut_off=_was_cut_off(health),
    )


def note_slowness(*, connection: Connection, seconds: float) -> None:
    """Say it while the pass goes on: one that waits for AWS may not end for long."""
    health = ConnectionHealth.objects.get(connection=connection)
    health.figures = {**health.figures, "slowest_answer": round(seconds, 1)}
    health.save(update_fields=["figures"])


def _was_cut_off(health: ConnectionHealth) -> bool:
    began, ended = health.pass_started_at, health.pass_finished_at
    return began is not None and (ended is None or ended < began)


def finish(
    *,
    connection: Connection,
    asking: Asking,
    figures: PassFigures,
    is_failing: bool,
    known_at: datetime | None,
    machines_listed_at: datetime | None,
    now: datetime,
    finished_at: datetime,
) -> None:
    """Note how a pass has ended.

    `known_at`: when the lists were taken; None where something that has changed is not read yet,
    so that what was known before gets no younger.
    """
    health = ConnectionHealth.objects.get(connection=connection)
    health.pass_finished_at = finished_at
    health.figures = figures.as_json()
    health.machines_listed_at = machines_listed_at
    known_before = health.read_ok_at
    trouble = asking.trouble
    health.error_code = trouble.code if trouble else ""
    health.error_message = trouble.message[:500] if trouble else ""
    health.failing_since = (health.failing_since or now) if is_failing else None
    if asking.was_throttled:
        health.throttled_at = now
    if known_at is not None and not is_failing and known_at != LONG_AGO:
        health.read_ok_at = min(known_at, _oldest_reading(connection) or known_at)
    _leave_trail(health, figures, known_before, finished_at)
    health.save()


def _leave_trail(
    health: ConnectionHealth,
    figures: PassFigures,
    known_before: datetime | None,
    finished_at: datetime,
) -> None:
    """Note what the pass took, and how old the data was when it ended: before what it found."""
    health.passes = trail.with_pass(
        health.passes, ended_at=finished_at, seconds=figures.seconds, error=figures.error
    )
    since = known_before or health.read_ok_at
    if since is not None:
        age = (finished_at - since).total_seconds()
        health.ages = trail.with_age(health.ages, at=finished_at, age=age)


def _oldest_reading(connection: Connection) -> datetime | None:
    """An execution that is set aside says so itself and does not age the rest."""
    running = Execution.objects.filter(
        connection=connection,
        status=ExecutionStatus.RUNNING,
        problem="",
        read_at__isnull=False,
    )
    oldest: datetime | None = running.aggregate(oldest=Min("read_at"))["oldest"]
    return oldest

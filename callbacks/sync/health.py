"""How a connection fares, and up to when what we show of it is known to be true."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max, Min
from django.db.models.functions import Coalesce

from callbacks.models import Connection, ConnectionHealth, Execution, ExecutionStatus
from callbacks.queries.rights import DENIED_CODE
from callbacks.stepfunctions.rights import DENIED
from callbacks.sync import trail
from callbacks.sync.asking import Asking
from callbacks.sync.candidates import LONG_AGO
from callbacks.sync.figures import PassFigures
from callbacks.sync.trouble import Trouble, without_resource

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
    # How long calls of the last pass waited is no reason for what this one takes.
    figures = {**health.figures, "slowest_answer": 0.0}
    ConnectionHealth.objects.filter(pk=health.pk).update(pass_started_at=now, figures=figures)
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
    unlisted: str,
    is_failing: bool,
    known_at: datetime | None,
    oldest_reading: datetime | None,
    machines_listed_at: datetime | None,
    now: datetime,
    finished_at: datetime,
) -> None:
    """Note how a pass has ended.

    `known_at`: when the lists were taken; None where something that has changed is not read yet,
    so that what was known before gets no younger. `oldest_reading`: see there. `unlisted`: AWS's
    denial of a list, if any.
    """
    health = ConnectionHealth.objects.get(connection=connection)
    health.pass_finished_at = finished_at
    health.figures = figures.as_json()
    health.machines_listed_at = machines_listed_at
    known_before = health.read_ok_at
    denied = _denied(connection, health, asking)
    trouble = _trouble(asking, denied, unlisted)
    health.error_code = trouble.code if trouble else ""
    health.error_message = trouble.message[:500] if trouble else ""
    health.failing_since = (health.failing_since or now) if is_failing else None
    if asking.was_throttled:
        health.throttled_at = now
    if known_at is not None and not is_failing and known_at != LONG_AGO:
        readings = (known_at, oldest_reading, denied.since)
        health.read_ok_at = min(at for at in readings if at is not None)
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


@dataclass(frozen=True, slots=True)
class _Denied:
    """Running executions that AWS lets us not read: how many, and since when nothing is known."""

    runs: int = 0
    since: datetime | None = None
    # What AWS has said of them: the first and the last by the alphabet.
    first: str | None = None
    last: str | None = None

    @property
    def words(self) -> str:
        noun = "run" if self.runs == 1 else "runs"
        said = [one for one in (self.first, self.last) if one]
        actions = [without_resource(one).removeprefix(DENIED) for one in said]
        named = " and states:".join(dict.fromkeys(actions))
        return f"{self.runs:,} {noun} cannot be read: {DENIED}{named}."


def _denied(connection: Connection, health: ConnectionHealth, asking: Asking) -> _Denied:
    """One query where AWS has denied something in this pass or may have before, else none.

    After any other trouble as well: it was told in place of what is denied.
    """
    if not asking.denials and not health.error_code:
        return _Denied()
    # That it has a problem at all is said for the databases, which find the index by it.
    rows = Execution.objects.filter(
        connection=connection,
        status=ExecutionStatus.RUNNING,
        problem__gt="",
        problem__startswith=DENIED,
    )
    found = rows.aggregate(
        runs=Count("pk"),
        since=Min(Coalesce("read_at", "problem_since")),
        first=Min("problem"),
        last=Max("problem"),
    )
    return _Denied(**found)


def _trouble(asking: Asking, denied: _Denied, unlisted: str) -> Trouble | None:
    """What is said of the connection: what hinders all of it first, and not only of this pass."""
    if asking.trouble is not None and asking.is_trouble_common:
        return asking.trouble
    if unlisted:
        return Trouble(DENIED_CODE, unlisted)
    return Trouble(DENIED_CODE, denied.words) if denied.runs else asking.trouble


def oldest_reading(connection: Connection) -> datetime | None:
    """When the running execution was read that is unread for longest: one query.

    One that is set aside says so itself and does not age the rest.

    Not so where AWS denies us its history: that is a matter of the connection's rights.
    """
    running = Execution.objects.filter(
        connection=connection,
        status=ExecutionStatus.RUNNING,
        problem="",
        read_at__isnull=False,
    )
    oldest: datetime | None = running.aggregate(oldest=Min("read_at"))["oldest"]
    return oldest

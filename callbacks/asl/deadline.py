"""When a waiting task dies: exactly where the history tells, else between which two moments."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

EXACT, RANGE, NONE = "exact", "range", "none"

# Reasons: which limit decides `latest`, or for a range what keeps it open.
TIMEOUT = "timeout"
HEARTBEAT = "heartbeat"
EXECUTION_TIMEOUT = "execution_timeout"
# Of the execution whose Map Run began this one.
PARENT_TIMEOUT = "parent_timeout"
NOT_STARTED = "not_started"
ONE_YEAR = "one_year"

# AWS's default for both timeouts, "effectively none" (dg/state-task).
NO_TIMEOUT_SECONDS = 99_999_999
# The longest that an execution, and so a task, may run (dg/service-quotas).
LONGEST_EXECUTION = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Bound:
    """One limit by itself. `at` is None while its clock has not started."""

    reason: str
    at: datetime | None
    seconds: int | None


@dataclass(frozen=True, slots=True)
class Deadline:
    """The task is dead by `latest` and may be from `earliest` on.

    `kind` exact: both are the same, and AWS ends the task then. range: a heartbeat may move it, or
    its clock has not started. none: nothing ends it but the limit of one year, which both are.
    """

    earliest: datetime
    latest: datetime
    kind: str
    reason: str
    # Every limit that is set, for an explanation in words.
    bounds: tuple[Bound, ...]


def deadline(
    *,
    timeout_seconds: int | None,
    heartbeat_seconds: int | None,
    scheduled_at: datetime,
    started_at: datetime | None,
    unstarted_at: datetime | None = None,
    last_beat_at: datetime | None = None,
    execution_started_at: datetime,
    execution_counting_since: datetime | None = None,
    execution_timeout_seconds: int | None = None,
    parent_ends_by: datetime | None = None,
) -> Deadline:
    """Work out the deadline from what the history and the definition say.

    The clocks of a task start with its TaskStarted or ActivityStarted event, not with its
    scheduling (dg/state-task): one that was seen at `unstarted_at` not to have started had all of
    its time left then. Heartbeats leave no event: `last_beat_at` is the last one that we
    sent ourselves, and others may have sent later ones. A redrive starts the machine's own timeout
    anew (dg/redrive-executions): `execution_counting_since`. A child of a Map Run ends with the
    execution around it: `parent_ends_by`.
    """
    total = _bound(TIMEOUT, timeout_seconds, started_at)
    beat = _bound(HEARTBEAT, heartbeat_seconds, _later(started_at, last_beat_at))
    machine = _bound(
        EXECUTION_TIMEOUT,
        execution_timeout_seconds,
        execution_counting_since or execution_started_at,
    )
    parent = Bound(PARENT_TIMEOUT, parent_ends_by, None) if parent_ends_by else None
    year = Bound(ONE_YEAR, _add(execution_started_at, LONGEST_EXECUTION), None)
    bounds = tuple(bound for bound in (total, beat, machine, parent, year) if bound is not None)
    hard = _first(tuple(bound for bound in bounds if bound is not beat))
    soonest = _soonest(bounds, max(scheduled_at, unstarted_at or scheduled_at))
    return _deadline(soonest, hard, bounds, is_started=started_at is not None)


def execution_ends_by(
    *, timeout_seconds: int | None, counting_since: datetime, parent_ends_by: datetime | None = None
) -> datetime | None:
    """When its own time limit, or that of an execution around it, ends an execution."""
    own = _bound(EXECUTION_TIMEOUT, timeout_seconds, counting_since)
    limits = [at for at in (own.at if own else None, parent_ends_by) if at is not None]
    return min(limits, default=None)


def after_beat(
    *, earliest: datetime, latest: datetime, heartbeat_seconds: int, beat_at: datetime
) -> datetime:
    """The earliest end after a heartbeat: later than before, and never beyond the hard limit."""
    beaten = _add(beat_at, timedelta(seconds=heartbeat_seconds))
    return min(max(earliest, beaten), latest)


def _deadline(
    soonest: datetime, hard: Bound, bounds: tuple[Bound, ...], *, is_started: bool
) -> Deadline:
    latest = _at(hard)
    if soonest < latest:
        reason = HEARTBEAT if is_started else NOT_STARTED
        return Deadline(soonest, latest, RANGE, reason, bounds)
    kind = NONE if hard.reason == ONE_YEAR else EXACT
    return Deadline(latest, latest, kind, hard.reason, bounds)


def _bound(reason: str, seconds: int | None, since: datetime | None) -> Bound | None:
    if seconds is None or seconds >= NO_TIMEOUT_SECONDS:
        return None
    at = None if since is None else _add(since, timedelta(seconds=seconds))
    return Bound(reason, at, seconds)


def _later(started_at: datetime | None, last_beat_at: datetime | None) -> datetime | None:
    if started_at is None or last_beat_at is None:
        return started_at
    return max(started_at, last_beat_at)


def _first(bounds: tuple[Bound, ...]) -> Bound:
    return min((bound for bound in bounds if bound.at is not None), key=_at)


def _soonest(bounds: tuple[Bound, ...], unstarted_at: datetime) -> datetime:
    """A clock that has not started may start at once."""
    return min(
        bound.at or _add(unstarted_at, timedelta(seconds=bound.seconds or 0)) for bound in bounds
    )


def still_unstarted(
    *,
    latest: datetime,
    timeout_seconds: int | None,
    heartbeat_seconds: int | None,
    unstarted_at: datetime,
) -> datetime:
    """The earliest end of a task that was seen once more not to have started."""
    limits = [timeout_seconds, heartbeat_seconds]
    bounds = (_bound(TIMEOUT, seconds, unstarted_at) for seconds in limits)
    return min(latest, *(_at(bound) for bound in bounds if bound is not None))


def _at(bound: Bound) -> datetime:
    return bound.at or datetime.max.replace(tzinfo=UTC)


def _add(moment: datetime, length: timedelta) -> datetime:
    try:
        return moment + length
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC)

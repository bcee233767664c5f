"""What may be done to a task or a run as it stands, and what must be confirmed: pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

# AWS's limits (API_StopExecution), and how long a run may be redriven (dg/redrive-executions).
LONGEST_ERROR = 256
LONGEST_CAUSE = 32_768
LONGEST_REASON = 2_000
REDRIVE_WINDOW = timedelta(days=14)
MOST_EVENTS = 24_999
# With `.sync` or `.sync:2`; where such a Task waits for a token, its run goes its own way.
WATCHED_RUN = ":states:startExecution.sync"
# The last letters of a name that stand for it; most of a name is often the same for all runs.
LAST_PART = 8

RUNNING = "RUNNING"
UNREAD = "UNREAD"
REDRIVABLE = "REDRIVABLE"
_UNSUCCESSFUL = ("FAILED", "TIMED_OUT", "ABORTED")


class Why(StrEnum):
    """Why something is off."""

    # Somebody has switched the connection off here.
    CONNECTION_OFF = "connection_off"
    TASK_OVER = "task_over"
    RUNS_ITSELF = "runs_itself"
    NO_HEARTBEAT = "no_heartbeat"
    NO_TOKEN = "no_token"  # noqa: S105 - a reason
    RUN_OVER = "run_over"
    EXPRESS = "express"
    STILL_RUNNING = "still_running"
    SUCCEEDED = "succeeded"
    FORGOTTEN = "forgotten"
    TOO_OLD = "too_old"
    TOO_LONG = "too_long"
    # AWS's own answer to DescribeExecution.
    BY_MAP_RUN = "by_map_run"
    NOT_REDRIVABLE = "not_redrivable"
    # Only a token of it was handed over.
    UNREAD = "unread"


@dataclass(frozen=True, slots=True)
class RunFacts:
    """An execution as the mirror has it."""

    status: str
    machine_type: str
    stopped_at: datetime | None
    last_event_id: int
    # A child of a distributed Map.
    is_child: bool = False
    is_enabled: bool = True


def why_no_heartbeat(
    *,
    is_waiting: bool,
    heartbeat_seconds: int | None,
    has_token: bool,
    runs_itself: bool = False,
    is_known: bool = True,
    is_enabled: bool = True,
) -> Why | None:
    """Without HeartbeatSeconds AWS takes a heartbeat, and it changes nothing.

    `is_known`: whether the execution is; of others nobody knows whether they have a heartbeat.
    """
    if runs_itself:
        return Why.RUNS_ITSELF
    if not is_waiting:
        return Why.TASK_OVER
    if heartbeat_seconds is None and is_known:
        return Why.NO_HEARTBEAT
    if not has_token:
        return Why.NO_TOKEN
    return None if is_enabled else Why.CONNECTION_OFF


def why_no_stop(run: RunFacts) -> Why | None:
    if run.machine_type == "EXPRESS":
        return Why.EXPRESS
    if run.status == UNREAD:
        return Why.UNREAD
    if run.status != RUNNING:
        return Why.RUN_OVER
    return None if run.is_enabled else Why.CONNECTION_OFF


def watches_runs(definition: str) -> bool:
    """Whether a step starts a run and waits for its end: AWS stops that run with this one
    (dg/connect-to-resource, as far as the role may)."""
    return WATCHED_RUN in definition


def why_no_redrive(run: RunFacts, *, now: datetime) -> Why | None:
    """By the mirror alone: AWS has the last word."""
    if run.machine_type == "EXPRESS":
        return Why.EXPRESS
    if run.status not in _UNSUCCESSFUL:
        return _WHY_BY_STATUS.get(run.status, Why.NOT_REDRIVABLE)
    if run.is_child:
        # dg/redrive-map-run: only with its parent.
        return Why.BY_MAP_RUN
    if run.stopped_at is not None and now - run.stopped_at > REDRIVE_WINDOW:
        return Why.TOO_OLD
    if run.last_event_id >= MOST_EVENTS:
        return Why.TOO_LONG
    return None if run.is_enabled else Why.CONNECTION_OFF


_WHY_BY_STATUS = {
    RUNNING: Why.STILL_RUNNING,
    "SUCCEEDED": Why.SUCCEEDED,
    "FORGOTTEN": Why.FORGOTTEN,
    UNREAD: Why.UNREAD,
    "PENDING_REDRIVE": Why.BY_MAP_RUN,
}


def why_aws_does_not_redrive(redrive_status: str | None) -> Why | None:
    """By DescribeExecution; an emulator that says nothing of it is not in the way."""
    if redrive_status in (None, "", REDRIVABLE):
        return None
    return Why.BY_MAP_RUN if redrive_status == "REDRIVABLE_BY_MAP_RUN" else Why.NOT_REDRIVABLE


def needs_name(*, waiting_tasks: int, live_answers: int) -> bool:
    """Whether a stop loses so much that the run's name is typed first."""
    return waiting_tasks > 1 or live_answers > 0


def is_named(*, name: str, typed: str) -> bool:
    """The whole name, or its last letters where it is longer than those."""
    return typed.strip() in (name, last_part(name))


def last_part(name: str) -> str:
    return name[-LAST_PART:]

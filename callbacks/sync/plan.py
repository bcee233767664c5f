"""From what AWS said and what the mirror holds to what is to be written. Pure: no database, no AWS.

Never guesses: what the history does not show is not closed by it, and a task that is over without
a known reason is closed as "not read" until the reason is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from callbacks.asl.deadline import NOT_STARTED, Deadline
from callbacks.asl.fold_tasks import ACTIVITY
from callbacks.asl.history import CallbackTask, Closing, History

# Redrive count and id of the TaskScheduled event: which attempt of the execution.
TaskKey = tuple[int, int]

RUNNING = "RUNNING"
FORGOTTEN_STATUS = "FORGOTTEN"

# --- how tasks end: codes of TaskStatus, and kinds beside those of asl.history
WAITING, RUNS, ANSWERED, TIMED_OUT, STOPPED, CLOSED = (
    "waiting",
    "running",
    "answered",
    "timed_out",
    "stopped",
    "closed",
)
OPEN = (WAITING, RUNS)
NOT_READ = "not_read"  # over, but what ended it is not read yet; the only closing that may change
FORGOTTEN = "forgotten"  # AWS no longer knows the execution
UNREAD = "unread"  # its execution cannot be read: AWS's word on an answer is all there is
# Never stored on a task: how records and pages call the end of a job that we did not end.
JOB_ENDED = "job_ended"
SUBMIT_FAILED = "submit_failed"  # the call that hands the token over failed

_STATUS_BY_KIND = {
    "succeeded": ANSWERED,
    "failed": ANSWERED,
    "timed_out": TIMED_OUT,
    "execution_timed_out": TIMED_OUT,
    "stopped": STOPPED,
}
_ENDED = {
    "execution_succeeded": "SUCCEEDED",
    "execution_failed": "FAILED",
    "execution_timed_out": "TIMED_OUT",
    "stopped": "ABORTED",
}
_ANSWERED_FAILURES = ("TaskFailed", "ActivityFailed")
_KIND_BY_STATUS = {status: kind for kind, status in _ENDED.items()}

# A history may lag behind a description; after this long it is taken to say no more.
HISTORY_LAG = timedelta(seconds=60)
# How soon a moving execution is read again, at first and at last.
SOONEST, LATEST = timedelta(seconds=2), timedelta(seconds=60)
DEADLINE_GRACE = timedelta(seconds=1)
_FAR = datetime.max.replace(tzinfo=UTC) - timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Target:
    """An execution to read, and what is known of it beforehand."""

    arn: str
    name: str
    started_at: datetime
    # By what it was started, where not by the state machine itself.
    version: str = ""
    alias: str = ""
    # It is no longer in a whole list of the running ones, so that it must be over.
    has_left: bool = False
    last_event_id: int = 0
    # The mirror holds all that its last event says, so nothing has to be folded again.
    is_settled: bool = False


@dataclass(frozen=True, slots=True)
class KnownTask:
    """A task as the mirror holds it."""

    is_open: bool
    closed_kind: str = ""
    has_token: bool = False
    has_started: bool = False
    waiting_since: datetime | None = None
    dies_earliest: datetime | None = None
    dies_latest: datetime | None = None

    @property
    def is_final(self) -> bool:
        return not self.is_open and self.closed_kind != NOT_READ


@dataclass(frozen=True, slots=True)
class Known:
    """An execution as the mirror holds it; status is empty where it is new."""

    status: str = ""
    tasks: Mapping[TaskKey, KnownTask] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Described:
    """What DescribeExecution says; FORGOTTEN where AWS no longer knows it."""

    status: str
    stopped_at: datetime | None = None
    output: str = field(default="", repr=False)
    error: str = field(default="", repr=False)
    cause: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Facts:
    """One execution as AWS shows it now. `history` is None where it could not be read."""

    now: datetime
    history: History | None = None
    described: Described | None = None
    # AWS's time of the last event, and when each waiting task dies.
    last_event_at: datetime | None = None
    deadlines: Mapping[TaskKey, Deadline] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TaskClosing:
    """How a task ended. Payloads are AWS's, unmasked."""

    status: str
    kind: str
    at: datetime
    event_id: int | None = None
    event_type: str = ""
    output: str = field(default="", repr=False)
    error: str = field(default="", repr=False)
    cause: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class ExecutionState:
    """How the execution stands; `stopped_at` is None while it runs or AWS does not say."""

    status: str
    stopped_at: datetime | None = None
    output: str = field(default="", repr=False)
    error: str = field(default="", repr=False)
    cause: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Plan:
    """What to write. A task may be opened and closed at once: it came and went between readings."""

    open: tuple[CallbackTask, ...] = ()
    # Those whose token was not found before, or whose clock has started since.
    change: tuple[CallbackTask, ...] = ()
    close: Mapping[TaskKey, TaskClosing] = field(default_factory=dict)
    # None where there is nothing to say beyond what the mirror holds.
    execution: ExecutionState | None = None
    is_moving: bool = False
    read_next_at: datetime | None = None


def key_of(task: CallbackTask) -> TaskKey:
    return task.redrive_count, task.scheduled_event_id


def make_plan(*, known: Known, facts: Facts) -> Plan:
    """Say what to open, change and close, how the execution stands, and when to read it next.

    The same facts again give a plan that writes nothing new.
    """
    history = facts.history
    execution = _execution_state(known, facts)
    status = execution.status if execution else known.status
    tasks = [task for task in history.tasks if _is_ours(known, task)] if history else []
    close = dict(_closings(known, facts, tasks, execution))
    opened = tuple(task for task in tasks if key_of(task) not in known.tasks)
    still_open = [
        task
        for task in tasks
        if task.is_mirrored and task.closed is None and key_of(task) not in close
    ]
    return Plan(
        open=opened,
        change=tuple(task for task in tasks if _has_news(known, facts, task)),
        close=close,
        execution=execution,
        is_moving=history is not None and history.is_moving and status == RUNNING,
        read_next_at=_read_next(facts, status, still_open, close),
    )


def _is_ours(known: Known, task: CallbackTask) -> bool:
    # Its own definition may say, where today's did not, that a job was never given its token.
    return task.is_mirrored or key_of(task) in known.tasks


def waiting_since(task: CallbackTask) -> datetime:
    if task.kind == ACTIVITY:
        # Whether a worker has picked it up or not.
        return task.scheduled_at
    return task.submitted_at or task.started_at or task.scheduled_at


def _has_news(known: Known, facts: Facts, task: CallbackTask) -> bool:
    before = known.tasks.get(key_of(task))
    if before is None or before.is_final:
        return False
    if task.token is not None and not before.has_token:
        return True
    dies = facts.deadlines[key_of(task)]
    is_moved = (dies.earliest, dies.latest) != (before.dies_earliest, before.dies_latest)
    # When it would have died is no news of one that has ended.
    has_moved = waiting_since(task) != before.waiting_since
    has_started = (task.started_at is not None) != before.has_started
    return has_moved or has_started or (is_moved and task.closed is None)


def _execution_state(known: Known, facts: Facts) -> ExecutionState | None:
    ended = facts.history.ended if facts.history else None
    if ended is not None:
        return ExecutionState(
            status=_ENDED[ended.kind],
            stopped_at=ended.at,
            output=ended.output or "",
            error=ended.error or "",
            cause=ended.cause or "",
        )
    said = facts.described
    if said is None:
        return ExecutionState(RUNNING) if facts.history else None
    if said.status == FORGOTTEN_STATUS and known.status != RUNNING:
        # How it ended was read while AWS still knew it.
        return None
    return ExecutionState(said.status, said.stopped_at, said.output, said.error, said.cause)


def _closings(
    known: Known, facts: Facts, tasks: list[CallbackTask], execution: ExecutionState | None
) -> Iterator[tuple[TaskKey, TaskClosing]]:
    """What the history closes; then, where the execution is over, everything that is left."""
    closed = {key_of(task): task for task in tasks if task.closed is not None}
    for key, task in closed.items():
        if not _is_final(known, key) and task.closed is not None:
            yield key, _own_closing(task, task.closed)
    execution = execution or ExecutionState(known.status)
    if execution.status == RUNNING:
        return
    rest = {key_of(task) for task in tasks} | known.tasks.keys()
    for key in sorted(rest - closed.keys()):
        if not _is_final(known, key):
            yield key, _closing_by_end(facts, execution)


def _is_final(known: Known, key: TaskKey) -> bool:
    task = known.tasks.get(key)
    return task is not None and task.is_final


def _own_closing(task: CallbackTask, closed: Closing) -> TaskClosing:
    kind = closed.kind
    was_handed_over = task.kind == ACTIVITY or task.submitted_at is not None
    if kind == "failed" and not (was_handed_over and closed.event_type in _ANSWERED_FAILURES):
        kind = SUBMIT_FAILED
    status = _STATUS_BY_KIND.get(kind, CLOSED)
    if status == ANSWERED and not task.waits:
        # The job's own end and an early answer look alike; settling knows which answers are ours.
        status = CLOSED
    return TaskClosing(
        status=status,
        kind=kind,
        at=closed.at,
        event_id=closed.event_id,
        event_type=closed.event_type,
        output=closed.output or "",
        error=closed.error or "",
        cause=closed.cause or "",
    )


def _closing_by_end(facts: Facts, execution: ExecutionState) -> TaskClosing:
    """The execution is over, and its history has no word about this task."""
    at = execution.stopped_at or facts.now
    if facts.described is not None and facts.described.status == FORGOTTEN_STATUS:
        return TaskClosing(status=CLOSED, kind=FORGOTTEN, at=at)
    if _may_say_more(facts, execution):
        return TaskClosing(status=CLOSED, kind=NOT_READ, at=at)
    kind = _KIND_BY_STATUS.get(execution.status, "execution_failed")
    return TaskClosing(
        status=_STATUS_BY_KIND.get(kind, CLOSED),
        kind=kind,
        at=at,
        error=execution.error,
        cause=execution.cause,
    )


def _may_say_more(facts: Facts, execution: ExecutionState) -> bool:
    if facts.history is None:
        return True
    if facts.history.ended is not None:
        return False
    stopped_at = execution.stopped_at
    return stopped_at is not None and facts.now - stopped_at < HISTORY_LAG


def _read_next(
    facts: Facts,
    status: str,
    still_open: list[CallbackTask],
    close: Mapping[TaskKey, TaskClosing],
) -> datetime | None:
    if status != RUNNING:
        is_unread = any(closing.kind == NOT_READ for closing in close.values())
        return facts.now + SOONEST if is_unread else None
    # In no list, and not over either: as children may be for a while whose Map Run has ended.
    is_unlisted = facts.described is not None
    if facts.history is None or facts.history.is_moving or is_unlisted:
        return next_look(now=facts.now, last_event_at=facts.last_event_at)
    return min((_when_due(facts, task) for task in still_open), default=None)


def _when_due(facts: Facts, task: CallbackTask) -> datetime:
    dies = facts.deadlines[key_of(task)]
    if dies.reason == NOT_STARTED:
        # However short its time, none of it has passed: it is looked at as what may move is.
        return next_look(now=facts.now, last_event_at=task.scheduled_at)
    return at_deadline(facts.now, dies.earliest)


def at_deadline(now: datetime, deadline: datetime) -> datetime:
    # A heartbeat by somebody else moves it without a word in the history.
    if deadline > now - DEADLINE_GRACE:
        return deadline + DEADLINE_GRACE if deadline < _FAR else deadline
    return next_look(now=now, last_event_at=deadline)


def next_look(*, now: datetime, last_event_at: datetime | None) -> datetime:
    """Wait a quarter of the time in which nothing happened."""
    if last_event_at is None:
        return now + SOONEST
    return now + min(LATEST, max(SOONEST, (now - last_event_at) / 4))

"""An execution's events folded into its callback tasks, their attempts and what closed them.

Order comes from event ids and links alone, never from times. The rules, and the recordings that
they were checked against, are in docs/histories.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from callbacks.asl.definition import SYNC_SUFFIXES, WAIT_SUFFIX, Definition
from callbacks.asl.events import Event, HistoryError
from callbacks.asl.fold import fold
from callbacks.asl.fold_tasks import ACTIVITY, TASK
from callbacks.asl.movement import is_moving
from callbacks.asl.reading import Reading
from callbacks.asl.scopes import Closing, OpenTask
from callbacks.asl.tokens import FOUND, MISSING, NOT_IN_HISTORY, Finding, find_own_token

__all__ = ["CallbackTask", "Closing", "History", "HistoryError", "MapRun", "read_history"]


@dataclass(frozen=True, slots=True)
class CallbackTask:
    """One attempt of one task state. Callers filter by `is_mirrored`: the fold gives every task.

    Identity within the execution: `redrive_count` and `scheduled_event_id`. A request (all attempts
    of one visit) is `state`, `iteration` and `entry_number`.
    """

    scheduled_event_id: int
    redrive_count: int
    state: str
    # task | activity | lambda (the oldest form, a function's ARN as Resource; never waits)
    kind: str
    # "lambda:invoke.waitForTaskToken"; an activity's or function's ARN.
    resource: str
    # Somebody outside has to answer it.
    waits: bool
    # A .sync task that was given its token: an answer ends it early, but nobody has to answer.
    early_answer: bool
    # Schedules within the visit since the last redrive, from 1.
    attempt: int
    entered_event_id: int
    # "Outer[0]/Inner[2]": the iterations of Maps around it. A branch of a Parallel needs no name
    # here: state names are unique in a machine.
    iteration: str
    # Entries of this state in this iteration, from 1; a redriven visit keeps its number.
    entry_number: int
    # JSON texts as AWS gave them, with tokens in them.
    input: str = field(repr=False)
    parameters: str = field(repr=False)
    # The context object where the parameters carry it whole.
    context: str | None = field(repr=False)
    # As scheduled; None where the state sets none.
    timeout_seconds: int | None
    heartbeat_seconds: int | None
    scheduled_at: datetime
    # The clock of both timeouts starts here (dg/state-task).
    started_at: datetime | None
    submitted_at: datetime | None
    # How an activity's worker calls itself; "" where none has begun or it has no name.
    worker: str
    token: str | None = field(repr=False)
    # found | ambiguous | missing | not_in_history
    token_state: str
    closed: Closing | None
    # What the state could read when it was scheduled: JSON texts by name.
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def is_mirrored(self) -> bool:
        """Somebody has to answer it, or can."""
        return self.waits or self.early_answer


@dataclass(frozen=True, slots=True)
class MapRun:
    """A distributed Map at work in child executions."""

    arn: str
    state: str
    started_at: datetime
    # When it was last taken up again, if ever.
    redriven_at: datetime | None
    # None while it is at work.
    ended_at: datetime | None

    @property
    def is_open(self) -> bool:
        return self.ended_at is None


@dataclass(frozen=True, slots=True)
class History:
    tasks: tuple[CallbackTask, ...]
    last_event_id: int
    redrive_count: int
    started_at: datetime
    # When the machine's TimeoutSeconds last began to count: the start, or the last redrive.
    counting_since: datetime
    # How the execution ended, unless it was redriven since.
    ended: Closing | None
    # Some branch is at work, so that the history can grow without an answer.
    is_moving: bool
    map_runs: tuple[MapRun, ...]
    input: str = field(repr=False)
    # Entries of task states that have not exited and may schedule an attempt yet.
    under_way: tuple[int, ...] = ()

    @property
    def waiting(self) -> tuple[CallbackTask, ...]:
        """Tasks that somebody has to answer now."""
        return tuple(task for task in self.tasks if task.waits and task.closed is None)

    @property
    def tokens(self) -> tuple[str, ...]:
        """Every token that is known to be one, for masking."""
        return tuple(dict.fromkeys(task.token for task in self.tasks if task.token))


def read_history(
    *, events: Sequence[Event], definition: Definition | None, execution_input: str | None = None
) -> History:
    """Fold a whole history, ascending from id 1, as GetExecutionHistory gives it.

    `definition`: the one that this execution runs on; without it tokens are found only where the
    context object or a text of AWS's shape leaves no doubt. `execution_input`: DescribeExecution's,
    where ExecutionStarted does not carry it. Raises HistoryError.
    """
    reading = fold(events=events, definition=definition)
    given = reading.execution_input or execution_input or ""
    return History(
        tasks=tuple(_callback_task(task, reading, definition, given) for task in reading.tasks),
        last_event_id=len(events),
        redrive_count=reading.redrive_count,
        started_at=reading.started_at,
        counting_since=reading.counting_since,
        ended=reading.ended,
        is_moving=reading.ended is None and is_moving(root=reading.root, definition=definition),
        map_runs=tuple(
            MapRun(arn, run.visit.state, run.started_at, run.redriven_at, run.ended_at)
            for arn, run in reading.map_runs.items()
        ),
        input=given,
        under_way=tuple(
            visit.entered_event_id
            for visit in reading.all_unfinished()
            # The rest was given up with what was around it.
            if visit.type == "Task" and visit.scope.current is visit and not visit.scope.is_closed
        ),
    )


def _callback_task(
    task: OpenTask, reading: Reading, definition: Definition | None, execution_input: str
) -> CallbackTask:
    visit = task.visit
    waits = task.kind == ACTIVITY or task.resource.endswith(WAIT_SUFFIX)
    finding = _find_token(task, reading, definition, execution_input)
    return CallbackTask(
        scheduled_event_id=task.scheduled_event_id,
        redrive_count=task.redrive_count,
        state=visit.state,
        kind=task.kind,
        resource=task.resource,
        waits=waits,
        early_answer=not waits and finding.token_state == FOUND,
        attempt=task.attempt,
        entered_event_id=visit.entered_event_id,
        iteration=reading.paths.text(visit.scope.path),
        entry_number=visit.entry_number,
        input=visit.input,
        parameters=task.parameters,
        context=finding.context,
        timeout_seconds=task.timeout_seconds,
        heartbeat_seconds=task.heartbeat_seconds,
        scheduled_at=task.scheduled_at,
        started_at=task.started_at,
        submitted_at=task.submitted_at,
        worker=task.worker,
        token=finding.token,
        token_state=finding.token_state,
        closed=task.closed,
        variables=task.variables,
    )


def _find_token(
    task: OpenTask, reading: Reading, definition: Definition | None, execution_input: str
) -> Finding:
    if task.kind == ACTIVITY:
        # Neither of its events has it; only the worker that polled does.
        return Finding(None, NOT_IN_HISTORY, None)
    if task.kind != TASK or not task.resource.endswith((WAIT_SUFFIX, *SYNC_SUFFIXES)):
        return Finding(None, MISSING, None)
    return find_own_token(
        parameters=task.parameters,
        state=definition.state(task.visit.state) if definition else None,
        known_before=(execution_input, task.visit.input, *reading.assigned[: task.assigned_before]),
    )

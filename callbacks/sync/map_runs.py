"""The Map Runs of an execution: each has children in a list of its own, as a state machine has.

The parent's history says when a run begins and when it is over; then its list is looked at a last
time, and what is left running in the mirror is missing, to be read and described.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from django.db.models import F, Q

from callbacks.asl.deadline import execution_ends_by
from callbacks.asl.definition import children_of
from callbacks.asl.history import MapRun
from callbacks.models import Connection, Definition, Execution, ExecutionStatus, StateMachine
from callbacks.models.identity import state_machine_id
from callbacks.sync.definitions import keep_definition, parsed
from callbacks.sync.lines import LAG
from callbacks.sync.plan import RUNNING
from callbacks.sync.reading import Reading

# Children begin together: to expect so many a second takes the largest pages at first.
NEWS_AT_FIRST = 1.0
# A run that is over and has not had its turn is let go all the same.
GIVE_UP = timedelta(hours=1)
LONGEST_ARN = 256
# What a reading of the parent may change.
_OF_THE_RUN = ("over_at", "gone_at", "definition", "revision_since", "ends_by")
_AT_FIRST = ("parent", "name", "tags", "tags_read_at", "looked_at", "news", "swept_at")


def mirror_map_runs(
    *, machine: StateMachine, execution: Execution, reading: Reading, now: datetime
) -> int:
    """Write which runs of this execution have children to list; return how many are new to that.

    One that is over already is listed too, for a look at what came of it. To be called in the
    transaction that writes the reading.
    """
    history, end = reading.facts.history, _end(reading, now)
    if history is None:
        if end is not None:
            StateMachine.objects.filter(parent=execution, over_at=None).update(over_at=end)
        return 0
    if not history.map_runs:
        return 0
    children, rows = _Children(reading, machine.ends_by), _rows(execution)
    runs = [run if run.ended_at else replace(run, ended_at=end) for run in history.map_runs]
    made = [
        _row(machine, execution, run, children)
        for run in runs
        if run.arn not in rows and children.may_wait(run)
    ]
    _add(made)
    known = [(rows[run.arn], run) for run in runs if run.arn in rows]
    taken_up = [row for row, run in known if _take_up(row, run)]
    changed = [row for row, run in known if _correct(row, run, children)]
    StateMachine.objects.bulk_update({*taken_up, *changed}, _OF_THE_RUN)
    return len(made) + len(taken_up)


def let_go(*, connection: Connection, now: datetime) -> None:
    """List those no more that were looked at after their end, or cannot be.

    One query where there are none.
    """
    over = StateMachine.objects.filter(connection=connection, gone_at=None, over_at__isnull=False)
    # The list is only eventually consistent, so a look right after the end may miss something.
    done = Q(looked_at__gte=F("over_at") + LAG) | Q(over_at__lt=now - GIVE_UP)
    is_refused = ~Q(problem="")
    keys = list(over.filter(done | is_refused).values_list("pk", flat=True))
    if not keys:
        return
    running = Execution.objects.filter(state_machine__in=keys, status=ExecutionStatus.RUNNING)
    running.filter(left_at=None).update(left_at=now)
    StateMachine.objects.filter(pk__in=keys).update(gone_at=now)


@dataclass(frozen=True, slots=True)
class _Children:
    """What the children of an execution's runs are made of, as its definition says."""

    reading: Reading
    # When the execution ends with another one around it.
    parent_ends_by: datetime | None
    _by_state: dict[str, tuple[Definition | None, bool]] = field(default_factory=dict)

    def definition(self, run: MapRun) -> Definition | None:
        return self._of(run.state)[0]

    def may_wait(self, run: MapRun) -> bool:
        """Yes in doubt: a list too many costs a call, one too few hides who waits."""
        return self._of(run.state)[1] and len(run.arn) <= LONGEST_ARN

    @property
    def knows_end(self) -> bool:
        facts = self.reading.facts
        return facts.history is not None and parsed(definition=self.reading.definition) is not None

    def ends_by(self) -> datetime | None:
        """When they end with their parent."""
        history, definition = self.reading.facts.history, parsed(definition=self.reading.definition)
        if history is None or definition is None:
            return self.parent_ends_by
        return execution_ends_by(
            timeout_seconds=definition.timeout_seconds,
            counting_since=history.counting_since,
            parent_ends_by=self.parent_ends_by,
        )

    def certain_since(self, run: MapRun) -> datetime | None:
        return run.started_at if self.reading.is_certain else None

    def _of(self, state: str) -> tuple[Definition | None, bool]:
        if state not in self._by_state:
            self._by_state[state] = self._found(state)
        return self._by_state[state]

    def _found(self, name: str) -> tuple[Definition | None, bool]:
        definition = parsed(definition=self.reading.definition)
        state = definition.state(name) if definition else None
        if definition is None or state is None or not state.is_distributed:
            return None, True
        text = children_of(definition, state)
        if text is None:
            return None, False
        kept = keep_definition(text=text)
        return kept, kept.can_wait


def _end(reading: Reading, now: datetime) -> datetime | None:
    """When the execution ended as far as its description says, which may know it first."""
    described = reading.facts.described
    if described is None or described.status == RUNNING:
        return None
    return described.stopped_at or now


def _rows(execution: Execution) -> dict[str, StateMachine]:
    return {row.arn: row for row in StateMachine.objects.filter(parent=execution)}


def _row(
    machine: StateMachine, execution: Execution, run: MapRun, children: _Children
) -> StateMachine:
    return StateMachine(
        id=state_machine_id(connection=execution.connection_id, arn=run.arn),
        connection_id=execution.connection_id,
        arn=run.arn,
        name=machine.name,
        tags=machine.tags,
        tags_read_at=machine.tags_read_at,
        parent=execution,
        definition=children.definition(run),
        revision_since=children.certain_since(run),
        looked_at=run.started_at,
        news=NEWS_AT_FIRST,
        over_at=run.ended_at,
        ends_by=children.ends_by(),
        # Nothing runs in one that is over.
        swept_at=run.ended_at,
    )


def _add(rows: list[StateMachine]) -> None:
    """One may be there without a parent, from an answer whose execution had to be recovered."""
    StateMachine.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=(*_AT_FIRST, *_OF_THE_RUN),
    )


def _take_up(row: StateMachine, run: MapRun) -> bool:
    """List it again where it was over and has been redriven, also if it is over again by now."""
    if row.over_at is None or (run.ended_at is not None and not _went_on(row.over_at, run)):
        return False
    row.over_at, row.gone_at = run.ended_at, None
    return True


def _went_on(over_at: datetime, run: MapRun) -> bool:
    return run.redriven_at is not None and over_at < run.redriven_at


def _correct(row: StateMachine, run: MapRun, children: _Children) -> bool:
    """Write down its end, and its definition where that is certain only now."""
    before = (row.over_at, row.revision_since, row.ends_by)
    if children.knows_end:
        row.ends_by = children.ends_by()
    if row.revision_since is None and children.reading.is_certain:
        row.definition, row.revision_since = children.definition(run), children.certain_since(run)
    row.over_at = row.over_at or run.ended_at
    if row.over_at is None and not children.may_wait(run):
        row.over_at = children.reading.facts.now
    return before != (row.over_at, row.revision_since, row.ends_by)

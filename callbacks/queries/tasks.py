"""Lists of callback tasks: one table, one index, only the columns that a list shows."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from django.db.models import Exists, OuterRef, Q, QuerySet

from callbacks.asl.definition import is_activity
from callbacks.models import (
    LIVE,
    OPEN_TASKS,
    CallbackTask,
    DeadlineKind,
    Decision,
    TaskStatus,
    TokenState,
    Vote,
)
from callbacks.queries.conversation import holders_of, on_it
from callbacks.queries.map_runs import inside
from callbacks.queries.paging import PAGE_SIZE, Cursor, after, bounded_count, up_to
from callbacks.queries.searching import (
    SORTED_LIMIT,
    after_runs,
    count_found,
    in_order,
    near,
    text_condition,
)

# More than this many new rows are only called "many".
NEW_LIMIT = 100


class Order(StrEnum):
    SOONEST = "soonest"
    OLDEST = "oldest"
    NEWEST = "newest"

    @property
    def column(self) -> str:
        return "dies_earliest" if self == Order.SOONEST else "waiting_since"

    @property
    def is_descending(self) -> bool:
        return self == Order.NEWEST


@dataclass(frozen=True, slots=True)
class TaskFilter:
    """What a person asked for; empty values ask for everything."""

    connection: uuid.UUID | None = None
    state_machine: str = ""
    state: str = ""
    text: str = ""
    dies_within: timedelta | None = None
    # Nothing of its own ends it: it may hang for a year.
    has_no_clock: bool = False
    # A person and their teams, who say that they are on it or were given it.
    holder: tuple[int, frozenset[int]] | None = None
    # What waits in its children.
    map_run: uuid.UUID | None = None
    # Another list: not what waits for people, but running jobs that an answer can end early.
    jobs: bool = False

    @property
    def is_empty(self) -> bool:
        return self == TaskFilter(jobs=self.jobs)


@dataclass(frozen=True, slots=True)
class TaskFacts:
    """One row's facts, in the order of COLUMNS."""

    id: uuid.UUID
    request_id: uuid.UUID
    execution_id: uuid.UUID
    connection_id: uuid.UUID
    attempt: int
    state_machine_name: str
    state: str
    iteration: str
    headline: str
    key_fields: Sequence[Sequence[str]]
    asked_by: str
    waiting_since: datetime
    dies_earliest: datetime
    dies_latest: datetime
    deadline_kind: str
    status: str
    closed_at: datetime | None
    closed_kind: str
    token_state: str
    resource: str
    started_at: datetime | None
    worker: str

    @property
    def is_activity(self) -> bool:
        return is_activity(self.resource)

    @property
    def can_be_answered(self) -> bool:
        return self.status in OPEN_TASKS and self.token_state == TokenState.HELD


COLUMNS = tuple(TaskFacts.__dataclass_fields__)


@dataclass(frozen=True, slots=True)
class AnswerFacts:
    """The live answer of a task: at most one."""

    id: uuid.UUID
    task_id: uuid.UUID
    direction: str
    status: str
    status_at: datetime
    send_after: datetime
    decided_by_id: int | None
    decided_by_name: str
    # Whether the reader's signature is under it.
    has_signed: bool


@dataclass(frozen=True, slots=True)
class TaskPage:
    tasks: tuple[TaskFacts, ...]
    answers: Mapping[uuid.UUID, AnswerFacts]
    next: Cursor | None
    # Who says that they are on it, by request.
    holders: Mapping[uuid.UUID, str]
    # How many there are on all pages, SORTED_LIMIT + 1 at most; None where nobody counted.
    found: int | None = None


def list_waiting(
    *,
    tasks: QuerySet[CallbackTask],
    filters: TaskFilter,
    order: Order,
    cursor: Cursor | None,
    reader: int,
    now: datetime,
    limit: int = PAGE_SIZE,
) -> TaskPage:
    """One page of what waits (or runs) among `tasks`, with answers and claims.

    Three queries, and one more where words are looked for; of a Map Run one more, or three.
    """
    rows = _waiting(tasks, filters, now)
    # Few of all that waits may have the words or be of the Map Run, or nearly all.
    found = count_found(rows) if filters.text or filters.map_run else None
    beyond = after(order.column, cursor, descending=order.is_descending)
    if found == 0:
        facts: tuple[TaskFacts, ...] = ()
    elif found is not None and filters.map_run:
        among = _waiting(tasks, replace(filters, map_run=None, text=""), now).filter(beyond)
        facts = _first_inside(rows.filter(beyond), among, order, found, limit + 1)
    else:
        ordered = in_order(
            rows.filter(beyond), order.column, descending=order.is_descending, found=found
        )
        facts = _facts(ordered[: limit + 1])
    page = facts[:limit]
    has_more = len(facts) > limit
    return TaskPage(
        tasks=page,
        answers=live_answers(task_ids=[task.id for task in page], reader=reader),
        next=place_of(page[-1], order) if has_more else None,
        holders=holders_of(request_ids=[task.request_id for task in page], now=now),
        found=found,
    )


def _first_inside(
    rows: QuerySet[CallbackTask],
    among: QuerySet[CallbackTask],
    order: Order,
    found: int,
    count: int,
) -> tuple[TaskFacts, ...]:
    """The first of those in a Map Run: found by its children and sorted, unless there are many.

    Of many the first are mostly near, and sorting all of them is dear: one query, or three.
    """
    column, descending = order.column, order.is_descending
    if found > SORTED_LIMIT:
        facts = _facts(near(rows, among, column, descending=descending)[:count])
        if len(facts) == count:
            return facts
    return _facts(after_runs(rows, column, descending=descending)[:count])


def look_again(
    *, tasks: QuerySet[CallbackTask], ids: Collection[uuid.UUID], reader: int, now: datetime
) -> TaskPage:
    """The rows of a page that is open somewhere, as they stand now: three queries."""
    found = _facts(tasks.filter(id__in=ids))
    return TaskPage(
        tasks=found,
        answers=live_answers(task_ids=ids, reader=reader),
        next=None,
        holders=holders_of(request_ids=[task.request_id for task in found], now=now),
    )


def count_new(
    *,
    tasks: QuerySet[CallbackTask],
    filters: TaskFilter,
    order: Order,
    start: Cursor | None,
    end: Cursor | None,
    shown: Collection[uuid.UUID],
    now: datetime,
) -> int:
    """How many rows would stand on an open page that are not on it, NEW_LIMIT + 1 at most."""
    column, descending = order.column, order.is_descending
    rows = _waiting(tasks, filters, now).filter(
        after(column, start, descending=descending), up_to(column, end, descending=descending)
    )
    return bounded_count(rows.exclude(id__in=shown), limit=NEW_LIMIT)


def count_waiting(*, tasks: QuerySet[CallbackTask], filters: TaskFilter, now: datetime) -> int:
    return bounded_count(_waiting(tasks, filters, now))


def place_of(task: TaskFacts, order: Order) -> Cursor:
    at = task.dies_earliest if order == Order.SOONEST else task.waiting_since
    return Cursor(at=at, id=task.id)


def live_answers(*, task_ids: Collection[uuid.UUID], reader: int) -> dict[uuid.UUID, AnswerFacts]:
    columns = tuple(AnswerFacts.__dataclass_fields__)
    own = Vote.objects.filter(decision=OuterRef("pk"), user_id=reader, withdrawn_at=None)
    rows = Decision.objects.filter(task_id__in=task_ids, status__in=LIVE)
    found = rows.annotate(has_signed=Exists(own)).values_list(*columns)
    return {facts.task_id: facts for facts in (AnswerFacts(*row) for row in found)}


def _waiting(
    tasks: QuerySet[CallbackTask], filters: TaskFilter, now: datetime
) -> QuerySet[CallbackTask]:
    conditions = Q(status=TaskStatus.RUNNING if filters.jobs else TaskStatus.WAITING)
    if filters.connection:
        conditions &= Q(connection_id=filters.connection)
    if filters.state_machine:
        conditions &= Q(state_machine_name=filters.state_machine)
    if filters.state:
        conditions &= Q(state=filters.state)
    if filters.dies_within is not None:
        conditions &= Q(dies_earliest__lte=now + filters.dies_within)
    if filters.has_no_clock:
        conditions &= Q(deadline_kind=DeadlineKind.NONE)
    if filters.holder is not None:
        user_id, team_ids = filters.holder
        claims = on_it(user_id=user_id, team_ids=team_ids, now=now)
        conditions &= Q(request_id__in=claims.values("request_id"))
    if filters.map_run:
        conditions &= inside(map_run_id=filters.map_run)
    return tasks.filter(conditions & text_condition(filters.text))


def _facts(rows: QuerySet[CallbackTask]) -> tuple[TaskFacts, ...]:
    return tuple(TaskFacts(*row) for row in rows.values_list(*COLUMNS))

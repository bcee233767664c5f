"""The history: answers given here, and waits that ended without one, newest first."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from callbacks.models import (
    OPEN_TASKS,
    CallbackTask,
    Decision,
    DecisionStatus,
    Direction,
    TaskStatus,
)
from callbacks.queries.paging import PAGE_SIZE, Cursor, after
from callbacks.queries.rescue import stops
from callbacks.queries.searching import text_condition
from callbacks.queries.sight import Sight, visible_decisions, visible_tasks


class Outcome(StrEnum):
    APPROVED = "approved"
    REJECTED = "rejected"
    UNDER_WAY = "under_way"
    WITHDRAWN = "withdrawn"
    LOST = "lost"
    REFUSED = "refused"
    ELSEWHERE = "elsewhere"
    TIMED_OUT = "timed_out"
    STOPPED = "stopped"
    CLOSED = "closed"


_UNDER_WAY = (
    DecisionStatus.COLLECTING,
    DecisionStatus.HELD,
    DecisionStatus.SENDING,
    DecisionStatus.SENT,
    DecisionStatus.UNKNOWN,
)
_OF_ANSWERS: Mapping[Outcome, Q] = {
    Outcome.APPROVED: Q(status=DecisionStatus.CONFIRMED, direction=Direction.APPROVE),
    Outcome.REJECTED: Q(status=DecisionStatus.CONFIRMED, direction=Direction.REJECT),
    Outcome.UNDER_WAY: Q(status__in=_UNDER_WAY),
    Outcome.WITHDRAWN: Q(status=DecisionStatus.WITHDRAWN),
    Outcome.LOST: Q(status=DecisionStatus.LOST),
    Outcome.REFUSED: Q(status=DecisionStatus.REFUSED),
}
_OF_ENDS: Mapping[Outcome, TaskStatus] = {
    Outcome.ELSEWHERE: TaskStatus.ANSWERED,
    Outcome.TIMED_OUT: TaskStatus.TIMED_OUT,
    Outcome.STOPPED: TaskStatus.STOPPED,
    Outcome.CLOSED: TaskStatus.CLOSED,
}


@dataclass(frozen=True, slots=True)
class HistoryFilter:
    """What a person asked for. `mine` is about who answered, `person` about their name."""

    since: datetime | None = None
    until: datetime | None = None
    mine: bool = False
    person: str = ""
    outcome: Outcome | None = None
    connection: uuid.UUID | None = None
    state_machine: str = ""
    text: str = ""

    @property
    def is_about_people(self) -> bool:
        return self.mine or bool(self.person)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A decision, in any state."""

    id: uuid.UUID
    decided_at: datetime
    task_id: uuid.UUID
    headline: str
    state_machine_name: str
    state: str
    iteration: str
    connection_id: uuid.UUID
    connection_name: str
    region: str
    direction: str
    status: str
    outcome: str
    reason: str
    error: str
    decided_by_id: int | None
    decided_by_name: str
    channel: str
    policy_version: int
    closing_event_id: int | None
    closing_event_type: str
    # None while the mirror does not hold the task.
    waiting_since: datetime | None

    @property
    def place(self) -> Cursor:
        return Cursor(at=self.decided_at, id=self.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """A task that is over, and not by a confirmed answer of ours."""

    id: uuid.UUID
    closed_at: datetime
    headline: str
    state_machine_name: str
    state: str
    iteration: str
    connection_id: uuid.UUID
    waiting_since: datetime
    status: str
    closed_kind: str
    closed_event_id: int | None
    closed_event_type: str
    closed_error: str
    # Who stopped the run from here; None where nobody did.
    stopped_by: str | None

    @property
    def place(self) -> Cursor:
        return Cursor(at=self.closed_at, id=self.id)


# Not a join, which would leave out what the mirror no longer holds.
_SINCE = Subquery(CallbackTask.objects.filter(pk=OuterRef("task_id")).values("waiting_since"))


_STOPPED_BY = Subquery(
    stops().filter(execution_id=OuterRef("execution_id")).values("asked_by_name")[:1]
)


@dataclass(frozen=True, slots=True)
class HistoryPage:
    entries: tuple[Answer | End, ...]
    next: Cursor | None


def list_history(
    *, sight: Sight, filters: HistoryFilter, cursor: Cursor | None, limit: int = PAGE_SIZE
) -> HistoryPage:
    """One page, merged of both kinds by time: two queries."""
    answers = [
        Answer(**row)
        for row in _answers(sight, filters, cursor)
        .annotate(waiting_since=_SINCE)
        .order_by("-decided_at", "-id")
        .values(*Answer.__dataclass_fields__)[: limit + 1]
    ]
    # Most waits end by an answer of ours; without this bound all of them are passed over to find
    # the few others, and what ended before the last answer is not on this page.
    oldest = Q(closed_at__gte=answers[-1].decided_at) if len(answers) > limit else Q()
    ends = [
        End(**row)
        for row in _ends(sight, filters, cursor)
        .filter(oldest)
        .annotate(stopped_by=_STOPPED_BY)
        .order_by("-closed_at", "-id")
        .values(*End.__dataclass_fields__)[: limit + 1]
    ]
    both: list[Answer | End] = [*answers, *ends]
    both.sort(key=lambda entry: (entry.place.at, entry.place.id), reverse=True)
    page = tuple(both[:limit])
    return HistoryPage(entries=page, next=page[-1].place if len(both) > limit else None)


def _answers(sight: Sight, filters: HistoryFilter, cursor: Cursor | None) -> QuerySet[Decision]:
    rows = visible_decisions(sight).filter(
        after("decided_at", cursor, descending=True) & _period("decided_at", filters)
    )
    if filters.outcome is not None:
        condition = _OF_ANSWERS.get(filters.outcome)
        rows = rows.filter(condition) if condition is not None else rows.none()
    if filters.mine:
        rows = rows.filter(decided_by_id=sight.user_id)
    if filters.person:
        rows = rows.filter(decided_by_name__icontains=filters.person)
    if filters.connection:
        rows = rows.filter(connection_id=filters.connection)
    if filters.state_machine:
        rows = rows.filter(state_machine_name=filters.state_machine)
    return rows.filter(_words(filters.text))


def _words(text: str) -> Q:
    """Every word in what the record keeps of the request and of the answer."""
    found = Q()
    for word in text.split():
        found &= (
            Q(headline__icontains=word)
            | Q(state_machine_name__icontains=word)
            | Q(state__icontains=word)
            | Q(execution_name__icontains=word)
            | Q(reason__icontains=word)
            | Q(decided_by_name__icontains=word)
        )
    return found


def _ends(sight: Sight, filters: HistoryFilter, cursor: Cursor | None) -> QuerySet[CallbackTask]:
    rows = visible_tasks(sight)
    if filters.is_about_people:
        # Nobody of ours ended these.
        return rows.none()
    if filters.outcome is not None:
        status = _OF_ENDS.get(filters.outcome)
        rows = rows.filter(status=status) if status is not None else rows.none()
    if filters.connection:
        rows = rows.filter(connection_id=filters.connection)
    if filters.state_machine:
        rows = rows.filter(state_machine_name=filters.state_machine)
    # The column finds them, the record decides: a worker may end between writing the two.
    ours = Decision.objects.filter(task_id=OuterRef("pk"), status=DecisionStatus.CONFIRMED)
    return rows.filter(
        Q(closed_at__isnull=False, answered_here=False, early_completion=False)
        & ~Q(status__in=OPEN_TASKS)
        & after("closed_at", cursor, descending=True)
        & _period("closed_at", filters)
        & text_condition(filters.text)
        & ~Exists(ours)
    )


def _period(column: str, filters: HistoryFilter) -> Q:
    found = Q()
    if filters.since is not None:
        found &= Q(**{f"{column}__gte": filters.since})
    if filters.until is not None:
        found &= Q(**{f"{column}__lt": filters.until})
    return found

"""One execution for its page: what it is, and every request that it made."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, F, Max, Min, Q

from callbacks.models import AuditEntry, CallbackTask, Decision, Execution, RejectionMode
from callbacks.queries.lines import lines
from callbacks.queries.sight import Sight, visible_tasks

TASKS_SHOWN = 200
LINES_SHOWN = 100
# Ends of a task that are no consequence of another's.
_BY_ITSELF = Q(closed_kind__in=("succeeded", "failed", "timed_out"))
_LIKE_RUN = Q(
    closed_kind="failed",
    closed_error=F("execution__error"),
    closed_cause=F("execution__cause"),
)


@dataclass(frozen=True, slots=True)
class Standing:
    """How many attempts of one state stand alike, and since when the first of them waited.

    `last_event`: the latest that one ended by itself with. `like_run`: how many failed with the
    run's own error and cause. `sent_no`: to how many a no is sent as an answer.
    """

    state: str
    status: str
    closed_kind: str
    count: int
    since: datetime
    last_event: int | None = None
    like_run: int = 0
    sent_no: int = 0


def find_execution(*, execution_id: uuid.UUID, sight: Sight) -> Execution | None:
    """The execution, or None where this person may see nothing of it."""
    found = (
        Execution.objects.select_related("connection", "state_machine", "definition")
        .filter(pk=execution_id)
        .first()
    )
    if found is None or sight.sees_all:
        return found
    return found if visible_tasks(sight).filter(execution_id=execution_id).exists() else None


def tasks_of(*, execution: Execution, sight: Sight) -> Sequence[CallbackTask]:
    """Its attempts that this person may see, the latest first, without payloads: one query."""
    rows = visible_tasks(sight).filter(execution_id=execution.pk)
    rows = rows.defer(
        "input", "context", "parameters", "variables", "closed_output", "token_ciphertext"
    )
    return tuple(rows.order_by("-redrive_count", "-scheduled_event_id")[:TASKS_SHOWN])


def standings_of(*, execution: Execution, sight: Sight) -> Sequence[Standing]:
    """How its tasks stand that this person may know of, however many there are: one query."""
    rows = visible_tasks(sight).filter(execution_id=execution.pk)
    grouped = rows.order_by().values("state", "status", "closed_kind")
    counted = grouped.annotate(
        count=Count("id"),
        since=Min("waiting_since"),
        last_event=Max("closed_event_id", filter=_BY_ITSELF),
        like_run=Count("id", filter=_LIKE_RUN),
        sent_no=Count("id", filter=Q(policy__rejection_mode=RejectionMode.SUCCESS)),
    )
    return tuple(Standing(**row) for row in counted.order_by("state", "status", "closed_kind"))


def live_answers(*, tasks: Sequence[CallbackTask]) -> Mapping[uuid.UUID, Decision]:
    """The answers from here that hold for these attempts, by attempt: one query."""
    found = Decision.objects.live().filter(task_id__in=[task.pk for task in tasks])
    return {answer.task_id: answer for answer in found}


def audit_lines(*, task_ids: Collection[uuid.UUID]) -> Sequence[AuditEntry]:
    """The record's entries about these attempts, in the order of the chain: one query."""
    rows = lines().filter(task_id__in=task_ids).order_by("-chain_seq")[:LINES_SHOWN]
    return tuple(reversed(rows))

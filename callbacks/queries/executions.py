"""One execution for its page: what it is, and every request that it made."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Exists, F, Max, Min, OuterRef, Q, QuerySet, Value

from callbacks.asl.nesting import name_in
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


@dataclass(frozen=True, slots=True)
class Whole:
    """The run that another one is a part of; without `id` it is not mirrored, or not to be seen.

    `name` is "" where only the mirror has it and the reader may not see it: names tell of people.
    """

    name: str
    id: uuid.UUID | None = None


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


def whole_of(*, execution: Execution, sight: Sight) -> Whole | None:
    """The run of whose Map Run it is a child, or that its input says started it.

    One query, and none where it is no part of another run.
    """
    machine = execution.state_machine
    if machine.is_map_run:
        return _seen_whole(Execution.objects.filter(map_runs=machine.pk), sight, told="")
    arn = execution.started_by
    # An input that was copied from another run may name any, even this one.
    if arn in ("", execution.arn):
        return None
    rows = Execution.objects.filter(connection_id=execution.connection_id, arn=arn)
    # Its input is shown beside, whoever may see the parent.
    told = name_in(arn)
    return _seen_whole(rows, sight, told=told) or Whole(name=told)


def _seen_whole(rows: QuerySet[Execution], sight: Sight, *, told: str) -> Whole | None:
    """With name and id where `find_execution` would find it, else as it is `told` by its part."""
    theirs = visible_tasks(sight).filter(execution_id=OuterRef("pk"))
    may_see = Value(True) if sight.sees_all else Exists(theirs)
    row = rows.annotate(may_see=may_see).values_list("name", "pk", "may_see").first()
    if row is None:
        return None
    name, key, is_seen = row
    return Whole(name=name, id=key) if is_seen else Whole(name=told)


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

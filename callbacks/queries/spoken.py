"""What AWS last said to the answers and rescues that we sent, by connection and operation.

Each question about answers has an index that holds its answer, so that it costs the same however
many answers were given.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Max, OuterRef, Q, QuerySet, Subquery

from callbacks.models import Connection, Decision, RescueAction, RescueKind
from callbacks.models.record import DENIED, FAILURE_TAKEN, SUCCESS_TAKEN

_TAKEN = {"SendTaskSuccess": SUCCESS_TAKEN, "SendTaskFailure": FAILURE_TAKEN}
_OF_KIND = {
    RescueKind.HEARTBEAT: "SendTaskHeartbeat",
    RescueKind.STOP: "StopExecution",
    RescueKind.REDRIVE: "RedriveExecution",
}
_KIND = {operation: kind for kind, operation in _OF_KIND.items()}


@dataclass(frozen=True, slots=True)
class Spoken:
    """When AWS last took a call of this operation, and when it last denied one."""

    taken_at: datetime | None = None
    denied_at: datetime | None = None

    @property
    def is_denied(self) -> bool:
        if self.denied_at is None:
            return False
        return self.taken_at is None or self.taken_at < self.denied_at


def spoken(
    *, connections: Collection[UUID], since: datetime
) -> Mapping[UUID, Mapping[str, Spoken]]:
    """Two queries for any number of connections; what AWS said of nothing is not in it."""
    answers, rescues = _of_answers(connections, since), _of_rescues(connections, since)
    return {key: {**answers.get(key, {}), **rescues.get(key, {})} for key in connections}


def sentence_of_denial(*, connection: UUID, operation: str) -> str:
    """AWS's own words when it last denied this: one query."""
    rows = _denied(operation).filter(connection_id=connection).order_by("-status_at")
    return rows.values_list("answer_message", flat=True).first() or ""


def _of_answers(connections: Collection[UUID], since: datetime) -> dict[UUID, dict[str, Spoken]]:
    latest = [
        _latest(rows, moment, since)
        for operation, taken in _TAKEN.items()
        for rows, moment in (
            (Decision.objects.filter(taken), "first_sent_at"),
            (_denied(operation), "status_at"),
        )
    ]
    rows = Connection.objects.filter(pk__in=connections).values_list("pk", *latest)
    return {
        key: {"SendTaskSuccess": Spoken(*times[:2]), "SendTaskFailure": Spoken(*times[2:])}
        for key, *times in rows
    }


def _latest(rows: QuerySet[Any], moment: str, since: datetime) -> Subquery:
    of_one = rows.filter(connection_id=OuterRef("pk"), **{f"{moment}__gte": since})
    return Subquery(of_one.order_by(f"-{moment}").values(moment)[:1])


def _of_rescues(connections: Collection[UUID], since: datetime) -> dict[UUID, dict[str, Spoken]]:
    """People stop and redrive seldom: these are counted through."""
    rows = RescueAction.objects.filter(connection_id__in=connections, asked_at__gte=since)
    moments = rows.values_list("connection_id", "kind").annotate(
        taken_at=Max("first_sent_at", filter=~Q(aws_request_id="")),
        denied_at=Max("status_at", filter=DENIED),
    )
    found: dict[UUID, dict[str, Spoken]] = {}
    for key, kind, taken_at, denied_at in moments:
        found.setdefault(key, {})[_OF_KIND[kind]] = Spoken(taken_at, denied_at)
    return found


def _denied(operation: str) -> QuerySet[Any]:
    if operation in _KIND:
        return RescueAction.objects.filter(DENIED, kind=_KIND[operation])
    is_failure = operation == "SendTaskFailure"
    return Decision.objects.filter(DENIED, output__isnull=is_failure)

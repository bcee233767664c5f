"""Requests of an execution: one for each visit of a state, whichever id it has come by."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from callbacks.asl.history import CallbackTask as HistoryTask
from callbacks.models import Request
from callbacks.models.identity import intake_request_id
from callbacks.sync.plan import key_of
from callbacks.sync.rows import RowMaker, Visit, visit_of


def keep_requests(*, tasks: Sequence[HistoryTask], maker: RowMaker) -> dict[Visit, UUID]:
    """See to it that each of these tasks has its request; return the ids: two queries.

    A request that stood for a token which was handed over becomes that of the visit, if that has
    none yet, so that what people said about it stays with it.
    """
    known = _known(maker, {task.state for task in tasks})
    for task in tasks:
        intake = maker.task_ids.get(key_of(task))
        if intake is not None and visit_of(task) not in known:
            known[visit_of(task)] = _become(intake_request_id(intake), maker.request(task))
    new = {visit_of(task): maker.request(task) for task in tasks if visit_of(task) not in known}
    Request.objects.bulk_create(new.values(), ignore_conflicts=True)
    return known | {visit: request.pk for visit, request in new.items()}


def _known(maker: RowMaker, states: Iterable[str]) -> dict[Visit, UUID]:
    rows = Request.objects.filter(execution_id=maker.execution.pk, state__in=states)
    return {
        (state, iteration, entry_number): pk
        for pk, state, iteration, entry_number in rows.values_list(
            "pk", "state", "iteration", "entry_number"
        )
    }


def _become(key: UUID, request: Request) -> UUID:
    request.pk = key
    request.save()
    return key

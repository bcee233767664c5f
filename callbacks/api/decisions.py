"""Decisions: how an answer stands, and taking one's own back."""

from uuid import UUID

from django.http import HttpResponse
from ninja import Router

from callbacks.api.bodies import check_no_fields
from callbacks.api.callers import ApiRequest, doors
from callbacks.api.deciding import withdraw_once
from callbacks.api.once import IdempotencyKey
from callbacks.api.problems import WRITES, documented, not_found
from callbacks.api.rendering import render
from callbacks.api.shapes import DecisionOut
from callbacks.api.shaping import decision_out
from callbacks.models import Scope
from callbacks.queries.connections import is_held_by_switch

router = Router(tags=["decisions"])


@router.get(
    "/{uuid:decision_id}",
    auth=doors(),
    response={200: DecisionOut, **documented(404)},
    summary="One answer, and how it stands",
)
def decision(request: ApiRequest, decision_id: UUID) -> HttpResponse:
    found = request.auth.decisions.prefetch_related("votes").filter(pk=decision_id).first()
    if found is None:
        raise not_found()
    return render(decision_out(found, is_off=is_held_by_switch(found)))


@router.post(
    "/{uuid:decision_id}/withdraw",
    auth=doors(scope=Scope.DECIDE),
    response={200: DecisionOut, **documented(*WRITES)},
    summary="Take one's own answer or signature back while it is held",
)
def withdraw(
    request: ApiRequest, decision_id: UUID, idempotency_key: IdempotencyKey
) -> HttpResponse:
    check_no_fields(request)
    return withdraw_once(request, decision_id, idempotency_key)

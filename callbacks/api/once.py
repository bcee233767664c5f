"""Idempotency-Key: the same call again gets the first answer again, and nothing happens twice.

The row here is a courtesy that may be lost. What keeps an answer single for ever is the decision's
id, which is made of person, route and key.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated

from django.http import HttpResponse
from ninja import Header

from callbacks.api.callers import ApiRequest
from callbacks.api.problems import Problem
from callbacks.api.rendering import JSON
from callbacks.models import ApiCall
from callbacks.models.identity import decision_id

# A call that has not ended by then died with its process.
LONGEST_CALL = timedelta(seconds=60)

IdempotencyKey = Annotated[
    str | None,
    Header(
        None,
        alias="Idempotency-Key",
        pattern="^[!-~]{1,200}$",
        description="Sent again with the same body within 24 hours, the call gets the first "
        "answer again, with the header Idempotency-Replayed: true.",
    ),
]


def once(request: ApiRequest, key: str | None, act: Callable[[], HttpResponse]) -> HttpResponse:
    """Do it, or give the first answer again. Only answers that did something are kept.

    Whether the caller may know of the thing at all is asked before: an answer of yesterday says
    nothing to whoever may not see it today.
    """
    if key is None:
        return act()
    call = _begin(request, key)
    if call.status is not None:
        response = HttpResponse(call.answer, status=call.status, content_type=JSON)
        response["Idempotency-Replayed"] = "true"
        return response
    try:
        response = act()
    except Exception:
        call.delete()
        raise
    ApiCall.objects.filter(pk=call.pk).update(
        status=response.status_code, answer=response.content.decode()
    )
    return response


def id_for(request: ApiRequest, key: str | None) -> uuid.UUID:
    """The id of the decision that this call makes."""
    if key is None:
        return uuid.uuid4()
    return decision_id(user_id=request.auth.user.pk, path=request.path, key=key)


def reused() -> Problem:
    text = "This Idempotency-Key was used before with another body."
    return Problem(422, "idempotency_key_reused", text, errors={"Idempotency-Key": [text]})


def _begin(request: ApiRequest, key: str) -> ApiCall:
    """The row of this call, ours to run if it has no status. Raises Problem."""
    now = request.auth.now
    body = hashlib.sha256(request.body).hexdigest()
    call, is_new = ApiCall.objects.get_or_create(
        user=request.auth.user,
        path=request.path,
        key=key,
        defaults={"body_sha256": body, "began_at": now},
    )
    if is_new:
        return call
    if call.body_sha256 != body:
        raise reused()
    if call.status is None and not _take_over(call, now):
        raise Problem(409, "still_running", "The first call with this key is still running.")
    return call


def _take_over(call: ApiCall, now: datetime) -> bool:
    is_dead = call.began_at <= now - LONGEST_CALL
    same = ApiCall.objects.filter(pk=call.pk, status=None, began_at=call.began_at)
    return is_dead and bool(same.update(began_at=now))

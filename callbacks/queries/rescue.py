"""What operators did to one run, for its page."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from django.db.models import QuerySet

from callbacks.models import RescueAction, RescueKind, RescueStatus

ACTIONS_SHOWN = 50


def actions_of(*, execution_id: uuid.UUID) -> Sequence[RescueAction]:
    """The latest first: one query."""
    rows = RescueAction.objects.filter(execution_id=execution_id)
    return tuple(rows.order_by("-asked_at", "id")[:ACTIONS_SHOWN])


def stop_of(*, execution_id: uuid.UUID) -> RescueAction | None:
    """The stop from here that ended this run: one query."""
    rows = stops().filter(execution_id=execution_id)
    return rows.order_by("-asked_at").first()


def stops() -> QuerySet[RescueAction]:
    """Stops that AWS shows as done."""
    return RescueAction.objects.filter(kind=RescueKind.STOP, status=RescueStatus.DONE)

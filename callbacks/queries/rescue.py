"""What operators did to one run, for its page."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from callbacks.models import RescueAction

ACTIONS_SHOWN = 50


def actions_of(*, execution_id: uuid.UUID) -> Sequence[RescueAction]:
    """The latest first: one query."""
    rows = RescueAction.objects.filter(execution_id=execution_id)
    return tuple(rows.order_by("-asked_at", "id")[:ACTIONS_SHOWN])

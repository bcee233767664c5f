"""Find actions that a lost message or a crash left behind, with every sweep of answers."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import F, Q

from callbacks.decisions.hints import hint
from callbacks.models import OPEN_RESCUES, RescueAction, RescueStatus

LARGEST_SWEEP = 100
# A message that nobody took for so long is taken for lost.
HINT_AGAIN_AFTER = timedelta(seconds=10)


def sweep(*, now: datetime) -> int:
    """Send a message for every action that is due and has none under way; return how many."""
    released = Q(status=RescueStatus.SENDING, lease_until=None, look_after__lte=now)
    to_do = _ids(Q(status=RescueStatus.REQUESTED) | released, now)
    crashed = Q(status=RescueStatus.SENDING, lease_until__lt=now)
    doubtful = Q(status__in=[RescueStatus.SENT, RescueStatus.UNKNOWN], look_after__lte=now)
    to_settle = _ids(crashed | doubtful, now)
    if to_do or to_settle:
        RescueAction.objects.filter(pk__in=[*to_do, *to_settle]).update(hinted_at=now)
    for action_id in to_do:
        hint("carry_out_rescue", action_id)
    for action_id in to_settle:
        hint("settle_rescue", action_id)
    return len(to_do) + len(to_settle)


def _ids(condition: Q, now: datetime) -> list[UUID]:
    # No message since it became due, or one so long ago that it must be lost.
    quiet = (
        Q(hinted_at=None)
        | Q(hinted_at__lt=F("look_after"))
        | Q(hinted_at__lt=F("lease_until"))
        | Q(hinted_at__lt=now - HINT_AGAIN_AFTER)
    )
    rows = RescueAction.objects.filter(condition & quiet, status__in=OPEN_RESCUES)
    return list(rows.order_by("asked_at", "id").values_list("pk", flat=True)[:LARGEST_SWEEP])

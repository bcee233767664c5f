"""What an empty inbox still has to say."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from callbacks.models import Decision, DecisionStatus, Role, RoleGrant


@dataclass(frozen=True, slots=True)
class AnsweredToday:
    count: int
    last_at: datetime | None


def answered_today(*, user_id: int, since: datetime) -> AnsweredToday:
    """What this person answered since then; what was taken back does not count. One query."""
    rows = Decision.objects.filter(decided_by_id=user_id, decided_at__gte=since)
    times = list(
        rows.exclude(status=DecisionStatus.WITHDRAWN)
        .order_by("-decided_at")
        .values_list("decided_at", flat=True)[:1001]
    )
    return AnsweredToday(count=len(times), last_at=times[0] if times else None)


def is_anybody_approver() -> bool:
    return RoleGrant.objects.filter(role=Role.APPROVER, user__is_active=True).exists()

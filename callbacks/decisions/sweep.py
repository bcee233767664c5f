"""Find what a lost message or a crash left behind, every second."""

from __future__ import annotations

from datetime import datetime
from typing import cast
from uuid import UUID

from django.db.models import Q

from callbacks.models import Decision, DecisionStatus, TaskStatus

# More than a worker sends in a second; the next sweep finds the rest.
LARGEST_SWEEP = 500


def due_for_delivery(*, now: datetime) -> list[UUID]:
    """Decisions whose bytes may go out now, the longest due first."""
    due = Q(status=DecisionStatus.HELD, send_after__lte=now) | Q(
        status=DecisionStatus.SENDING, lease_until=None, look_after__lte=now
    )
    return _ids(due & Q(task__status=TaskStatus.WAITING))


def due_for_settling(*, now: datetime) -> list[UUID]:
    """Decisions whose outcome is open: sent, doubtful, abandoned, or overtaken before the send."""
    crashed = Q(status=DecisionStatus.SENDING, lease_until__lt=now)
    looked_for = Q(status__in=[DecisionStatus.SENT, DecisionStatus.UNKNOWN], look_after__lte=now)
    overtaken = Q(status=DecisionStatus.HELD) | Q(status=DecisionStatus.SENDING, lease_until=None)
    return _ids(crashed | looked_for | (overtaken & ~Q(task__status=TaskStatus.WAITING)))


def _ids(condition: Q) -> list[UUID]:
    rows = Decision.objects.unsettled().filter(condition).order_by("send_after", "id")
    return cast("list[UUID]", list(rows.values_list("id", flat=True)[:LARGEST_SWEEP]))

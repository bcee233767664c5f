"""Find what a lost message or a crash left behind, every second."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import F, Q

from callbacks.audit import AuditUnavailable, rollback
from callbacks.decisions.completing import complete_late
from callbacks.decisions.hints import hint
from callbacks.models import OPEN_TASKS, Decision, DecisionStatus

# So many messages are under way at most: more than the workers do in a second.
MOST_UNDER_WAY = 200
# A message that nobody took for so long is taken for lost.
HINT_AGAIN_AFTER = timedelta(seconds=10)


def sweep(*, now: datetime) -> int:
    """Send a message for every decision that is due and has none under way; return how many."""
    complete_late(now=now)
    to_deliver = [] if _must_not_send() else _ids(_to_deliver(now))
    to_settle = _ids(_to_settle(now))
    if to_deliver or to_settle:
        to_deliver, to_settle = _fitting(to_deliver, to_settle, room=_room(now))
    Decision.objects.filter(pk__in=[*to_deliver, *to_settle]).update(hinted_at=now)
    for decision_id in to_deliver:
        hint("deliver_decision", decision_id)
    for decision_id in to_settle:
        hint("settle_decision", decision_id)
    return len(to_deliver) + len(to_settle)


def _room(now: datetime) -> int:
    """How many more messages may be under way: those that nobody has acted on since count.

    Where workers are slow, messages that come faster than they are taken would all be stale when
    their turn comes, and the workers would do nothing but throw them away.
    """
    told = Q(hinted_at__gte=now - HINT_AGAIN_AFTER, status_at__lte=F("hinted_at"))
    waiting = Decision.objects.unsettled().filter(told).exclude(look_after__gt=now)
    return MOST_UNDER_WAY - waiting.count()


def _fitting(
    to_deliver: list[UUID], to_settle: list[UUID], *, room: int
) -> tuple[list[UUID], list[UUID]]:
    """As many as there is room for; neither kind keeps the other out."""
    room = max(0, room)
    settled = to_settle[: max(room // 2, room - len(to_deliver))]
    return to_deliver[: room - len(settled)], settled


def _must_not_send() -> bool:
    """While a roll-back of the record is open, each try would only be written down in vain."""
    try:
        rollback.refuse_while_open()
    except AuditUnavailable:
        return True
    return False


def _to_deliver(now: datetime) -> Q:
    """Bytes that may go out now."""
    held = Q(status=DecisionStatus.HELD, send_after__lte=now) & _not_hinted("send_after", now)
    released = Q(status=DecisionStatus.SENDING, lease_until=None, look_after__lte=now)
    # Nothing goes out over one that is off; messages about it would only keep out others.
    may_go = Q(task__status__in=OPEN_TASKS, task__connection__is_enabled=True)
    return (held | released & _not_hinted("look_after", now)) & may_go


def _to_settle(now: datetime) -> Q:
    """Outcomes that are open: sent, doubtful, abandoned, or overtaken before the send."""
    crashed = Q(status=DecisionStatus.SENDING, lease_until__lt=now)
    doubtful = Q(status__in=[DecisionStatus.SENT, DecisionStatus.UNKNOWN], look_after__lte=now)
    unsent = Q(status__in=[DecisionStatus.COLLECTING, DecisionStatus.HELD]) | Q(
        status=DecisionStatus.SENDING, lease_until=None
    )
    return (
        crashed & _not_hinted("lease_until", now)
        | doubtful & _not_hinted("look_after", now)
        | unsent & ~Q(task__status__in=OPEN_TASKS) & _not_hinted("task__closed_at", now)
    )


def _not_hinted(due_field: str, now: datetime) -> Q:
    """No message since it became due, or one so long ago that it must be lost."""
    return (
        Q(hinted_at=None) | Q(hinted_at__lt=F(due_field)) | Q(hinted_at__lt=now - HINT_AGAIN_AFTER)
    )


def _ids(condition: Q) -> list[UUID]:
    # Whoever was told least recently comes first: many that do not move must not keep out others.
    order = F("hinted_at").asc(nulls_first=True), "send_after", "id"
    rows = Decision.objects.unsettled().filter(condition).order_by(*order)
    return list(rows.values_list("pk", flat=True)[:MOST_UNDER_WAY])

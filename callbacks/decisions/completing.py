"""Answers whose signatures have come to suffice without a new one: somebody may sign again.

A person was activated again or came into a team; nobody presses a button for that.
"""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import transaction
from django.db.models import Count, F, OuterRef, Q, Subquery

from callbacks.decisions.moves import Superseded
from callbacks.decisions.policy import send_time
from callbacks.decisions.votes import hold, is_complete
from callbacks.decisions.window import shared_window
from callbacks.models import CallbackTask, Decision, DecisionStatus, Direction, Policy, TaskStatus

# Only answers with enough signatures that do not all count: there are never many.
LARGEST_ROUND = 50


def complete_late(*, now: datetime) -> int:
    """Hold every answer that collects and has all it needs; return how many. One query for none."""
    return sum(_complete(decision_id, now) for decision_id in _with_enough_signatures())


def _with_enough_signatures() -> list[uuid.UUID]:
    policy = Policy.objects.filter(pk=OuterRef("policy_id"))
    rows = (
        Decision.objects.unsettled()
        .filter(status=DecisionStatus.COLLECTING, task__status=TaskStatus.WAITING)
        # Under an earlier version nothing completes any more.
        .filter(policy_id=F("task__policy_id"))
        .annotate(
            standing=Count("votes", filter=Q(votes__withdrawn_at=None)),
            approvals=Subquery(policy.values("approvals_needed")),
            rejections=Subquery(policy.values("rejections_needed")),
        )
        .filter(
            Q(direction=Direction.APPROVE, standing__gte=F("approvals"))
            | Q(direction=Direction.REJECT, standing__gte=F("rejections"))
        )
    )
    return list(rows.order_by("decided_at").values_list("pk", flat=True)[:LARGEST_ROUND])


def _complete(decision_id: uuid.UUID, now: datetime) -> bool:
    with transaction.atomic():
        decision = Decision.objects.select_for_update(of=("self",)).get(pk=decision_id)
        if decision.status != DecisionStatus.COLLECTING or not is_complete(decision):
            return False
        task = CallbackTask.objects.select_related("policy").get(pk=decision.task_id)
        send_after = send_time(
            now=now, undo_seconds=shared_window(task.policy), dies_earliest=task.dies_earliest
        )
        try:
            hold(decision=decision, send_after=send_after, now=now)
        except Superseded:
            return False
    return True

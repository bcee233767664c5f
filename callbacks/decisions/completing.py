"""Answers whose signatures have come to suffice without a new one: somebody may sign again.

A person was activated again or came into a team; nobody presses a button for that.
"""

from __future__ import annotations

import logging
import uuid
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Count, F, OuterRef, Q, Subquery

from callbacks.audit import AuditUnavailable
from callbacks.decisions.errors import TaskUnknown
from callbacks.decisions.locking import lock_task
from callbacks.decisions.moves import Superseded
from callbacks.decisions.people import facts_of, rule_of
from callbacks.decisions.policy import missing, send_time
from callbacks.decisions.votes import hold, is_complete
from callbacks.decisions.window import shared_window
from callbacks.models import OPEN_TASKS, Decision, DecisionStatus, Direction, Policy, Vote
from callbacks.sync.policies import match_again

logger = logging.getLogger(__name__)

# Only answers that have signatures enough, not all of which count.
LARGEST_ROUND = 1_000


def complete_late(*, now: datetime) -> int:
    """Hold every answer that collects and has all it needs; return how many.

    One query where there is none, and a fixed number where those that there are lack something.
    """
    candidates = _with_enough_signatures()
    return sum(_complete(one, now) for one in _that_lack_nothing(candidates))


def _with_enough_signatures() -> list[Decision]:
    policy = Policy.objects.filter(pk=OuterRef("policy_id"))
    rows = (
        Decision.objects.unsettled()
        .filter(status=DecisionStatus.COLLECTING, task__status__in=OPEN_TASKS)
        .annotate(
            standing=Count("votes", filter=Q(votes__withdrawn_at=None)),
            approvals=Subquery(policy.values("approvals_needed")),
            rejections=Subquery(policy.values("rejections_needed")),
            asked_by=F("task__asked_by"),
        )
        .filter(
            Q(direction=Direction.APPROVE, standing__gte=F("approvals"))
            | Q(direction=Direction.REJECT, standing__gte=F("rejections"))
        )
    )
    return list(
        rows.order_by("-decided_at").only("task_id", "policy_id", "direction")[:LARGEST_ROUND]
    )


def _that_lack_nothing(decisions: Sequence[Decision]) -> list[Decision]:
    """Without a lock, so that it costs little to look every second."""
    if not decisions:
        return []
    signers: dict[uuid.UUID, list[int]] = defaultdict(list)
    votes = Vote.objects.filter(decision__in=decisions, withdrawn_at=None)
    for decision_id, user_id in votes.values_list("decision_id", "user_id"):
        signers[decision_id].append(user_id)
    people = {one.id: one for one in facts_of({who for ids in signers.values() for who in ids})}
    policies = Policy.objects.filter(pk__in={one.policy_id for one in decisions})
    rules = {
        policy.pk: rule_of(policy) for policy in policies.prefetch_related("policy_teams", "users")
    }
    return [
        one
        for one in decisions
        if missing(
            rule=rules[one.policy_id],
            is_approval=one.direction == Direction.APPROVE,
            signers=[people[who] for who in signers[one.pk] if who in people],
            asked_by=one.__dict__["asked_by"],
        ).is_nothing
    ]


def _complete(found: Decision, now: datetime) -> bool:
    try:
        with transaction.atomic():
            return _hold(found, now)
    except (Superseded, TaskUnknown):
        return False
    except AuditUnavailable:
        logger.exception("Decision %s is complete and cannot be recorded as such.", found.pk)
        return False


def _hold(found: Decision, now: datetime) -> bool:
    task = lock_task(found.task_id)
    match_again(task)
    decision = Decision.objects.select_for_update(of=("self",)).get(pk=found.pk)
    # Under an earlier version of the policy nothing completes any more.
    if decision.status != DecisionStatus.COLLECTING or decision.policy_id != task.policy_id:
        return False
    if not is_complete(decision):
        return False
    window = shared_window(task.policy)
    send_after = send_time(now=now, undo_seconds=window, dies_earliest=task.dies_earliest)
    hold(decision=decision, send_after=send_after, now=now)
    return True

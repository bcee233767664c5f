"""What one person may see and answer, asked once per page and used by every query of it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from callbacks.models import CallbackTask, Decision, Policy, Role, User


@dataclass(frozen=True, slots=True)
class Sight:
    """`policy_ids` are the policies that name this person or a team of theirs."""

    user_id: int
    sees_all: bool
    is_approver: bool
    policy_ids: tuple[uuid.UUID, ...]
    teams: tuple[str, ...]


def sight_of(*, user: User) -> Sight:
    """Three queries: the person's roles and teams, and the policies that name them."""
    teams = dict(user.groups.order_by("name").values_list("id", "name"))
    # What the user's own property would ask for once more.
    user.team_ids = frozenset(teams)
    return Sight(
        user_id=user.pk,
        sees_all=user.sees_all,
        is_approver=Role.APPROVER in user.roles,
        policy_ids=tuple(Policy.objects.answerable_by(user).values_list("id", flat=True)),
        teams=tuple(teams.values()),
    )


def visible_tasks(sight: Sight) -> QuerySet[CallbackTask]:
    """Tasks that this person may know of; the same rule as `TaskQuerySet.visible_to`."""
    if sight.sees_all:
        return CallbackTask.objects.all()
    if not sight.is_approver:
        return CallbackTask.objects.none()
    return CallbackTask.objects.filter(policy_id__in=sight.policy_ids)


def answerable_tasks(sight: Sight) -> QuerySet[CallbackTask]:
    """Tasks that wait for this person or their teams: an approver's, whatever else they are."""
    if not sight.is_approver:
        return CallbackTask.objects.none()
    return CallbackTask.objects.filter(policy_id__in=sight.policy_ids)


def visible_decisions(sight: Sight) -> QuerySet[Decision]:
    """Answers that this person may know of: their own, their teams', or all."""
    if sight.sees_all:
        return Decision.objects.all()
    return Decision.objects.filter(
        Q(policy_id__in=sight.policy_ids) | Q(decided_by_id=sight.user_id)
    )

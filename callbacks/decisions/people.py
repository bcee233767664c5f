"""What the rules need to know of people and policies, read in a fixed number of queries."""

from __future__ import annotations

from collections.abc import Iterable

from callbacks.decisions.policy import PersonFacts, Refusal, Rule, refusal
from callbacks.models import CallbackTask, Intake, Policy, Role, User

# They answer for runs that die; to decide at all takes the approver's role as well.
MAY_OVERRIDE = frozenset({Role.OPERATOR, Role.ADMIN})


def why_not_allowed(*, user: User, task: CallbackTask) -> Refusal | None:
    """Why this person may not answer this task under its policy; None where they may."""
    if _handed_it_over(user, task):
        return Refusal.OWN_REQUEST
    person = _facts(user, is_approver=Role.APPROVER in user.roles, team_ids=user.team_ids)
    return refusal(person=person, rule=rule_of(task.policy), asked_by=task.asked_by)


def _handed_it_over(user: User, task: CallbackTask) -> bool:
    """Of a request whose run is not known, whoever handed it over is all that is known to ask."""
    if task.execution.is_known or task.policy.own_requests_allowed:
        return False
    return Intake.objects.filter(pk=task.pk, by=user).exists()


def may_override_forecast(user: User) -> bool:
    """Whether this person may send an answer that would end the execution."""
    return bool(user.roles & MAY_OVERRIDE)


def rule_of(policy: Policy) -> Rule:
    """Two queries, or none where `policy_teams` and `users` are prefetched."""
    teams = {one.team_id: one.approvals for one in policy.policy_teams.all()}
    return Rule(
        team_ids=frozenset(teams),
        user_ids=frozenset(user.pk for user in policy.users.all()),
        approvals_needed=policy.approvals_needed,
        rejections_needed=policy.rejections_needed,
        of_teams=tuple((team, count) for team, count in teams.items() if count),
        own_requests_allowed=policy.own_requests_allowed,
        names_asker=bool(policy.requester_path),
    )


def facts_of(user_ids: Iterable[int]) -> list[PersonFacts]:
    """People as they are now, whatever a session remembers: three queries."""
    rows = User.objects.filter(pk__in=list(user_ids)).prefetch_related("role_grants", "groups")
    return [
        _facts(
            user,
            is_approver=any(one.role == Role.APPROVER for one in user.role_grants.all()),
            team_ids=frozenset(team.pk for team in user.groups.all()),
        )
        for user in rows
    ]


def _facts(user: User, *, is_approver: bool, team_ids: frozenset[int]) -> PersonFacts:
    names = (user.username, user.email, user.label, user.get_full_name())
    return PersonFacts(
        id=user.pk,
        is_active=user.is_active,
        is_approver=is_approver,
        team_ids=team_ids,
        names=frozenset(name.strip().casefold() for name in names if name.strip()),
    )

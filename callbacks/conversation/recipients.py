"""Whom a request can be handed to, and whom a person means by the name that they write."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from django.contrib.auth.models import Group
from django.db.models import Q, QuerySet

from callbacks.asl.payload import PayloadError, check_text
from callbacks.conversation.errors import Refused
from callbacks.decisions.people import facts_of, rule_of
from callbacks.decisions.policy import refusal
from callbacks.models import CallbackTask, Role, User

MOST_OFFERED = 50
# Some of those whom the policy names may have asked themselves.
MOST_LOOKED_AT = MOST_OFFERED + 10


@dataclass(frozen=True, slots=True)
class Offered:
    """People and teams who may answer, by name; `is_all` where there are no more."""

    people: tuple[User, ...]
    teams: tuple[str, ...]
    is_all: bool


def offered(*, task: CallbackTask, giver: User) -> Offered:
    """Whom to choose from; a fixed number of queries."""
    approvers = _approvers(task)
    people = list(approvers.exclude(pk=giver.pk).order_by("last_name", "username")[:MOST_LOOKED_AT])
    allowed = _allowed(task, people)
    teams = Group.objects.filter(user__in=approvers).distinct().order_by("name")
    names = list(teams.values_list("name", flat=True)[: MOST_OFFERED + 1])
    return Offered(
        people=tuple(allowed[:MOST_OFFERED]),
        teams=tuple(names[:MOST_OFFERED]),
        is_all=len(people) < MOST_LOOKED_AT and len(allowed) <= MOST_OFFERED >= len(names),
    )


def recipient(*, task: CallbackTask, to: str) -> tuple[User | None, Group | None]:
    """The person, else the team, of this username, full name or team's name.

    Raises Refused, in the same words for who is not there at all.
    """
    try:
        check_text(to)
    except PayloadError as exc:
        raise Refused(str(exc.problem), field="to") from None
    approvers = _approvers(task)
    known = list(approvers)
    people = _allowed(task, _named(to, known, lambda user: user.username))
    # A username means that person, whoever else is called so.
    if not people and not User.objects.filter(username=to).exists():
        people = _allowed(task, _named(to, known, lambda user: user.label))
        team = None if people else _team(to, task, approvers)
        if team is not None:
            return None, team
    if len(people) > 1:
        said = f"Several people are called “{to}”: write the username of the one you mean."
        raise Refused(said, field="to")
    if not people:
        said = f"“{to}” is no person and no team that may answer this request."
        raise Refused(said, field="to")
    return people[0], None


def _team(to: str, task: CallbackTask, approvers: QuerySet[User]) -> Group | None:
    """The team of this name, if anybody in it may answer."""
    teams = list(Group.objects.filter(user__in=approvers).distinct())
    found = _named(to, teams, lambda team: team.name)
    if len(found) == 1 and _allowed(task, found[0].user_set.all()):
        return found[0]
    return None


_One = TypeVar("_One", User, Group)


def _named(to: str, ones: Iterable[_One], name: Callable[[_One], str]) -> list[_One]:
    """Those of this name: to the letter, else whatever their case is."""
    alike = [one for one in ones if name(one).casefold() == to.casefold()]
    return [one for one in alike if name(one) == to] or alike


def _approvers(task: CallbackTask) -> QuerySet[User]:
    """Active approvers whom the task's policy names, or all where it names nobody."""
    rule = rule_of(task.policy)
    people = User.objects.filter(is_active=True, role_grants__role=Role.APPROVER)
    if rule.team_ids or rule.user_ids:
        people = people.filter(Q(groups__in=rule.team_ids) | Q(pk__in=rule.user_ids))
    return people.distinct()


def _allowed(task: CallbackTask, people: Iterable[User]) -> list[User]:
    """Those who may answer: nobody who asked for it."""
    people = list(people)
    if not people:
        return []
    rule, asked_by = rule_of(task.policy), task.asked_by
    may = {
        one.id
        for one in facts_of([user.pk for user in people])
        if refusal(person=one, rule=rule, asked_by=asked_by) is None
    }
    return [user for user in people if user.pk in may]

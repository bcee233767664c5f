"""Who may answer, and whose signatures are missing: pure rules, for the page and under the lock."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

# An answer held for undo still leaves before the task dies, by this much.
MARGIN_BEFORE_DEATH = timedelta(seconds=5)


class Refusal(StrEnum):
    NOT_APPROVER = "not_approver"
    NOT_NAMED = "not_named"
    NOT_ACTIVE = "not_active"
    OWN_REQUEST = "own_request"
    ASKER_UNKNOWN = "asker_unknown"


@dataclass(frozen=True, slots=True)
class PersonFacts:
    """`names`: what this person may be called in an input, in lower case."""

    id: int
    is_active: bool
    is_approver: bool
    team_ids: frozenset[int] = frozenset()
    names: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Rule:
    """What a policy says of people. Nobody named means every approver.

    `of_teams`: how many of the approvals must be from that team; one person in two teams counts
    for both, as in GitLab's approval rules.
    """

    team_ids: frozenset[int] = frozenset()
    user_ids: frozenset[int] = frozenset()
    approvals_needed: int = 1
    rejections_needed: int = 1
    of_teams: tuple[tuple[int, int], ...] = ()
    own_requests_allowed: bool = False
    # The policy names the place where the asker stands, so that an empty one is suspicious.
    names_asker: bool = False

    def needs_several(self, *, is_approval: bool) -> bool:
        if is_approval:
            return self.approvals_needed > 1 or bool(self.of_teams)
        return self.rejections_needed > 1


@dataclass(frozen=True, slots=True)
class Missing:
    """How many signatures an answer lacks, in all and of teams."""

    count: int
    of_teams: tuple[tuple[int, int], ...] = ()

    @property
    def is_nothing(self) -> bool:
        return self.count == 0 and not self.of_teams

    @property
    def at_least(self) -> int:
        """How many more people have to sign, if each of a team that lacks one is only of that."""
        return max(self.count, sum(count for _team, count in self.of_teams))


def refusal(*, person: PersonFacts, rule: Rule, asked_by: str) -> Refusal | None:
    """Return why this person may not answer, or None where they may."""
    if not person.is_active:
        return Refusal.NOT_ACTIVE
    if not person.is_approver:
        return Refusal.NOT_APPROVER
    if not _is_named(person, rule):
        return Refusal.NOT_NAMED
    if rule.own_requests_allowed:
        return None
    if rule.names_asker and not asked_by.strip():
        return Refusal.ASKER_UNKNOWN
    if asked_by.strip().casefold() in person.names:
        return Refusal.OWN_REQUEST
    return None


def missing(
    *, rule: Rule, is_approval: bool, signers: Collection[PersonFacts], asked_by: str
) -> Missing:
    """Count the signatures that still hold: of people who may sign at this moment."""
    valid = [one for one in signers if refusal(person=one, rule=rule, asked_by=asked_by) is None]
    if not is_approval:
        return Missing(count=max(0, rule.rejections_needed - len(valid)))
    lacking = {
        team: wanted - sum(1 for one in valid if team in one.team_ids)
        for team, wanted in rule.of_teams
    }
    return Missing(
        count=max(0, rule.approvals_needed - len(valid)),
        of_teams=tuple((team, count) for team, count in lacking.items() if count > 0),
    )


def send_time(*, now: datetime, undo_seconds: int, dies_earliest: datetime) -> datetime:
    """Return when a held answer is sent: after the undo window, but before the task dies."""
    return max(now, min(now + timedelta(seconds=undo_seconds), dies_earliest - MARGIN_BEFORE_DEATH))


def _is_named(person: PersonFacts, rule: Rule) -> bool:
    if not rule.team_ids and not rule.user_ids:
        return True
    return person.id in rule.user_ids or bool(person.team_ids & rule.team_ids)

"""Who may answer: pure rules, asked before a button is drawn and again under the lock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

# An answer held for undo still leaves before the task dies, by this much.
MARGIN_BEFORE_DEATH = timedelta(seconds=5)


class Refusal(StrEnum):
    NOT_APPROVER = "not_approver"
    NOT_IN_TEAM = "not_in_team"
    NOT_ACTIVE = "not_active"


@dataclass(frozen=True, slots=True)
class PersonFacts:
    is_active: bool
    is_approver: bool
    team_ids: frozenset[int]


def refusal(*, person: PersonFacts, policy_team_id: int | None) -> Refusal | None:
    """Return why this person may not answer, or None where they may."""
    if not person.is_active:
        return Refusal.NOT_ACTIVE
    if not person.is_approver:
        return Refusal.NOT_APPROVER
    if policy_team_id is not None and policy_team_id not in person.team_ids:
        return Refusal.NOT_IN_TEAM
    return None


def send_time(*, now: datetime, undo_seconds: int, dies_earliest: datetime) -> datetime:
    """Return when a held answer is sent: after the undo window, but before the task dies."""
    return max(now, min(now + timedelta(seconds=undo_seconds), dies_earliest - MARGIN_BEFORE_DEATH))

"""Who may answer and when a held answer leaves."""

from datetime import UTC, datetime, timedelta

import pytest

from callbacks.decisions.policy import PersonFacts, Refusal, refusal, send_time

NOW = datetime(2026, 11, 24, 13, 0, tzinfo=UTC)
APPROVER = PersonFacts(is_active=True, is_approver=True, team_ids=frozenset({7}))


def test_any_approver_may_answer_under_a_policy_without_a_team():
    assert refusal(person=APPROVER, policy_team_id=None) is None


def test_a_team_policy_lets_its_members_answer():
    assert refusal(person=APPROVER, policy_team_id=7) is None


@pytest.mark.parametrize(
    ("person", "team", "why"),
    [
        (APPROVER, 8, Refusal.NOT_IN_TEAM),
        (PersonFacts(True, False, frozenset({7})), 7, Refusal.NOT_APPROVER),
        (PersonFacts(False, True, frozenset({7})), None, Refusal.NOT_ACTIVE),
    ],
)
def test_everybody_else_is_told_why_not(person, team, why):
    assert refusal(person=person, policy_team_id=team) == why


def test_a_held_answer_leaves_when_the_undo_window_ends():
    dies = NOW + timedelta(hours=1)
    assert send_time(now=NOW, undo_seconds=10, dies_earliest=dies) == NOW + timedelta(seconds=10)


def test_a_near_death_cuts_the_window_so_that_five_seconds_are_left():
    dies = NOW + timedelta(seconds=12)
    assert send_time(now=NOW, undo_seconds=10, dies_earliest=dies) == NOW + timedelta(seconds=7)


def test_with_less_than_five_seconds_to_live_it_leaves_at_once():
    dies = NOW + timedelta(seconds=3)
    assert send_time(now=NOW, undo_seconds=10, dies_earliest=dies) == NOW

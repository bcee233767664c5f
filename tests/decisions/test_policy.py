"""Who may answer, and whose signatures are missing."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callbacks.decisions.policy import (
    Missing,
    PersonFacts,
    Refusal,
    Rule,
    missing,
    refusal,
    send_time,
)

FINANCE, SECURITY = 7, 8
ANA = PersonFacts(
    id=1,
    is_active=True,
    is_approver=True,
    team_ids=frozenset({FINANCE}),
    names=frozenset({"ana", "ana@example.org"}),
)
KOFI = replace(ANA, id=2, names=frozenset({"kofi"}))
SAM = replace(ANA, id=3, team_ids=frozenset({SECURITY}), names=frozenset({"sam"}))
OF_FINANCE = Rule(team_ids=frozenset({FINANCE}))


def why(person: PersonFacts, rule: Rule, asked_by: str = "") -> Refusal | None:
    return refusal(person=person, rule=rule, asked_by=asked_by)


# --- who ---------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("person", "rule"),
    [
        (ANA, Rule()),
        (ANA, OF_FINANCE),
        (SAM, replace(OF_FINANCE, user_ids=frozenset({SAM.id}))),
    ],
)
def test_whoever_the_policy_names_may_answer(person: PersonFacts, rule: Rule) -> None:
    assert why(person, rule) is None


@pytest.mark.parametrize(
    ("person", "rule", "refused"),
    [
        (SAM, OF_FINANCE, Refusal.NOT_NAMED),
        (ANA, Rule(user_ids=frozenset({SAM.id})), Refusal.NOT_NAMED),
        (replace(ANA, is_approver=False), OF_FINANCE, Refusal.NOT_APPROVER),
        (replace(ANA, is_active=False), Rule(), Refusal.NOT_ACTIVE),
    ],
)
def test_everybody_else_is_told_why_not(person: PersonFacts, rule: Rule, refused: Refusal) -> None:
    assert why(person, rule) == refused


@pytest.mark.parametrize("asked_by", ["ana", "Ana", " ANA@example.org "])
def test_nobody_answers_their_own_request(asked_by: str) -> None:
    assert why(ANA, Rule(), asked_by) == Refusal.OWN_REQUEST
    assert why(KOFI, Rule(), asked_by) is None


def test_a_policy_may_allow_own_requests() -> None:
    assert why(ANA, Rule(own_requests_allowed=True), "ana") is None


def test_who_asked_must_be_known_where_the_policy_says_where_it_stands() -> None:
    assert why(ANA, Rule(names_asker=True), " ") == Refusal.ASKER_UNKNOWN
    assert why(ANA, Rule(names_asker=True), "kofi") is None


# --- quorum ------------------------------------------------------------------------------------
def lacking(rule: Rule, *signers: PersonFacts, asked_by: str = "") -> Missing:
    return missing(rule=rule, is_approval=True, signers=signers, asked_by=asked_by)


def test_a_quorum_counts_people() -> None:
    two = Rule(approvals_needed=2)
    assert lacking(two, ANA).count == 1
    assert lacking(two, ANA, KOFI).is_nothing


def test_signatures_of_people_who_may_not_sign_any_more_do_not_count() -> None:
    two = Rule(approvals_needed=2)
    assert lacking(two, ANA, replace(KOFI, is_active=False)).count == 1
    assert lacking(two, ANA, KOFI, asked_by="kofi").count == 1


def test_a_team_can_be_asked_for_in_addition() -> None:
    rule = Rule(approvals_needed=2, of_teams=((FINANCE, 1), (SECURITY, 1)))
    assert lacking(rule, ANA, KOFI) == Missing(count=0, of_teams=((SECURITY, 1),))
    assert lacking(rule, ANA, SAM).is_nothing


def test_one_person_in_two_teams_counts_for_both() -> None:
    both = replace(ANA, team_ids=frozenset({FINANCE, SECURITY}))
    rule = Rule(approvals_needed=1, of_teams=((FINANCE, 1), (SECURITY, 1)))
    assert lacking(rule, both).is_nothing


def test_one_rejection_is_enough_unless_the_policy_says_otherwise() -> None:
    rule = Rule(approvals_needed=3)
    assert not rule.needs_several(is_approval=False)
    assert replace(rule, rejections_needed=2).needs_several(is_approval=False)


# --- when --------------------------------------------------------------------------------------
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
SECONDS = st.integers(min_value=0, max_value=10_000)


@given(undo=SECONDS, left=SECONDS)
def test_a_held_answer_leaves_in_its_window_and_before_the_task_dies(undo: int, left: int) -> None:
    dies = NOW + timedelta(seconds=left)
    at = send_time(now=NOW, undo_seconds=undo, dies_earliest=dies)
    assert NOW <= at <= NOW + timedelta(seconds=undo)
    assert at == NOW or at < dies


@pytest.mark.parametrize(
    ("lives", "leaves"),
    [(3_600, 10), (12, 7), (3, 0)],
    ids=["at the window's end", "five seconds before the death", "at once"],
)
def test_a_near_death_cuts_the_window(lives: int, leaves: int) -> None:
    dies = NOW + timedelta(seconds=lives)
    at = send_time(now=NOW, undo_seconds=10, dies_earliest=dies)
    assert at == NOW + timedelta(seconds=leaves)

"""What a draft would have refused of the answers that were given."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from callbacks.models import Decision, DecisionStatus, Role, User
from callbacks.policies import lookback
from callbacks.policies.fields import PolicyFields
from callbacks.policies.lookback import Lookback, Objection, look_back
from tests import making

pytestmark = pytest.mark.django_db

NOW = timezone.now()
REFUNDS = PolicyFields(name="Refunds", state_machine="refund-*", reason_rule="neither")


@pytest.fixture
def ana() -> User:
    making.default_policy()
    return making.make_person("ana", Role.APPROVER, teams=["finance"])


@pytest.fixture
def kofi() -> User:
    return making.make_person("kofi", Role.APPROVER)


def answered(
    by: User, *, machine: str = "refund-shop", asked: str = "web", **fields: Any
) -> Decision:
    run = making.make_execution(making.make_machine(name=machine))
    task = making.make_task(execution=run, input=f'{{"amount": 7, "by": "{asked}"}}')
    values = {"status": DecisionStatus.CONFIRMED, "decided_at": NOW - timedelta(days=1)} | fields
    return making.make_decision(task, user=by, **values)


def past(**changes: Any) -> Lookback:
    return look_back(fields=replace(REFUNDS, **changes), now=NOW)


def test_what_fits_the_draft_is_not_refused(ana: User) -> None:
    answered(ana)
    assert (past().covered, past().refused) == (1, 0)


@pytest.mark.parametrize(
    ("changes", "objection"),
    [
        ({"requester_path": "$.by"}, Objection.OWN_REQUEST),
        ({"teams": {"security": 0}}, Objection.NOT_NAMED),
        ({"users": ["kofi"]}, Objection.NOT_NAMED),
        ({"approvals_needed": 2}, Objection.SIGNATURES),
        ({"teams": {"finance": 0, "security": 1}}, Objection.SIGNATURES),
        ({"reason_rule": "both"}, Objection.REASON),
        ({"output_schema": {"type": "object", "required": ["total"]}}, Objection.FORM),
    ],
)
def test_each_answer_that_it_would_have_refused_is_told_with_why(
    ana: User, kofi: User, changes: dict[str, Any], objection: Objection
) -> None:
    making.make_team("security")
    decision = answered(ana, asked="ana", reason="")
    found = past(**changes)
    assert (found.refused, found.objections) == (1, ((objection, 1),))
    assert [one.decision_id for one in found.examples] == [decision.pk]


def test_signatures_that_were_given_count_and_those_taken_back_do_not(
    ana: User, kofi: User
) -> None:
    decision = answered(ana)
    making.make_vote(decision, ana)
    second = making.make_vote(decision, kofi)
    assert past(approvals_needed=2).refused == 0
    assert past(teams={"finance": 2}, approvals_needed=2).objections == ((Objection.NOT_NAMED, 1),)
    type(second).objects.filter(pk=second.pk).update(withdrawn_at=NOW)
    assert past(approvals_needed=2).objections == ((Objection.SIGNATURES, 1),)


def test_who_has_left_since_is_no_reason(ana: User) -> None:
    answered(ana)
    ana.is_active = False
    ana.save()
    ana.role_grants.all().delete()
    assert past().refused == 0


@pytest.mark.parametrize("changes", [{}, {"rejection_mode": "success", "rejection_output": "{}"}])
def test_a_rejection_is_not_refused_for_how_it_is_sent(ana: User, changes: dict[str, Any]) -> None:
    answered(ana, output=None, error="Denied", cause="No.", direction="reject")
    answered(ana, output=b'{"ok": false}', direction="reject")
    assert (past(**changes).covered, past(**changes).refused) == (2, 0)


def test_an_error_name_that_it_does_not_allow_is_another_form(ana: User) -> None:
    answered(ana, output=None, error="Denied", cause="No.", direction="reject")
    assert past(rejection_errors=["Late"]).objections == ((Objection.FORM, 1),)


def test_only_answers_that_aws_took_to_what_it_covers_in_thirty_days_count(ana: User) -> None:
    answered(ana, machine="order-release")
    answered(ana, status=DecisionStatus.WITHDRAWN)
    answered(ana, decided_at=NOW - timedelta(days=31))
    answered(ana, status=DecisionStatus.SENT)
    forgotten = answered(ana)
    forgotten.task.delete()
    found = past()
    assert (found.looked_at, found.covered, found.is_all) == (3, 1, True)


def test_what_an_earlier_policy_covers_does_not_count(ana: User) -> None:
    making.make_policy("First", state_machine="refund-*", position=0)
    answered(ana)
    assert (past().looked_at, past().covered) == (1, 0)


def test_of_too_many_the_latest_are_looked_at_and_that_is_said(
    ana: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        answered(ana)
    monkeypatch.setattr(lookback, "MOST_ANSWERS", 2)
    assert (past().looked_at, past().is_all) == (2, False)


def test_a_draft_that_takes_long_to_hold_against_answers_ends_early(
    ana: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered(ana)
    monkeypatch.setattr(lookback, "PATIENCE_SECONDS", -1.0)
    assert (past().looked_at, past().is_all) == (0, False)


def test_a_hundred_answers_cost_as_many_queries_as_one(
    ana: User, django_assert_num_queries: Any
) -> None:
    answered(ana)
    with django_assert_num_queries(7):
        past()
    for _ in range(20):
        answered(ana)
    with django_assert_num_queries(7):
        assert past().covered == 21

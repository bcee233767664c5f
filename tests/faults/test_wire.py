"""Answers of AWS that are lost, cut or foreign (F04, F05, F06, F12), and calls that never left."""

import os

import pytest
from django.utils import timezone

from callbacks.decisions.deliver import deliver, send_again
from callbacks.decisions.settle import settle
from callbacks.models import DecisionStatus
from tests.faults.conftest import assert_balance, bring_to_end, wait_for

pytestmark = pytest.mark.faults

RUNS = int(os.environ.get("HOLDPOINT_FAULT_RUNS", "1"))
LOST_REPLIES = {
    "closed": {"kind": "cut"},
    "reset": {"kind": "reset"},
    "stalled": {"kind": "stall", "seconds": 3},
    "cut in the headers": {"kind": "cut_headers"},
    "cut in the body": {"kind": "cut_body"},
    "a proxy's page with status 200": {"kind": "html"},
    "500": {"kind": "error", "status": 500},
    "502": {"kind": "error", "status": 502},
    "503": {"kind": "error", "status": 503},
}


@pytest.fixture
def quick(settings):
    settings.SEND_READ_SECONDS = 1.0
    settings.SEND_DOUBT_SECONDS = 0.0


@pytest.mark.parametrize("fault", LOST_REPLIES.values(), ids=LOST_REPLIES.keys())
def test_a_reply_lost_after_the_call_was_applied_is_unknown_and_then_confirmed(case, quick, fault):
    case.simulator.fault("SendTaskSuccess", after_apply=True, **fault)
    decision = case.approve()
    deliver(decision_id=decision.pk, now=timezone.now())
    decision.refresh_from_db()
    assert decision.status == DecisionStatus.UNKNOWN
    settle(decision_id=decision.pk, now=timezone.now())
    decision.refresh_from_db()
    assert decision.status == DecisionStatus.CONFIRMED
    assert len(case.sends()) == 1
    assert_balance(case, decision)


@pytest.mark.parametrize("fault", LOST_REPLIES.values(), ids=LOST_REPLIES.keys())
def test_a_call_lost_before_it_was_applied_is_sent_again_with_the_same_bytes(case, quick, fault):
    case.simulator.fault("SendTaskSuccess", after_apply=False, **fault)
    decision = case.approve()
    bring_to_end(decision)
    settle(decision_id=decision.pk, now=timezone.now())
    decision.refresh_from_db()
    assert decision.status == DecisionStatus.CONFIRMED
    assert len(case.sends()) == 2
    assert_balance(case, decision)


def test_our_own_spent_token_is_recognised_as_ours(case, quick):
    """F12: a lost reply, then TaskTimedOut for our own token: the history says it was us."""
    case.simulator.fault("SendTaskSuccess", kind="cut", after_apply=True)
    decision = case.approve()
    deliver(decision_id=decision.pk, now=timezone.now())
    decision.refresh_from_db()
    send_again(decision=decision, now=timezone.now())
    decision.refresh_from_db()
    assert decision.answer_code == "TaskTimedOut"
    settle(decision_id=decision.pk, now=timezone.now())
    decision.refresh_from_db()
    assert decision.status == DecisionStatus.CONFIRMED
    assert_balance(case, decision)


def test_a_throttled_answer_is_kept_and_sent_later(case, started):
    case.simulator.fault("SendTaskSuccess", kind="throttle", times=3)
    started.start("beat")
    started.start("worker")
    decision = case.approve()
    wait_for(decision, "confirmed", started)
    assert len(case.sends()) == 4
    assert_balance(case, decision)


def test_a_denied_answer_is_refused_with_the_missing_right(case):
    case.simulator.fault("SendTaskSuccess", kind="deny")
    decision = case.approve()
    bring_to_end(decision)
    assert decision.status == DecisionStatus.REFUSED
    assert decision.outcome == "access_denied"
    assert decision.outcome_facts["action"] == "states:SendTaskSuccess"
    assert case.applied() == []

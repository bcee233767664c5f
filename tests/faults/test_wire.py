"""Answers of AWS that are lost, cut or foreign (F04, F05, F06, F12), and calls that never left."""

import os

import pytest
from django.utils import timezone

from callbacks.decisions.deliver import deliver, send_again
from callbacks.decisions.settle import settle
from callbacks.models import DecisionStatus
from tests.faults.conftest import assert_balance, bring_to_end, wait_for

RUNS = int(os.environ.get("HOLDPOINT_FAULT_RUNS", "1"))
LOST_REPLIES = {
    "closed": ("F04", {"kind": "cut"}),
    "reset": ("F04", {"kind": "reset"}),
    "stalled": ("F04", {"kind": "stall", "seconds": 3}),
    "cut in the headers": ("F05", {"kind": "cut_headers"}),
    "cut in the body": ("F05", {"kind": "cut_body"}),
    "a proxy's page with status 200": ("F05", {"kind": "html"}),
    "500": ("F06", {"kind": "error", "status": 500}),
    "502": ("F06", {"kind": "error", "status": 502}),
    "503": ("F06", {"kind": "error", "status": 503}),
}
LOST = [
    pytest.param(fault, marks=pytest.mark.faults(number), id=name)
    for name, (number, fault) in LOST_REPLIES.items()
]
again = pytest.mark.parametrize("run", range(RUNS))


@pytest.fixture
def quick(settings):
    settings.SEND_READ_SECONDS = 1.0
    settings.SEND_DOUBT_SECONDS = 0.0


@again
@pytest.mark.parametrize("fault", LOST)
def test_a_reply_lost_after_the_call_was_applied_is_unknown_and_then_confirmed(
    case, quick, fault, run
):
    case.simulator.fault("SendTaskSuccess", after_apply=True, **fault)
    decision = case.approve()
    deliver(decision_id=decision.pk, now=timezone.now())
    decision.refresh_from_db()
    assert decision.status == DecisionStatus.UNKNOWN
    settle(decision_id=decision.pk, now=timezone.now())
    decision.refresh_from_db()
    assert decision.status == DecisionStatus.CONFIRMED
    assert len(case.sends()) == 1
    assert_balance(case)


@again
@pytest.mark.parametrize("fault", LOST)
def test_a_call_lost_before_it_was_applied_is_sent_again_with_the_same_bytes(
    case, quick, fault, run
):
    case.simulator.fault("SendTaskSuccess", after_apply=False, **fault)
    decision = case.approve()
    bring_to_end(decision)
    settle(decision_id=decision.pk, now=timezone.now())
    decision.refresh_from_db()
    assert decision.status == DecisionStatus.CONFIRMED
    assert len(case.sends()) == 2
    assert_balance(case)


@again
@pytest.mark.faults("F12")
def test_our_own_spent_token_is_recognised_as_ours(case, quick, run):
    """A lost reply, then TaskTimedOut for our own token: the history says it was us."""
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
    assert_balance(case)


@pytest.mark.faults("F08")
def test_a_throttled_answer_is_kept_and_sent_later(case, started):
    case.simulator.fault("SendTaskSuccess", kind="throttle", times=3)
    started.start("beat")
    started.start("worker")
    decision = case.approve()
    wait_for(decision, "confirmed", started)
    assert len(case.sends()) == 4
    assert_balance(case)


@pytest.mark.faults("denied")
def test_a_denied_answer_is_refused_with_the_missing_right(case):
    case.simulator.fault("SendTaskSuccess", kind="deny")
    decision = case.approve()
    bring_to_end(decision)
    assert decision.status == DecisionStatus.REFUSED
    assert decision.outcome == "access_denied"
    assert decision.outcome_facts["action"] == "states:SendTaskSuccess"
    assert case.applied() == []
    assert_balance(case)

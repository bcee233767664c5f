"""Our own clock jumps by an hour, as a virtual machine's or a wrong time server's may (F36)."""

from datetime import timedelta

import pytest
from django.utils import timezone

from callbacks.decisions.deliver import deliver
from callbacks.decisions.settle import settle
from tests.faults.conftest import assert_balance

pytestmark = [
    pytest.mark.faults("F36"),
    pytest.mark.parametrize("hours", [-1, 1], ids=["back", "ahead"]),
]


def live_through(decision, hours, *, jump_before):
    """Our clock jumps before the call or between call and look; in the end it is right again."""
    now = timezone.now()
    jumped, later = now + timedelta(hours=hours), now + timedelta(hours=1, minutes=1)
    deliver(decision_id=decision.pk, now=jumped if jump_before else now)
    settle(decision_id=decision.pk, now=jumped)
    deliver(decision_id=decision.pk, now=later)
    settle(decision_id=decision.pk, now=later + timedelta(minutes=1))
    decision.refresh_from_db()


@pytest.mark.parametrize("jump_before", [True, False], ids=["before the call", "after the call"])
def test_an_answer_is_sent_once_and_its_end_is_named_rightly(case, hours, jump_before):
    decision = case.approve()
    live_through(decision, hours, jump_before=jump_before)
    assert decision.status == "confirmed"
    assert len(case.sends()) == 1
    assert_balance(case)


@pytest.mark.parametrize("jump_before", [True, False], ids=["before the call", "after the call"])
def test_a_lost_reply_is_recognised_as_ours(case, hours, jump_before):
    case.simulator.fault("SendTaskSuccess", kind="cut", after_apply=True)
    decision = case.approve()
    live_through(decision, hours, jump_before=jump_before)
    assert decision.status == "confirmed"
    assert_balance(case)


def test_somebody_elses_answer_is_not_called_ours(case, hours):
    decision = case.approve()
    (open_task,) = case.simulator.tokens()
    case.answer_elsewhere("SendTaskSuccess", taskToken=open_task["token"], output="{}")
    live_through(decision, hours, jump_before=True)
    assert (decision.status, decision.outcome) == ("lost", "answered_elsewhere")
    assert_balance(case)

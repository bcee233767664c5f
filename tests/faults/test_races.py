"""Two at once: the same message many times (F14), two people with one task (F15), undo (F16)."""

import os

import pytest
from django.utils import timezone

from callbacks.decisions.deliver import deliver
from callbacks.decisions.errors import AlreadyDecided, TooLate
from callbacks.decisions.takeback import withdraw
from callbacks.models import Decision, DecisionStatus, Role
from tests import making
from tests.faults.conftest import assert_balance, at_once, bring_to_end, wait_for

RUNS = int(os.environ.get("HOLDPOINT_FAULT_RUNS", "5"))


@pytest.mark.faults("F14")
@pytest.mark.xdist_group("many-connections")
def test_the_same_message_fifty_times_at_once_makes_one_call(case):
    decision = case.approve()
    now = timezone.now()
    results = at_once(*[lambda: deliver(decision_id=decision.pk, now=now)] * 50)
    assert results == [None] * 50
    assert len(case.sends()) == 1
    bring_to_end(decision)
    assert_balance(case)


@pytest.mark.faults("F14")
def test_fifty_messages_to_real_workers_make_one_call(case, started):
    decision = case.approve()
    started.start("hint", DECISION_ID=str(decision.pk), TIMES="50")
    started.wait_done("hint")
    started.start("worker")
    started.start("worker", name="second-worker")
    wait_for(decision, "confirmed", started)
    assert len(case.sends()) == 1
    assert_balance(case)


@pytest.mark.faults("F15")
@pytest.mark.parametrize("run", range(RUNS))
def test_of_two_people_at_once_one_answers_and_the_other_is_told_who(case, run):
    second = making.make_person("kofi", Role.APPROVER)
    results = at_once(case.approve, lambda: case.reject(user=second))
    won = [result for result in results if isinstance(result, Decision)]
    lost = [result for result in results if isinstance(result, AlreadyDecided)]
    assert (len(won), len(lost)) == (1, 1)
    assert lost[0].decision.pk == won[0].pk
    assert Decision.objects.live().count() == 1
    bring_to_end(won[0])
    assert_balance(case)


@pytest.mark.faults("F16")
@pytest.mark.parametrize("run", range(RUNS))
def test_an_answer_is_either_taken_back_or_sent_never_both(case, run):
    decision = case.approve()
    actor = making.make_actor(case.approver)
    now = timezone.now()
    results = at_once(
        lambda: withdraw(decision_id=decision.pk, actor=actor, now=now),
        lambda: deliver(decision_id=decision.pk, now=now),
    )
    decision.refresh_from_db()
    taken_back = not isinstance(results[0], Exception)
    assert taken_back or isinstance(results[0], TooLate)
    assert taken_back == (decision.status == DecisionStatus.WITHDRAWN)
    assert taken_back == (case.sends() == [])
    bring_to_end(decision)
    assert_balance(case)

"""Many at once: people on one task, answers while workers are killed, credentials that end."""

import os
import random
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from callbacks.decisions import deliver as deliver_module
from callbacks.decisions import sweep
from callbacks.decisions.deliver import deliver
from callbacks.decisions.errors import AlreadyDecided
from callbacks.decisions.settle import settle
from callbacks.models import Decision, DecisionStatus, Role
from tests import making
from tests.faults.balance import take_balance
from tests.faults.conftest import bring_to_end
from tests.faults.processes import wait_until

ANSWERS = int(os.environ.get("HOLDPOINT_FAULT_ANSWERS", "50"))
# A server has a hundred connections for all, and workers and other tests take of them too.
pytestmark = pytest.mark.xdist_group("many-connections")
AT_ONCE = 20


def together(act, items):
    """Do it for all, by as many threads as the database has connections for; results in order."""

    def and_close(item):
        try:
            return act(item)
        except AlreadyDecided as exc:
            return exc
        finally:
            connection.close()

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(and_close, items))


@pytest.mark.faults("F15")
def test_of_two_hundred_people_on_one_task_one_answers_and_the_others_are_told_who(case):
    count = 200 if connection.vendor == "postgresql" else 20
    people = [making.make_person(f"person{n}", Role.APPROVER) for n in range(count)]
    results = together(lambda user: case.approve(user=user), people)
    won = [one for one in results if isinstance(one, Decision)]
    lost = [one for one in results if isinstance(one, AlreadyDecided)]
    assert (len(won), len(lost)) == (1, count - 1)
    assert {one.decision.decided_by_name for one in lost} == {won[0].decided_by_name}
    assert Decision.objects.count() == 1
    bring_to_end(won[0])
    take_balance(case.sends())


@pytest.mark.faults("mixed")
def test_many_answers_at_once_all_end_though_workers_are_killed_at_random(crowd, started):
    cases, dice = crowd(ANSWERS), random.Random(7)
    started.start("beat")
    names = [f"worker-{number}" for number in range(2)]
    for name in names:
        started.start("worker", name=name)
    together(lambda one: one.approve(), cases)
    confirmed, kills = Decision.objects.filter(status=DecisionStatus.CONFIRMED), 0

    def all_named():
        nonlocal kills
        count = confirmed.count()
        # One more for each few that are through, whichever it is and whatever it is at.
        if count > 5 + kills * dice.randrange(12, 20):
            name, kills = dice.choice(names), kills + 1
            started.running[name].kill()
            started.wait_killed(name)
            started.start("worker", name=name)
        return count == ANSWERS

    wait_until(all_named, seconds=60 + ANSWERS, what=lambda: started.log_of(names[0]))
    assert kills > 1
    balance = take_balance(cases[0].sends())
    assert (balance.confirmed, balance.applied) == (ANSWERS, ANSWERS)


@pytest.mark.faults("F09")
def test_credentials_that_end_at_the_37th_of_a_hundred_cost_one_call(crowd, monkeypatch):
    cases, renewals, found = crowd(100), [], []
    monkeypatch.setattr(sweep, "hint", lambda name, key: found.append((name, key)))
    renew = deliver_module.Sender.renew_credentials
    monkeypatch.setattr(
        deliver_module.Sender, "renew_credentials", lambda self: renewals.append(renew(self))
    )
    decisions = [one.approve() for one in cases]
    for number, decision in enumerate(decisions, start=1):
        if number == 37:
            case = cases[0]
            case.simulator.fault("SendTaskSuccess", kind="refuse", code="ExpiredTokenException")
        deliver(decision_id=decision.pk, now=timezone.now())
    now = timezone.now()
    for _ in range(60):
        now += timedelta(seconds=1)
        sweep.sweep(now=now)
        while found:
            name, key = found.pop(0)
            act = deliver if name == "deliver_decision" else settle
            act(decision_id=key, now=now)
    assert len(renewals) == 1
    assert len(cases[0].sends()) == 101
    assert take_balance(cases[0].sends()).confirmed == 100

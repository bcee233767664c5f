"""Calls that AWS did not take: not reached (F07), throttled (F08), our clock is wrong (F10)."""

import os
import socket
from datetime import timedelta

import pytest
from django.utils import timezone

from callbacks.decisions import sweep
from callbacks.decisions.deliver import deliver
from callbacks.decisions.settle import settle
from callbacks.models import CallbackTask, Decision, DecisionStatus
from tests.faults.conftest import assert_balance

RUNS = int(os.environ.get("HOLDPOINT_FAULT_RUNS", "1"))
pytestmark = pytest.mark.parametrize("run", range(RUNS))


@pytest.fixture
def pass_time(monkeypatch):
    """Let so many seconds go by, with a sweep in each and a worker for whatever it finds."""
    found, clock = [], [timezone.now()]
    monkeypatch.setattr(sweep, "hint", lambda name, key: found.append((name, key)))

    def passed(seconds):
        for _ in range(seconds):
            clock[0] += timedelta(seconds=1)
            sweep.sweep(now=clock[0])
            while found:
                name, key = found.pop(0)
                act = deliver if name == "deliver_decision" else settle
                act(decision_id=key, now=clock[0])

    return passed


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


UNREACHED = {
    "refused": lambda url: f"http://127.0.0.1:{free_port()}",
    "no such host": lambda url: "http://nowhere.invalid",
    "no TLS": lambda url: url.replace("http://", "https://"),
}


@pytest.mark.faults("F07")
@pytest.mark.parametrize("elsewhere", UNREACHED.values(), ids=UNREACHED.keys())
def test_while_aws_is_not_reached_an_answer_is_kept_and_then_sent_once(
    case, pass_time, elsewhere, run, monkeypatch
):
    # Only for an endpoint of this machine are they made up.
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "made-up")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "made-up")
    decision = case.approve()
    url, case.connection.endpoint_url = case.simulator.url, elsewhere(case.simulator.url)
    case.connection.save()
    pass_time(40)
    decision.refresh_from_db()
    assert (decision.status, decision.answer_message != "") == (DecisionStatus.SENDING, True)
    # At most a call each five seconds, by which the connection asks whether it can send again;
    # fewer where the calls themselves take long.
    assert 2 <= decision.generation <= 8
    case.connection.endpoint_url = url
    case.connection.save()
    pass_time(15)
    assert len(case.sends()) == 1
    assert assert_balance(case).confirmed == 1


@pytest.mark.faults("F08")
def test_an_answer_throttled_ten_times_goes_out_within_its_deadline(case, pass_time, run):
    deadline = timezone.now() + timedelta(minutes=3)
    CallbackTask.objects.update(dies_earliest=deadline, dies_latest=deadline)
    case.simulator.fault("SendTaskSuccess", kind="throttle", times=10)
    decision = case.approve()
    pass_time(175)
    assert len(case.sends()) == 11
    decision.refresh_from_db()
    assert decision.first_sent_at < deadline
    assert assert_balance(case).confirmed == 1


@pytest.mark.faults("F10")
@pytest.mark.parametrize(
    "refusal",
    [
        {"code": "RequestExpired", "message": "Request has expired."},
        {
            "code": "InvalidSignatureException",
            "message": "Signature not yet current: 20260301T093015Z is still later than now",
        },
    ],
    ids=["behind", "ahead"],
)
def test_with_a_wrong_clock_there_are_two_calls_a_minute_and_the_others_wait(
    case, crowd, pass_time, refusal, run
):
    case.simulator.fault("SendTaskSuccess", kind="refuse", times=None, **refusal)
    decisions = [one.approve() for one in crowd(6)]
    pass_time(60)
    assert 1 <= len(case.sends()) <= 3
    told = Decision.objects.filter(status=DecisionStatus.REFUSED)
    assert set(told.values_list("outcome", flat=True)) == {"clock"}
    case.simulator.clear_faults()
    refused = told.count()
    pass_time(60)
    balance = assert_balance(case)
    assert (balance.explained, balance.confirmed) == (refused, len(decisions) - refused)

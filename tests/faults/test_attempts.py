"""A retry or a redrive makes a new token while the form of the old one is open (F18)."""

import pytest
from django.test import Client
from django.utils import timezone

from callbacks.models import CallbackTask, Decision
from callbacks.sync import run_pass
from tests.faults.conftest import OUTPUT, assert_balance, bring_to_end
from tests.faults.web import hidden_in
from tests.sync.world import machine, task

pytestmark = pytest.mark.faults("F18")
RETRY = [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 1, "MaxAttempts": 1}]


def mirror(case):
    run_pass(connection=case.connection, now=timezone.now())


def let_retry(case, arn):
    case.simulator.advance(65)


def let_redrive(case, arn):
    case.simulator.call("StopExecution", executionArn=arn)
    case.simulator.call("RedriveExecution", executionArn=arn)


@pytest.fixture
def start(case):
    """Start a run that waits with its first token."""

    def started(retries):
        states = machine(Review=task(TimeoutSeconds=60, Retry=RETRY) if retries else task())
        arn = case.simulator.start(case.simulator.create("attempts", states))
        mirror(case)
        return arn

    return started


WAYS = pytest.mark.parametrize(
    ("make_new", "retries"), [(let_retry, True), (let_redrive, False)], ids=["retry", "redrive"]
)


def uses_of(case, token):
    return [c for c in case.sends() if c["params"]["token_sha256"] == token["token_sha256"]]


@WAYS
def test_the_open_form_answers_nothing_and_leads_to_the_new_attempt(case, start, make_new, retries):
    arn = start(retries)
    browser = Client()
    browser.force_login(case.approver)
    old = CallbackTask.objects.get(execution__arn=arn)
    form = hidden_in(browser.get(f"/tasks/{old.pk}/").content.decode())
    make_new(case, arn)
    mirror(case)
    typed = {"output": OUTPUT, "error": "", "cause": "", "reason": "Fine.", "direction": "approve"}
    page = browser.post(f"/tasks/{old.pk}/answer/", form | typed, follow=True)
    new = CallbackTask.objects.get(execution__arn=arn, status="waiting")
    assert f'href="/tasks/{new.pk}/"' in page.content.decode()
    assert not Decision.objects.exists()
    assert uses_of(case, case.simulator.tokens(arn)[0]) == []
    assert_balance(case)


@WAYS
def test_an_answer_under_way_to_the_old_attempt_never_uses_the_new_token(
    case, start, make_new, retries
):
    arn = start(retries)
    case.task = CallbackTask.objects.get(execution__arn=arn)
    decision = case.approve()
    make_new(case, arn)
    bring_to_end(decision)
    bring_to_end(decision)
    assert decision.status == "lost"
    assert uses_of(case, case.simulator.tokens(arn)[0]) == []
    assert_balance(case)

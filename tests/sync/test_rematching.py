"""What waits goes under the policies of today soon after these have changed."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from callbacks.models import CallbackTask, Policy
from callbacks.sync import rematching
from callbacks.sync.rematching import AGAIN_AFTER, BATCH, ask_for_rematch, is_due, rematch
from tests import making

pytestmark = pytest.mark.django_db


@pytest.fixture
def task() -> CallbackTask:
    return making.make_task(input='{"amount": 7, "requestedBy": "ana"}')


def test_a_new_policy_takes_what_it_covers(task: CallbackTask) -> None:
    policy = making.make_policy(headline="Refund {$.amount}", requester_path="$.requestedBy")
    assert rematch(now=timezone.now()) == 1
    task.refresh_from_db()
    assert task.policy == policy
    assert (task.headline, task.asked_by) == ("Refund 7", "ana")
    assert "refund 7" in task.search_text


def test_a_retired_policy_gives_its_tasks_back(task: CallbackTask) -> None:
    policy = making.make_policy(headline="Refund {$.amount}")
    rematch(now=timezone.now())
    Policy.objects.filter(pk=policy.pk).update(retired_at=timezone.now())
    rematch(now=timezone.now())
    task.refresh_from_db()
    assert task.policy.is_default
    assert task.headline == f"{task.state_machine_name}: {task.state}"


def test_what_no_longer_waits_keeps_its_policy(task: CallbackTask) -> None:
    CallbackTask.objects.update(status="answered")
    making.make_policy()
    assert rematch(now=timezone.now()) == 0


def test_it_is_due_after_each_change_and_once_more_a_little_later(task: CallbackTask) -> None:
    policy = making.make_policy()
    now = policy.created_at + timedelta(seconds=1)
    assert is_due(now=now)
    rematch(now=now)
    assert not is_due(now=now + timedelta(seconds=1))
    later = policy.created_at + AGAIN_AFTER
    assert is_due(now=later)
    rematch(now=later)
    assert not is_due(now=later + timedelta(hours=1))
    Policy.objects.filter(pk=policy.pk).update(moved_at=later + timedelta(hours=1))
    assert is_due(now=later + timedelta(hours=1))


def test_a_batch_costs_the_same_whatever_it_holds(
    django_assert_num_queries: Any, task: CallbackTask, monkeypatch: Any
) -> None:
    monkeypatch.setattr("callbacks.sync.rematching.BATCH", 5)
    assert BATCH > 5
    for _ in range(9):
        making.make_task()
    making.make_policy()
    # Of ten tasks in two batches: seven each, whatever a batch holds, and seven around them.
    with django_assert_num_queries(2 * 7 + 7):
        assert rematch(now=timezone.now()) == 10


def test_what_is_asked_for_is_done_once(task: CallbackTask) -> None:
    now = timezone.now() + timedelta(hours=1)
    rematch(now=now)
    assert not is_due(now=now)
    ask_for_rematch(now=now)
    assert is_due(now=now)
    rematch(now=now)
    assert not is_due(now=now)


def test_what_is_asked_for_during_a_run_leads_to_another(
    task: CallbackTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = timezone.now() + timedelta(hours=1)
    match = rematching._match

    def ask_meanwhile(*args: Any) -> int:
        # At the very moment of the wish that this run has seen.
        ask_for_rematch(now=now)
        return match(*args)

    ask_for_rematch(now=now)
    with monkeypatch.context() as patch:
        patch.setattr(rematching, "_match", ask_meanwhile)
        rematch(now=now)
    assert is_due(now=now)
    rematch(now=now)
    assert not is_due(now=now)


def test_a_run_that_is_killed_has_done_nothing_that_was_asked_for(
    task: CallbackTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = timezone.now() + timedelta(hours=1)
    rematch(now=now)
    ask_for_rematch(now=now)

    def die(*args: Any) -> int:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(rematching, "_match", die)
        with pytest.raises(KeyboardInterrupt):
            rematch(now=now)
    assert is_due(now=now)

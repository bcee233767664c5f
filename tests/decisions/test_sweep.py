"""What a lost message or a crash left behind is found, each time it is due, and nobody starves."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone

from callbacks.decisions import sweep as sweep_module
from callbacks.decisions.sweep import sweep
from callbacks.models import CallbackTask, Connection, Decision, DecisionStatus
from tests import making

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)
DELIVER, SETTLE = "deliver_decision", "settle_decision"


@pytest.fixture
def hints(monkeypatch: Any) -> list[tuple[str, UUID]]:
    made: list[tuple[str, UUID]] = []
    monkeypatch.setattr(sweep_module, "hint", lambda task, key: made.append((task, key)))
    return made


def found(hints: list[tuple[str, UUID]], now: datetime) -> list[str]:
    """The kinds of messages that a sweep sends now."""
    hints.clear()
    sweep(now=now)
    return [task for task, _ in hints]


@pytest.fixture
def now(db: None) -> datetime:
    making.default_policy()
    return timezone.now()


def sending(now: datetime, **fields: Any) -> Decision:
    return making.make_decision(now=now, status=DecisionStatus.SENDING, generation=1, **fields)


# --- what is found -----------------------------------------------------------------------------
def test_a_held_answer_is_found_when_its_window_is_over(hints: Any, now: datetime) -> None:
    making.make_decision(now=now, send_after=now + 10 * SECOND)
    assert found(hints, now) == []
    assert found(hints, now + 10 * SECOND) == [DELIVER]


def test_over_a_connection_that_is_off_nothing_is_found_until_it_is_on(
    hints: Any, now: datetime
) -> None:
    making.make_decision(now=now, send_after=now)
    sending(now, look_after=now)
    Connection.objects.update(is_enabled=False)
    assert found(hints, now + 60 * SECOND) == []
    Connection.objects.update(is_enabled=True)
    assert found(hints, now + 60 * SECOND) == [DELIVER, DELIVER]


def test_an_answer_kept_for_another_try_is_found_when_its_pause_is_over(
    hints: Any, now: datetime
) -> None:
    sending(now, lease_until=None, look_after=now + 5 * SECOND)
    assert found(hints, now) == []
    assert found(hints, now + 5 * SECOND) == [DELIVER]


def test_a_claim_is_found_when_its_lease_has_run_out(hints: Any, now: datetime) -> None:
    sending(now, lease_until=now + 30 * SECOND)
    assert found(hints, now + 30 * SECOND) == []
    assert found(hints, now + 31 * SECOND) == [SETTLE]


@pytest.mark.parametrize("status", [DecisionStatus.SENT, DecisionStatus.UNKNOWN])
def test_an_open_outcome_is_found_when_its_time_to_look_has_come(
    hints: Any, now: datetime, status: DecisionStatus
) -> None:
    making.make_decision(now=now, status=status, look_after=now + 3 * SECOND)
    assert found(hints, now) == []
    assert found(hints, now + 3 * SECOND) == [SETTLE]


@pytest.mark.parametrize("fields", [{}, {"status": DecisionStatus.SENDING, "generation": 1}])
def test_an_answer_overtaken_before_it_was_sent_is_settled_at_once(
    hints: Any, now: datetime, fields: dict[str, Any]
) -> None:
    making.make_decision(now=now, send_after=now + 3600 * SECOND, **fields)
    CallbackTask.objects.update(status="answered", closed_at=now)
    assert found(hints, now) == [SETTLE]


@pytest.mark.parametrize(
    "status", ["collecting", "confirmed", "withdrawn", "lost", "refused"], ids=str
)
def test_what_is_named_or_not_ready_is_left_alone(hints: Any, now: datetime, status: str) -> None:
    making.make_decision(now=now, status=status, look_after=now, lease_until=now - SECOND)
    assert found(hints, now + SECOND) == []


def test_an_answer_whose_task_left_the_mirror_is_found_when_the_task_is_back(
    hints: Any, now: datetime
) -> None:
    decision = making.make_decision(now=now)
    task = CallbackTask.objects.get(pk=decision.task_id)
    CallbackTask.objects.all()._raw_delete("default")
    assert found(hints, now) == []
    task.save(force_insert=True)
    assert found(hints, now) == [DELIVER]


# --- how often ---------------------------------------------------------------------------------
def test_no_second_message_while_the_first_may_be_under_way(hints: Any, now: datetime) -> None:
    making.make_decision(now=now)
    assert found(hints, now) == [DELIVER]
    assert found(hints, now + 9 * SECOND) == []


def test_a_message_that_nobody_took_is_sent_again(hints: Any, now: datetime) -> None:
    making.make_decision(now=now)
    assert found(hints, now) == [DELIVER]
    assert found(hints, now + 11 * SECOND) == [DELIVER]


def test_each_time_that_it_is_due_again_it_is_found_again_at_once(
    hints: Any, now: datetime
) -> None:
    decision = making.make_decision(now=now, status=DecisionStatus.SENT, look_after=now)
    assert found(hints, now) == [SETTLE]
    Decision.objects.filter(pk=decision.pk).update(look_after=now + SECOND)
    assert found(hints, now + SECOND) == [SETTLE]


def test_many_that_do_not_move_keep_none_waiting_for_ever(
    hints: Any, now: datetime, monkeypatch: Any
) -> None:
    """Old ones that stay due come first by time; the least recently told come first in fact."""
    monkeypatch.setattr(sweep_module, "MOST_UNDER_WAY", 2)
    stuck = [making.make_decision(now=now - 60 * SECOND) for _ in range(4)]
    fresh = making.make_decision(now=now)
    told: set[UUID] = set()
    for number in range(3):
        # So slow that each old one is due for another message by the next sweep.
        found(hints, now + number * 11 * SECOND)
        told |= {key for _, key in hints}
    assert told == {fresh.pk, *(one.pk for one in stuck)}


def test_no_more_messages_are_under_way_than_workers_take(
    hints: Any, now: datetime, monkeypatch: Any
) -> None:
    monkeypatch.setattr(sweep_module, "MOST_UNDER_WAY", 2)
    for _ in range(5):
        making.make_decision(now=now)
    assert found(hints, now) == [DELIVER, DELIVER]
    first = hints[0][1]
    assert found(hints, now + SECOND) == []
    # A worker has taken one: there is room for one more.
    Decision.objects.filter(pk=first).update(
        status=DecisionStatus.SENT, status_at=now + SECOND, look_after=now + 60 * SECOND
    )
    assert found(hints, now + 2 * SECOND) == [DELIVER]
    assert found(hints, now + 11 * SECOND) == [DELIVER]


@pytest.mark.parametrize(("deliver", "settle"), [(4, 4), (4, 1), (1, 4), (0, 4), (4, 0)])
def test_neither_what_is_to_send_nor_what_is_to_look_up_keeps_the_other_out(
    hints: Any, now: datetime, monkeypatch: Any, deliver: int, settle: int
) -> None:
    monkeypatch.setattr(sweep_module, "MOST_UNDER_WAY", 4)
    for _ in range(deliver):
        making.make_decision(now=now)
    for _ in range(settle):
        making.make_decision(now=now, status=DecisionStatus.SENT, look_after=now)
    kinds = found(hints, now)
    assert len(kinds) == min(4, deliver + settle)
    assert kinds.count(DELIVER) >= min(deliver, 2)
    assert kinds.count(SETTLE) >= min(settle, 2)

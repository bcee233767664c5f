"""Which executions a pass reads, and in which order."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from callbacks.models import StateMachine
from callbacks.sync.candidates import Candidate
from callbacks.sync.queue import Queue
from tests import making

pytestmark = pytest.mark.django_db

NOW = timezone.now()


def ago(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


@pytest.fixture
def machine() -> StateMachine:
    return making.make_machine()


def add(machine: StateMachine, name: str, **fields: Any) -> None:
    """One that was read and waits, unless the fields say otherwise."""
    making.make_execution(machine, name, **{"read_at": ago(5), "started_at": ago(600), **fields})


def urgent(machine: StateMachine) -> list[str]:
    return names(Queue(connection=machine.connection, now=NOW).urgent(most=10))


def others(machine: StateMachine) -> list[str]:
    return names(Queue(connection=machine.connection, now=NOW).others(most=10))


def names(found: list[Candidate]) -> list[str]:
    return [one.target.name for one in found]


def test_of_the_new_ones_the_longest_waiting_comes_first(machine: StateMachine) -> None:
    for name, age in (("young", 1), ("old", 9)):
        add(machine, name, read_at=None, last_event_id=0, read_next_at=NOW, started_at=ago(age))

    assert urgent(machine) == ["old", "young"]


def test_one_that_is_due_is_urgent_and_one_that_is_not_is_no_more_than_looked_at_again(
    machine: StateMachine,
) -> None:
    add(machine, "due", read_next_at=NOW)
    add(machine, "later", read_next_at=NOW + timedelta(seconds=1))
    add(machine, "waits")

    assert urgent(machine) == ["due"]
    assert set(others(machine)) == {"due", "later", "waits"}


def test_many_that_are_missing_do_not_keep_out_one_that_begins(machine: StateMachine) -> None:
    for number in range(5):
        add(machine, f"left-{number}", left_at=ago(9))
    add(machine, "begins", read_at=None, read_next_at=NOW)

    assert urgent(machine)[1] == "begins"


def test_the_rest_is_read_longest_unread_first(machine: StateMachine) -> None:
    for age in (3, 9, 6):
        add(machine, str(age), read_at=ago(age))

    assert others(machine) == ["9", "6", "3"]


def test_a_crowd_that_ended_and_a_crowd_that_waits_take_turns(machine: StateMachine) -> None:
    for number in range(3):
        add(machine, f"ended-{number}", status="SUCCEEDED", read_next_at=ago(9 - number))
        add(machine, f"waits-{number}", read_at=ago(9 - number))

    assert others(machine)[:4] == ["ended-0", "waits-0", "ended-1", "waits-1"]


def test_one_with_a_problem_is_left_alone_until_its_time(machine: StateMachine) -> None:
    later = NOW + timedelta(seconds=1)
    add(machine, "early", problem="bad", read_next_at=later)
    add(machine, "missing", problem="bad", read_next_at=later, left_at=ago(9))
    add(machine, "over", problem="bad", read_next_at=later, status="FAILED")
    add(machine, "due", problem="bad", read_next_at=NOW)

    assert (urgent(machine), others(machine)) == (["due"], [])


def test_what_was_read_in_this_very_pass_is_not_read_again(machine: StateMachine) -> None:
    add(machine, "just now", read_at=NOW)

    assert others(machine) == []


def test_only_what_was_read_with_its_own_definition_is_settled(machine: StateMachine) -> None:
    add(machine, "sure")
    add(machine, "unsure", definition=None)
    add(machine, "never", last_event_id=0)

    found = Queue(connection=machine.connection, now=NOW).others(most=10)

    settled = {one.target.name: one.target.is_settled for one in found}
    assert settled == {"sure": True, "unsure": False, "never": False}


def test_those_that_are_missing_or_over_are_said_to_have_left(machine: StateMachine) -> None:
    add(machine, "missing", left_at=ago(9))
    add(machine, "over", status="FAILED", read_next_at=NOW)
    add(machine, "runs")
    queue = Queue(connection=machine.connection, now=NOW)

    found = [*queue.urgent(most=10), *queue.others(most=10)]

    assert {one.target.name: one.target.has_left for one in found} == {
        "missing": True,
        "over": True,
        "runs": False,
    }


def test_how_many_are_unread_is_counted_no_further_than_is_asked(machine: StateMachine) -> None:
    for number in range(4):
        add(machine, str(number), read_at=None, read_next_at=NOW)
    queue = Queue(connection=machine.connection, now=NOW)

    assert [queue.has_more_unread_than(most) for most in (3, 4)] == [True, False]

"""Beat's side: a message per connection, a pulse, and no second pass."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from kombu.exceptions import OperationalError

from callbacks import tasks
from callbacks.models import CallbackTask, Connection, Lease, Pulse
from callbacks.sync import starting
from callbacks.sync.lease import held_lease
from callbacks.sync.turns import LOST_AFTER, TAKEN
from tests import making
from tests.sync.world import World

NOW = timezone.now()


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    messages: list[Any] = []
    monkeypatch.setattr(
        starting.current_app, "send_task", lambda name, **options: messages.append((name, options))
    )
    return messages


def test_each_enabled_connection_gets_a_message(db: None, sent: list[Any]) -> None:
    wanted = making.make_connection()
    making.make_connection(is_enabled=False)

    starting.start_passes(now=NOW)

    assert [(name, options["kwargs"]) for name, options in sent] == [
        ("callbacks.tasks.sync_connection", {"connection_id": str(wanted.pk)})
    ]
    assert Pulse.objects.get().name == "beat"


def test_a_message_lives_through_clocks_that_differ_and_not_for_ever(
    db: None, sent: list[Any]
) -> None:
    making.make_connection()

    starting.start_passes(now=NOW)

    ((_, options),) = sent
    assert options["expires"] == 300 > LOST_AFTER.total_seconds()


def test_a_connection_that_was_switched_off_since_is_not_passed_over(world: World) -> None:
    Connection.objects.update(is_enabled=False)

    tasks.sync_connection(connection_id=str(world.connection.pk))

    assert world.simulator.calls() == []


def test_without_a_broker_beat_goes_on(
    db: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    making.make_connection()

    def refuse(*args: Any, **options: Any) -> None:
        raise OperationalError

    monkeypatch.setattr(starting.current_app, "send_task", refuse)

    starting.start_passes(now=NOW)

    assert "No broker took the pass" in caplog.text
    assert Lease.objects.get(name__startswith="turn:").holder == TAKEN


def test_the_door_runs_a_pass_and_keeps_the_pulse(world: World) -> None:
    world.start()

    tasks.sync_connection(connection_id=str(world.connection.pk), something_new=1)

    assert CallbackTask.objects.waiting().count() == 1
    assert Pulse.objects.get().name == "sync"


def test_a_pass_that_is_running_is_enough(world: World) -> None:
    name = f"sync:{world.connection.pk}"
    Lease.objects.create(name=name, holder="x", until=timezone.now() + timedelta(hours=1))

    tasks.sync_connection(connection_id=str(world.connection.pk))

    assert not Pulse.objects.exists()


def test_a_message_about_a_connection_that_is_gone_says_so(db: None) -> None:
    with pytest.raises(Connection.DoesNotExist):
        tasks.sync_connection(connection_id=str(uuid.uuid4()))


def test_a_lease_is_held_by_one(db: None) -> None:
    with held_lease(name="job", seconds=60, now=NOW) as first:
        with held_lease(name="job", seconds=60, now=NOW) as second:
            assert (bool(first), bool(second)) == (True, False)
        with held_lease(name="other", seconds=60, now=NOW) as third:
            assert third


def test_a_lease_is_given_back_whatever_happens(db: None) -> None:
    with pytest.raises(ZeroDivisionError), held_lease(name="job", seconds=60, now=NOW):
        1 / 0  # noqa: B018 - raises

    with held_lease(name="job", seconds=60, now=NOW) as again:
        assert again


def test_a_lease_that_ran_out_is_taken_and_its_first_holder_learns_it(db: None) -> None:
    later = NOW + timedelta(seconds=61)
    with held_lease(name="job", seconds=60, now=NOW) as first:
        assert first
        with held_lease(name="job", seconds=60, now=later) as second:
            assert second
            assert not first.extend(now=later)
            assert second.extend(now=later)


def test_a_holder_that_was_late_does_not_give_back_anothers_lease(db: None) -> None:
    later = NOW + timedelta(seconds=61)
    with held_lease(name="job", seconds=60, now=NOW):
        Lease.objects.update(holder="another", until=later)

    assert Lease.objects.get().holder == "another"

"""An execution whose reading ends its worker is tried three times, and stops no other."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from callbacks.models import Lease
from callbacks.stepfunctions import IncompleteAnswer
from callbacks.sync import read_execution, reading
from callbacks.sync.suspects import (
    LONGEST_READING,
    LONGEST_REST,
    BeingRead,
    LeftAlone,
    counted,
    suspected,
)
from tests.sync.killing import Killed
from tests.sync.world import World, machine, task

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
ONE = uuid.uuid4()
MINUTE = LONGEST_READING + timedelta(seconds=1)


@pytest.fixture
def deadly(world: World, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """An execution at the head of the queue whose history ends whoever folds it; `deaths`."""
    told: dict[str, Any] = {"arn": world.start(machine(Deadly=task()), name="deadly"), "deaths": 0}
    fold = reading.read_history

    def dying(*, events: Any, definition: Any) -> Any:
        if "Deadly" in definition.states:
            told["deaths"] += 1
            raise Killed
        return fold(events=events, definition=definition)

    monkeypatch.setattr(reading, "read_history", dying)
    return told


def pass_over(world: World) -> bool:
    """Whether the pass came to its end."""
    world.simulator.advance(MINUTE.total_seconds())
    try:
        world.sync()
    except Killed:
        return False
    return True


@pytest.fixture
def killed_in_earnest(monkeypatch: pytest.MonkeyPatch) -> None:
    """A dead worker neither ends its pass nor says how it went."""
    monkeypatch.setattr("callbacks.sync.passes._Pass.run", _run_as_a_process)


def _run_as_a_process(self: Any) -> Any:
    self._work()
    return self._finish()


@pytest.mark.usefixtures("killed_in_earnest")
def test_what_kills_its_worker_is_left_alone_after_three_and_the_others_are_read(
    world: World, deadly: dict[str, Any], settings: Any
) -> None:
    """F26."""
    settings.SYNC_LEASE_SECONDS = 1
    good = world.start(name="good")

    passes = [pass_over(world) for _ in range(8)]

    assert deadly["deaths"] == 3
    assert passes == [False] * 3 + [True] * 5
    assert world.task(good).is_waiting
    row = world.execution(deadly["arn"])
    assert row.problem == "Workers have died of reading its history."


@pytest.mark.usefixtures("killed_in_earnest")
def test_each_further_try_comes_twice_as_late(
    world: World, deadly: dict[str, Any], settings: Any
) -> None:
    settings.QUARANTINE_SECONDS = 600.0
    deaths = []
    for number in range(60):
        before = deadly["deaths"]
        pass_over(world)
        deaths += [number] * (deadly["deaths"] - before)

    # A pass a minute: after 10, 20 and not yet after 40 more.
    assert len(deaths) == 5
    assert 10 <= deaths[3] - deaths[2] <= 13
    assert 20 <= deaths[4] - deaths[3] <= 23


@pytest.mark.usefixtures("killed_in_earnest")
def test_when_it_can_be_read_again_all_is_forgotten(
    world: World, deadly: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(4):
        pass_over(world)
    monkeypatch.undo()
    world.simulator.advance(600)

    world.sync()

    assert world.task(deadly["arn"]).is_waiting
    assert world.execution(deadly["arn"]).problem == ""
    assert suspected() == frozenset()


def test_what_somebody_opens_ends_no_fourth_worker(
    world: World, deadly: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "read_history", lambda **_: _fail())
        world.sync()
    row = world.execution(deadly["arn"])
    for _ in range(3):
        world.simulator.advance(MINUTE.total_seconds())
        with pytest.raises(Killed):
            read_execution(execution=row, now=world.now)
    world.simulator.advance(MINUTE.total_seconds())

    with pytest.raises(IncompleteAnswer):
        read_execution(execution=row, now=world.now)

    assert deadly["deaths"] == 3
    assert world.execution(row.arn).problem == "Workers have died of reading its history."


def _fail() -> None:
    raise LookupError


# --- the count ---------------------------------------------------------------------------------
def die(now: datetime, **options: Any) -> None:
    with pytest.raises(Killed), counted(execution=ONE, now=now, **options):
        raise Killed


@pytest.mark.django_db
def test_three_at_once_are_enough_and_no_death() -> None:
    with (
        counted(execution=ONE, now=NOON),
        counted(execution=ONE, now=NOON),
        counted(execution=ONE, now=NOON),
    ):
        with pytest.raises(BeingRead), counted(execution=ONE, now=NOON):
            pass
        with counted(execution=uuid.uuid4(), now=NOON):
            pass

    assert suspected() == frozenset()


@pytest.mark.django_db
def test_an_error_is_no_death() -> None:
    for _ in range(5):
        with pytest.raises(ValueError), counted(execution=ONE, now=NOON):
            raise ValueError

    assert not Lease.objects.exists()


@pytest.mark.django_db
def test_it_rests_no_longer_than_a_day(settings: Any) -> None:
    settings.QUARANTINE_SECONDS = 300.0
    now = NOON
    for _ in range(20):
        die(now)
        now += LONGEST_REST + MINUTE

    with pytest.raises(LeftAlone) as left, counted(execution=ONE, now=now - LONGEST_REST):
        pass

    assert left.value.until <= now

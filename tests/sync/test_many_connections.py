"""Many connections over few workers: two beats cost no calls, a slow account slows no other."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from queue import Empty, Queue
from typing import Any
from uuid import UUID

import pytest
from django.db import connection as database

from callbacks import tasks
from callbacks.models import CallCount, Connection, ConnectionHealth
from callbacks.models.clock import database_now
from callbacks.sync import asking, starting
from tests import making
from tests.faults.processes import wait_until
from tests.simulator.control import Control, running_simulator
from tests.sync.world import FOUNDING_CASE, World

WORKERS = 2
LISTS = "ListStateMachines"


@dataclass
class Crew:
    """Workers that take the messages which beats send, in threads or when told to."""

    messages: Queue[UUID] = field(default_factory=Queue)
    most_waiting: int = 0
    done: threading.Event = field(default_factory=threading.Event)
    threads: list[threading.Thread] = field(default_factory=list)

    def send(self, _name: str, *, kwargs: dict[str, str], **_options: Any) -> None:
        self.messages.put(UUID(kwargs["connection_id"]))
        self.most_waiting = max(self.most_waiting, self.messages.qsize())

    def work_off(self, *, now: Any) -> None:
        while not self.messages.empty():
            one = Connection.objects.get(pk=self.messages.get())
            starting.sync_in_turn(connection=one, now=now)

    def begin(self, workers: int) -> None:
        self.threads = [threading.Thread(target=self._work) for _ in range(workers)]
        for thread in self.threads:
            thread.start()

    def end(self) -> None:
        self.done.set()
        for thread in self.threads:
            thread.join(60)

    def _work(self) -> None:
        while not self.done.is_set():
            try:
                one = self.messages.get(timeout=0.05)
            except Empty:
                continue
            tasks.sync_connection(connection_id=str(one))
        database.close()


@pytest.fixture
def crew(monkeypatch: pytest.MonkeyPatch) -> Iterator[Crew]:
    crew = Crew()
    monkeypatch.setattr(starting.current_app, "send_task", crew.send)
    yield crew
    crew.end()


@pytest.fixture
def other_account() -> Iterator[Control]:
    with running_simulator() as control:
        yield control
        control.clear_faults()


# --- two beats (F23) ---------------------------------------------------------------------------
BEATS = 30


def calls_of(world: World, crew: Crew, *, offsets: tuple[float, ...]) -> int:
    """How many calls AWS gets while beats call every five seconds, each at its own moment."""
    CallCount.objects.all().delete()
    began = world.now
    for number in range(BEATS):
        for offset in offsets:
            moment = began + timedelta(seconds=5 * number + offset)
            world.simulator.advance(max(0.0, (moment - world.now).total_seconds()))
            starting.start_passes(now=moment)
            crew.work_off(now=moment)
    return sum(CallCount.objects.values_list("calls", flat=True))


def test_two_beats_make_no_more_calls_than_one(world: World, crew: Crew, settings: Any) -> None:
    """F23."""
    settings.SYNC_INTERVAL_SECONDS = 5.0
    world.start()
    world.sync(full=True)

    one = calls_of(world, crew, offsets=(0.0,))
    two = calls_of(world, crew, offsets=(0.0, 2.7))

    assert one >= BEATS
    assert two <= one * 1.05


# --- one that is slow or denied ----------------------------------------------------------------
def passed(connections: list[Connection], crew: Crew, *, times: int) -> Callable[[], bool]:
    """Beats call until each connection has been passed over so often since now."""
    seen: Counter[UUID] = Counter()
    last: dict[UUID, Any] = {}

    def all_passed() -> bool:
        starting.start_passes(now=database_now())
        for row in ConnectionHealth.objects.exclude(pass_finished_at=None):
            if last.get(row.pk) != row.pass_finished_at:
                last[row.pk] = row.pass_finished_at
                seen[row.pk] += 1
        return all(seen[one.pk] > times for one in connections)

    return all_passed


def three_good(simulator: Control) -> list[Connection]:
    regions = ("eu-west-1", "eu-west-2", "eu-west-3")
    return [making.make_connection(endpoint_url=simulator.url, region=one) for one in regions]


@pytest.mark.django_db(transaction=True)
def test_while_one_account_gives_no_answer_the_others_are_passed_over(
    simulator: Control, other_account: Control, crew: Crew, settings: Any
) -> None:
    settings.SYNC_INTERVAL_SECONDS = 0.2
    slow = making.make_connection(endpoint_url=other_account.url, region="eu-west-1")
    good = three_good(simulator)
    other_account.fault(LISTS, kind="hold", times=100)
    crew.begin(WORKERS)

    wait_until(lambda: starting.start_passes(now=database_now()) or other_account.held())
    wait_until(passed(good, crew, times=3))

    assert ConnectionHealth.objects.get(pk=slow.pk).pass_finished_at is None
    # The one that waits, and one more to see whether it still does.
    assert len(other_account.held()) == 1
    assert crew.most_waiting <= len(good) + 1
    for held in other_account.held():
        other_account.release(held["fault"])
    crew.end()


@pytest.mark.django_db(transaction=True)
def test_while_one_account_denies_all_the_others_are_passed_over(
    simulator: Control, other_account: Control, crew: Crew, settings: Any
) -> None:
    settings.SYNC_INTERVAL_SECONDS = 0.2
    denied = making.make_connection(endpoint_url=other_account.url, region="eu-west-1")
    good = three_good(simulator)
    other_account.fault(LISTS, kind="deny", times=1000)
    crew.begin(WORKERS)

    wait_until(passed([*good, denied], crew, times=3))
    crew.end()

    assert ConnectionHealth.objects.get(pk=denied.pk).error_code == "denied"
    assert ConnectionHealth.objects.get(pk=good[0].pk).error_code == ""


# --- a pass has its time -----------------------------------------------------------------------
@pytest.fixture
def ten_seconds_each(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Each request on the wire takes ten seconds, on a clock of its own."""
    clock = [0.0]
    admit = asking.Asking.admit

    def admit_slowly(self: asking.Asking, operation: str) -> None:
        clock[0] += 10
        admit(self, operation)

    monkeypatch.setattr(asking.Asking, "admit", admit_slowly)
    monkeypatch.setattr(asking, "monotonic", lambda: clock[0])
    return clock


def test_a_pass_that_has_used_its_time_ends_and_the_next_goes_on(
    world: World, ten_seconds_each: list[float], settings: Any
) -> None:
    settings.SYNC_PASS_SECONDS = 200.0
    machine = world.simulator.create("orders", FOUNDING_CASE)
    world.simulator.start_many(machine, 30)

    first = world.sync()
    took = ten_seconds_each[0]
    for _ in range(5):
        world.sync()

    assert took <= 210
    assert 0 < first.histories_read < 30
    assert first.error == ""
    assert len(world.simulator.calls("GetExecutionHistory")) >= 30


def test_what_looks_around_leaves_half_of_the_time_for_reading(
    world: World, ten_seconds_each: list[float], settings: Any
) -> None:
    settings.SYNC_PASS_SECONDS = 100.0
    for number in range(20):
        world.start(name=f"machine-{number}")

    world.sync()

    looked = [one for one in world.simulator.calls() if one["operation"] in asking.LOOKING]
    assert 0 < len(looked) <= 6


def test_a_full_pass_takes_its_time(
    world: World, ten_seconds_each: list[float], settings: Any
) -> None:
    settings.SYNC_PASS_SECONDS = 20.0
    world.start()

    assert world.sync(full=True).histories_read == 1


# --- a slow one rests --------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("seconds", "calls", "next_turn"),
    [(40, 2, 80), (300, 15, 120), (40, 400, 5), (3, 1, 5)],
    ids=["slow", "very slow", "busy", "short"],
)
def test_an_account_that_answers_slowly_has_a_worker_half_of_the_time(
    world: World,
    crew: Crew,
    monkeypatch: pytest.MonkeyPatch,
    settings: Any,
    seconds: float,
    calls: int,
    next_turn: float,
) -> None:
    settings.SYNC_INTERVAL_SECONDS = 5.0
    figures = starting.PassFigures(seconds=seconds, api_calls={LISTS: calls})
    monkeypatch.setattr(starting, "run_pass", lambda **_: figures)
    now = world.now
    starting.start_passes(now=now)
    crew.work_off(now=now)

    starting.start_passes(now=now + timedelta(seconds=next_turn - 4))
    assert crew.messages.empty()
    starting.start_passes(now=now + timedelta(seconds=next_turn))
    assert not crew.messages.empty()

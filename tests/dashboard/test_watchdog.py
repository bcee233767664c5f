"""A worker that has fallen silent is told from one that is idle, busy, or cut off."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from celery import Celery
from celery.worker import state
from kombu import Queue

from dashboard.watchdog import LOOKS, Watchdog


class Request:
    """A message in hand."""


@pytest.fixture
def app(request: pytest.FixtureRequest) -> Iterator[Celery]:
    # The queues of this transport belong to the process.
    names = [f"{request.node.name}-{number}" for number in range(2)]
    app = Celery(broker="memory://", set_as_current=False)
    app.conf.task_queues = [Queue(name) for name in names]
    with app.connection_for_write() as connection:
        for queue in app.conf.task_queues:
            queue(connection.default_channel).declare()
    yield app
    state.reserved_requests.clear()


def send(app: Celery) -> None:
    app.send_task("any", queue=app.conf.task_queues[1].name)


def looks(dog: Watchdog, count: int = LOOKS) -> list[bool]:
    return [dog.is_silent() for _ in range(count)]


@pytest.fixture
def dog(app: Celery) -> Watchdog:
    return Watchdog(app=app, room=2, seconds=45)


def test_nothing_is_wrong_where_nothing_waits(dog: Watchdog) -> None:
    assert looks(dog) == [False] * LOOKS


def test_it_is_silent_where_messages_wait_all_the_time_and_none_is_taken(
    app: Celery, dog: Watchdog
) -> None:
    send(app)
    assert looks(dog) == [False] * (LOOKS - 1) + [True]


def test_one_that_takes_messages_is_not(app: Celery, dog: Watchdog) -> None:
    send(app)
    for _ in range(LOOKS):
        assert looks(dog, LOOKS - 1) == [False] * (LOOKS - 1)
        dog.note_message()
        assert looks(dog, 1) == [False]


def test_one_that_has_its_hands_full_is_not(app: Celery, dog: Watchdog) -> None:
    send(app)
    requests = [Request(), Request()]
    state.reserved_requests.update(requests)
    assert looks(dog) == [False] * LOOKS
    state.reserved_requests.discard(requests[0])
    assert looks(dog)[-1]


def test_one_whose_broker_is_away_is_not(
    app: Celery, dog: Watchdog, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise ConnectionRefusedError

    send(app)
    monkeypatch.setattr("kombu.Connection.ensure_connection", refuse)
    assert looks(dog) == [False] * LOOKS

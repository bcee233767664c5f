"""A simulator, a connection to it, and short words for what these tests do again and again."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from callbacks.models import Connection
from tests import making
from tests.simulator.control import Control, running_simulator
from tests.sync.world import World


@pytest.fixture(scope="session")
def one_simulator() -> Iterator[Control]:
    with running_simulator() as control:
        yield control


@pytest.fixture
def simulator(one_simulator: Control) -> Control:
    one_simulator.reset()
    return one_simulator


@pytest.fixture
def instant(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pass takes no time, so that no call comes back to its budget meanwhile."""
    monkeypatch.setattr("callbacks.sync.asking.monotonic", lambda: 0.0)


@pytest.fixture
def connection(db: None, simulator: Control) -> Connection:
    return making.make_connection(endpoint_url=simulator.url, region="eu-west-1")


@pytest.fixture
def world(connection: Connection, simulator: Control) -> World:
    return World(connection=connection, simulator=simulator)

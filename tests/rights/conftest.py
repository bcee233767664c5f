"""A simulated Step Functions with one run that waits."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests import making
from tests.simulator.control import Control, running_simulator
from tests.sync.world import World


@pytest.fixture(scope="session")
def one_simulator() -> Iterator[Control]:
    with running_simulator() as control:
        yield control


@pytest.fixture
def world(db: None, one_simulator: Control) -> World:
    one_simulator.reset()
    connection = making.make_connection("prod", endpoint_url=one_simulator.url, region="eu-west-1")
    return World(connection=connection, simulator=one_simulator)

"""A Redis that hangs or is gone does not hold up whoever answers: the sweep finds the row."""

import socket
import time
from collections.abc import Iterator

import pytest
from kombu import Connection
from kombu.exceptions import OperationalError

from dashboard.settings import REDIS_TRANSPORT_OPTIONS

LONGEST_SECONDS = 10


@pytest.fixture
def silent_port() -> Iterator[int]:
    """Takes connections and never says a word."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(64)
        yield server.getsockname()[1]


@pytest.fixture
def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.parametrize("which", ["silent_port", "closed_port"])
def test_a_message_fails_in_time(request: pytest.FixtureRequest, which: str) -> None:
    url = f"redis://127.0.0.1:{request.getfixturevalue(which)}/0"
    began = time.monotonic()
    with (
        Connection(url, transport_options=REDIS_TRANSPORT_OPTIONS) as connection,
        pytest.raises(OperationalError),
    ):
        connection.Producer().publish({}, routing_key="send")
    assert time.monotonic() - began < LONGEST_SECONDS

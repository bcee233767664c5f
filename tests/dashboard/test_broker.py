"""The broker in a folder under several processes."""

import threading
import time
from pathlib import Path

import pytest
from kombu import Connection
from kombu.transport import filesystem

from dashboard.broker import Channel

MESSAGES = 50
# A busy machine writes many small files slowly.
PATIENCE = 120


@pytest.fixture
def folder_broker(tmp_path: Path):
    """A broker in a folder of its own; kombu remembers bindings for the whole process."""
    filesystem.Transport.global_state.clear()
    for name in ("messages", "processed", "control"):
        (tmp_path / name).mkdir()

    def connect() -> Connection:
        return Connection(
            "filesystem://",
            transport_options={
                "data_folder_in": str(tmp_path / "messages"),
                "data_folder_out": str(tmp_path / "messages"),
                "processed_folder": str(tmp_path / "processed"),
                "polling_interval": 0.02,
                "control_folder": str(tmp_path / "control"),
            },
        )

    return connect


def put(connect, count: int) -> None:
    with connect() as connection, connection.SimpleQueue("jobs") as queue:
        for number in range(count):
            queue.put({"number": number})


def take(connect, taken: list[int], total: int) -> None:
    with connect() as connection, connection.SimpleQueue("jobs") as queue:
        deadline = time.monotonic() + PATIENCE
        while len(taken) < total and time.monotonic() < deadline:
            try:
                message = queue.get(timeout=0.2)
            except queue.Empty:
                continue
            taken.append(message.payload["number"])
            message.ack()


def test_readers_and_writers_at_once_lose_nothing_and_read_nothing_twice(folder_broker):
    taken: list[int] = []
    writers = [threading.Thread(target=put, args=(folder_broker, MESSAGES)) for _ in range(2)]
    readers = [
        threading.Thread(target=take, args=(folder_broker, taken, 2 * MESSAGES), daemon=True)
        for _ in range(3)
    ]
    for thread in [*writers, *readers]:
        thread.start()
    for thread in [*writers, *readers]:
        thread.join(timeout=2 * PATIENCE)
    assert sorted(taken) == sorted([*range(MESSAGES)] * 2)


def test_messages_come_in_the_order_in_which_they_were_put(folder_broker):
    taken: list[int] = []
    put(folder_broker, 20)
    take(folder_broker, taken, 20)
    assert taken == list(range(20))


def test_nothing_is_left_behind_when_all_is_read(folder_broker, tmp_path):
    put(folder_broker, 3)
    taken: list[int] = []
    take(folder_broker, taken, 3)
    assert len(taken) == 3
    assert not [path for path in tmp_path.rglob("*.msg*") if path.is_file()]


def test_what_one_thread_sends_while_another_binds_the_queue_arrives(folder_broker, monkeypatch):
    """kombu remembers a binding for the whole process before it is written."""
    bind, binding, may_bind = Channel._queue_bind, threading.Event(), threading.Event()

    def bind_slowly(self, *args) -> None:
        binding.set()
        assert may_bind.wait(PATIENCE)
        bind(self, *args)

    monkeypatch.setattr(Channel, "_queue_bind", bind_slowly)
    first, second = (threading.Thread(target=put, args=(folder_broker, 1)) for _ in range(2))
    first.start()
    assert binding.wait(PATIENCE)
    second.start()
    # Time enough to send into nothing; one that waits for the binding is not done by then.
    second.join(timeout=0.5)
    may_bind.set()
    first.join(PATIENCE)
    second.join(PATIENCE)

    taken: list[int] = []
    with folder_broker() as connection, connection.SimpleQueue("jobs") as queue:
        for _ in range(2):
            message = queue.get(timeout=2)
            taken.append(message.payload["number"])
            message.ack()
    assert taken == [0, 0]

"""A loopback gate before a server: open, shut, or resetting all that go through it."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

RST = struct.pack("ii", 1, 0)


class Gate:
    """Leads to one address. Shut, nothing answers at its own: as when a server is away."""

    def __init__(self, home: tuple[str, int]) -> None:
        self._home = home
        self._pairs: set[tuple[socket.socket, socket.socket]] = set()
        self._lock = threading.Lock()
        self._door: socket.socket | None = None
        self.port = 0
        self.open()

    def open(self) -> None:
        self._door = socket.create_server(("127.0.0.1", self.port))
        self.port = self._door.getsockname()[1]
        threading.Thread(target=self._accept, args=(self._door,), daemon=True).start()

    def shut(self) -> None:
        """Refuse what comes and cut what is there."""
        if self._door is not None:
            # Closing alone would not wake the thread that accepts.
            self._door.shutdown(socket.SHUT_RDWR)
            self._door.close()
            self._door = None
        self.reset()

    def reset(self) -> None:
        """Cut all connections with RST; new ones are let through."""
        with self._lock:
            pairs, self._pairs = self._pairs, set()
        for client, server in pairs:
            with suppress(OSError):
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RST)
            for end in (client, server):
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
                end.close()

    def _accept(self, door: socket.socket) -> None:
        while True:
            try:
                client, _ = door.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(self._home)
            except OSError:
                client.close()
                continue
            self._lead(client, server)

    def _lead(self, client: socket.socket, server: socket.socket) -> None:
        pair = (client, server)
        with self._lock:
            self._pairs.add(pair)
        for source, sink in (pair, pair[::-1]):
            threading.Thread(target=self._pump, args=(source, sink, pair), daemon=True).start()

    def _pump(
        self, source: socket.socket, sink: socket.socket, pair: tuple[socket.socket, socket.socket]
    ) -> None:
        with suppress(OSError):
            while data := source.recv(65_536):
                sink.sendall(data)
        for end in pair:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        with self._lock:
            self._pairs.discard(pair)


@contextmanager
def gate_before(host: str, port: int) -> Iterator[Gate]:
    gate = Gate((host, port))
    try:
        yield gate
    finally:
        gate.shut()

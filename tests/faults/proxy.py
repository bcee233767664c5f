"""A loopback proxy before PostgreSQL that lets a COMMIT through and never its reply."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any


@contextmanager
def swallowing_commit(used: dict[str, Any]) -> Iterator[threading.Event]:
    """Lead new connections of these settings through the proxy; the event says that it struck."""
    home = used["HOST"], used["PORT"]
    swallowed = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as door:
        thread = threading.Thread(target=_serve, args=(door, home, swallowed), daemon=True)
        thread.start()
        used["HOST"], used["PORT"] = "127.0.0.1", door.getsockname()[1]
        try:
            yield swallowed
        finally:
            used["HOST"], used["PORT"] = home


def _serve(door: socket.socket, home: tuple[str, Any], swallowed: threading.Event) -> None:
    client, _ = door.accept()
    # Django may connect anew at once: refused, it goes on; unanswered, it would wait for ever.
    door.close()
    server = socket.create_connection((home[0] or "localhost", int(home[1] or 5432)))
    back = threading.Thread(target=_pump, args=(server, client, swallowed), daemon=True)
    back.start()
    while data := _read(client):
        if b"COMMIT" in data:
            swallowed.set()
        server.sendall(data)
    server.close()


def _pump(server: socket.socket, client: socket.socket, swallowed: threading.Event) -> None:
    while data := _read(server):
        if swallowed.is_set():
            break
        client.sendall(data)
    with suppress(OSError):
        client.shutdown(socket.SHUT_RDWR)


def _read(source: socket.socket) -> bytes:
    try:
        return source.recv(65_536)
    except OSError:
        return b""

"""Start moto's server, the independent second opinion beside our own simulator."""

from __future__ import annotations

import http.client
import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# moto runs state machines (instead of answering from a script) only where it is told so over
# HTTP before the first machine is made; there is no environment variable for it.
CONFIG = {"stepfunctions": {"execute_state_machine": True}, "lambda": {"use_docker": False}}


@contextmanager
def running_moto(*, port: int | None = None, start_seconds: float = 20) -> Iterator[str]:
    """Run a moto server of our own on this machine; give its URL."""
    port = port or _free_port()
    command = [str(Path(sys.executable).with_name("moto_server")), "-H", "127.0.0.1"]
    process = subprocess.Popen(
        [*command, "-p", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _configure(port, process, deadline=time.monotonic() + start_seconds)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _configure(port: int, process: subprocess.Popen[bytes], deadline: float) -> None:
    while True:
        try:
            return _post_config(port)
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def _post_config(port: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("POST", "/moto-api/config", json.dumps(CONFIG))
        connection.getresponse().read()
    finally:
        connection.close()

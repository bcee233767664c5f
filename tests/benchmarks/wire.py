"""A real gunicorn on loopback with the database of this process, and one connection to it."""

from __future__ import annotations

import http.client
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.db import connection

from tests.benchmarks.doors import Door
from tests.faults.processes import wait_until

ROOT = Path(__file__).resolve().parents[2]
HOST = "127.0.0.1"
_LISTENING = re.compile(r"Listening at: http://127\.0\.0\.1:(\d+)")


@contextmanager
def served(doors: list[Door]) -> Iterator[Mapping[str, Callable[[], object]]]:
    """The same doors as calls over HTTP."""
    log = Path(os.environ["VAR_DIR"]) / "bench-web.log"
    with log.open("wb") as file:
        process = subprocess.Popen(
            _command(), cwd=ROOT, env=_environment(), stdout=subprocess.DEVNULL, stderr=file
        )
        try:
            port = wait_until(lambda: _port(log, process), what=log.read_text)
            caller = _Caller(port)
            yield {door.name: caller.call(door) for door in doors}
        finally:
            process.terminate()
            process.wait(timeout=20)


class _Caller:
    """One connection that stays open, as a browser's."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection(HOST, port, timeout=60)

    def call(self, door: Door) -> Callable[[], object]:
        cookie = door.client.cookies[settings.SESSION_COOKIE_NAME].value
        headers = {**door.headers, "Cookie": f"{settings.SESSION_COOKIE_NAME}={cookie}"}

        def ask() -> bytes:
            self._connection.request("GET", door.address, headers=headers)
            response = self._connection.getresponse()
            if response.status != door.status:
                raise RuntimeError(f"{door.name} answered {response.status}")
            return response.read()

        return ask


def _port(log: Path, process: subprocess.Popen[bytes]) -> int | None:
    if process.poll() is not None:
        raise RuntimeError(f"gunicorn ended: {log.read_text()}")
    found = _LISTENING.search(log.read_text())
    return int(found[1]) if found else None


def _command() -> list[str]:
    # One worker with threads, which keeps connections open, as in the demo.
    return [
        sys.executable, "-m", "gunicorn", "tests.benchmarks.wsgi:application",
        "--bind", f"{HOST}:0", "--workers", "1", "--threads", "4",
    ]  # fmt: skip


def _environment() -> dict[str, str]:
    return {
        **os.environ,
        "DATABASE_URL": _database_url(),
        "DJANGO_SETTINGS_MODULE": "tests.benchmarks.settings",
        "SECRET_KEY": settings.SECRET_KEY,
        "TOKEN_ENCRYPTION_KEYS": ",".join(settings.TOKEN_ENCRYPTION_KEYS),
    }


def _database_url() -> str:
    used = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{used['NAME']}"
    host = f"{used['HOST'] or 'localhost'}:{used['PORT'] or 5432}"
    return f"postgresql://{used['USER']}:{used['PASSWORD']}@{host}/{used['NAME']}"

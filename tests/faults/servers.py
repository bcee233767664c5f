"""Servers of a test's own, that it may flush, cut off and start again: Redis and PostgreSQL."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import redis

PATIENCE = 60.0
NEEDED = ("initdb", "pg_ctl", "pg_dump", "createdb", "psql")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def own_redis(folder: Path) -> Iterator[int]:
    """A Redis that keeps nothing; its port."""
    port = free_port()
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder)]
    with (folder / "redis.log").open("wb") as log:
        server = subprocess.Popen([*command, "--save", "", "--appendonly", "no"], stdout=log)
    try:
        _wait_for_redis(port)
        yield port
    finally:
        server.kill()
        server.wait()


def _wait_for_redis(port: int) -> None:
    deadline = time.monotonic() + PATIENCE
    with redis.Redis(port=port) as client:
        while time.monotonic() < deadline:
            with suppress(redis.ConnectionError):
                client.ping()
                return
            time.sleep(0.05)
    raise TimeoutError("the test's own Redis did not start")


class OwnPostgres:
    """A PostgreSQL server in a folder of its own, which is stopped and started at will."""

    def __init__(self, folder: Path, programs: Path) -> None:
        self.port = free_port()
        self._folder = folder
        self._data = folder / "data"
        self._programs = programs

    def create(self) -> None:
        if _is_root():
            # PostgreSQL refuses to be root.
            shutil.chown(self._folder, "postgres")
        self._run("initdb", "-D", str(self._data), "-U", "postgres", "-A", "trust", "-N")

    def start(self) -> None:
        options = f"-p {self.port} -h 127.0.0.1 -k {self._folder} -c fsync=off"
        self._control("start", "-w", "-o", options, "-l", str(self._folder / "log"))

    def stop(self) -> None:
        """At once, and whoever is connected is thrown out."""
        self._control("stop", "-m", "fast", "-w")

    def take_over(self, used: Mapping[str, Any]) -> None:
        """Copy the database of these settings of Django's into one named the same."""
        address = ["-h", used["HOST"] or "127.0.0.1", "-p", str(used["PORT"] or 5432)]
        environment = {**os.environ, "PGPASSWORD": used["PASSWORD"]}
        ours = ["-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres"]
        dump = self._folder / "dump.sql"
        with dump.open("wb") as file:
            source = [str(self._programs / "pg_dump"), *address, "-U", used["USER"], used["NAME"]]
            subprocess.run([*source, "-O", "-x"], check=True, stdout=file, env=environment)
        subprocess.run([str(self._programs / "createdb"), *ours, used["NAME"]], check=True)
        with dump.open("rb") as file:
            psql = [str(self._programs / "psql"), *ours, "-q", "-v", "ON_ERROR_STOP=1"]
            sink = subprocess.DEVNULL
            subprocess.run([*psql, used["NAME"]], check=True, stdin=file, stdout=sink)

    def _control(self, *arguments: str) -> None:
        self._run("pg_ctl", "-D", str(self._data), *arguments)

    def _run(self, program: str, *arguments: str) -> None:
        command = _as_postgres([str(self._programs / program), *arguments])
        subprocess.run(
            command, check=True, cwd=self._folder, timeout=PATIENCE, stdout=subprocess.DEVNULL
        )


@contextmanager
def own_postgres(programs: Path) -> Iterator[OwnPostgres]:
    # Not under pytest's own folder, which is closed to the user that the server runs as.
    with tempfile.TemporaryDirectory(prefix="holdpoint-postgres-") as folder:
        server = OwnPostgres(Path(folder), programs)
        server.create()
        server.start()
        try:
            yield server
        finally:
            with suppress(subprocess.CalledProcessError):
                server.stop()


def postgres_programs() -> Path | None:
    """The folder of pg_ctl; Debian does not put it into the path."""
    named = shutil.which("pg_ctl")
    found = [Path(named).resolve()] if named else []
    found += sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"), reverse=True)
    folders = [path.parent for path in found]
    return next((one for one in folders if all((one / name).exists() for name in NEEDED)), None)


def _is_root() -> bool:
    return sys.platform != "win32" and os.geteuid() == 0


def _as_postgres(command: Sequence[str]) -> list[str]:
    return ["runuser", "-u", "postgres", "--", *command] if _is_root() else list(command)

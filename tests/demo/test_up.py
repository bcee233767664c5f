"""`manage.py up`, for real: everything comes up, works, and is gone after Ctrl-C."""

from __future__ import annotations

import os
import re
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from callbacks.demo.ports import HOST, status_of
from tests.demo.test_processes import until
from tests.moto_server import running_moto

ROOT = Path(__file__).resolve().parents[2]
# What the suite sets for itself must not reach an installation that stands alone.
NOT_TAKEN_OVER = {
    "AUDIT_SIGNING_KEY",
    "AUDIT_SINK_FILE",
    "CELERY_BROKER_URL",
    "DATABASE_URL",
    "DEBUG",
    "DJANGO_SETTINGS_MODULE",
    "ENDPOINT",
    "SECRET_KEY",
    "TOKEN_ENCRYPTION_KEYS",
}
PERSON = re.compile(r"^  \w+ +[\w-]{19} .*$", re.MULTILINE)
# One after the other, on one of the suite's processes.
pytestmark = pytest.mark.xdist_group("up")


@dataclass
class Up:
    process: subprocess.Popen[str]
    address: str
    printed: str
    var: Path

    @property
    def waiting(self) -> float:
        text = status_of(url=f"{self.address}/metrics")[1]
        found = re.search(r"^holdpoint_tasks_waiting\{.*\} (.+)$", text, re.MULTILINE)
        return float(found[1]) if found else 0

    def stop(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=30)


@contextmanager
def up(var: Path, **environment: str) -> Iterator[Up]:
    port = str(free_port())
    process = subprocess.Popen(
        [sys.executable, "manage.py", "up"],
        cwd=ROOT,
        env=environment_of(var, PORT=port, **environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield Up(process, f"http://{HOST}:{port}", "".join(read_welcome(process)), var)
    finally:
        process.kill()
        process.wait()


def environment_of(var: Path, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in NOT_TAKEN_OVER}
    return {**kept, "VAR_DIR": str(var), "PORT": str(free_port()), **more}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def read_welcome(process: subprocess.Popen[str]) -> Iterator[str]:
    assert process.stdout
    for line in process.stdout:
        yield line
        if "Ctrl-C ends everything" in line:
            return
    raise AssertionError(f"it ended with {process.wait()}")


def processes_of(var: Path) -> dict[int, str]:
    """Every process of that installation with its command line: they all have its VAR_DIR."""
    found = {}
    for entry in Path("/proc").iterdir():
        try:
            if f"VAR_DIR={var}\0".encode() in (entry / "environ").read_bytes():
                found[int(entry.name)] = (entry / "cmdline").read_text().replace("\0", " ")
        except (OSError, ValueError):
            continue  # not a process, or one that has just ended
    return found


def process_running(var: Path, words: str) -> int | None:
    return next((one for one, line in processes_of(var).items() if words in line), None)


def test_the_demo_works_leaves_nothing_behind_and_keeps_its_data(tmp_path: Path) -> None:
    var = tmp_path / "var"
    with up(var) as first:
        assert first.waiting == 7
        assert stat.S_IMODE(var.stat().st_mode) == 0o700, "payloads are the owner's"
        assert status_of(url=f"{first.address}/accounts/login/?next=/%3Fq%3Dmine")[0] == 200
        log = var / "log" / "web.log"
        # gunicorn writes the line when the answer is out.
        until(lambda: '"GET /accounts/login/" 200' in log.read_text())
        assert "mine" not in log.read_text(), "what people search for stands in no log"
        kill_worker(var)
        assert first.stop() == 0
    assert not processes_of(var)
    with up(var) as second:
        assert second.waiting == 7
        assert PERSON.findall(second.printed) == PERSON.findall(first.printed) != []
        # The worst end: nobody can clean up.
        second.process.kill()
        until(lambda: not processes_of(var), seconds=20)


def kill_worker(var: Path) -> None:
    """Kill the worker and wait until there is another one."""
    killed = process_running(var, " worker ")
    assert killed
    os.kill(killed, signal.SIGKILL)
    until(lambda: process_running(var, " worker ") not in (None, killed))


def test_a_step_functions_that_is_there_already_is_used(tmp_path: Path) -> None:
    with running_moto() as url, up(tmp_path, ENDPOINT=url) as running:
        assert f"It watches the Step Functions at {url}" in running.printed
        assert running.waiting == 7
        assert process_running(tmp_path, "tests.simulator") is None
        assert running.stop() == 0


def test_an_endpoint_where_nobody_answers_is_named(tmp_path: Path) -> None:
    url = f"http://{HOST}:{free_port()}"
    result = subprocess.run(
        [sys.executable, "manage.py", "up"],
        cwd=ROOT,
        env=environment_of(tmp_path, ENDPOINT=url),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert result.returncode == 1
    assert f"The Step Functions at {url} did not come up" in result.stderr
    assert not processes_of(tmp_path)

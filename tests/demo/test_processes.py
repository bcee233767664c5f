"""The supervisor: what it starts lives, and what it started ends with it, however it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from callbacks.demo.processes import KeepsDying, NotReady, Supervisor, supervised

# Writes its own id into a file; `ignore` makes it deaf to being asked to end.
PROGRAM = """
import os, pathlib, signal, sys, time
if sys.argv[2:] == ["ignore"]:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
file = pathlib.Path(sys.argv[1])
file.with_suffix(".new").write_text(str(os.getpid()))
file.with_suffix(".new").rename(file)
time.sleep(300)
"""
SUPERVISOR = """
import sys
from pathlib import Path
from callbacks.demo.processes import supervised
folder = Path(sys.argv[1])
with supervised(folder=folder, logs=folder, say=print) as supervisor:
    supervisor.start(name="child", command=[sys.executable, *sys.argv[2:]])
    supervisor.watch()
"""
ROOT = Path(__file__).resolve().parents[2]


def program(file: Path, *arguments: str) -> list[str]:
    return [sys.executable, "-c", PROGRAM, str(file), *arguments]


def until(condition: Callable[[], object], seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.02)


def id_in(file: Path, other_than: int = 0) -> int:
    until(lambda: file.exists() and int(file.read_text()) != other_than)
    return int(file.read_text())


def is_alive(process_id: int) -> bool:
    try:
        state = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def supervisor(tmp_path: Path, said: list[str]) -> Iterator[Supervisor]:
    with supervised(folder=tmp_path, logs=tmp_path / "log", say=said.append) as running:
        yield running


def test_all_programs_have_ended_after_the_block(tmp_path: Path) -> None:
    with supervised(folder=tmp_path, logs=tmp_path, say=print) as supervisor:
        for name in ("one", "two"):
            supervisor.start(name=name, command=program(tmp_path / name))
        ids = [id_in(tmp_path / name) for name in ("one", "two")]
    assert not any(is_alive(one) for one in ids)


def test_a_program_that_does_not_listen_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("callbacks.demo.processes.END_SECONDS", 0.3)
    with supervised(folder=tmp_path, logs=tmp_path, say=print) as supervisor:
        supervisor.start(name="deaf", command=program(tmp_path / "deaf", "ignore"))
        deaf = id_in(tmp_path / "deaf")
    assert not is_alive(deaf)


def test_a_killed_program_is_started_again(
    tmp_path: Path, supervisor: Supervisor, said: list[str]
) -> None:
    supervisor.start(name="worker", command=program(tmp_path / "id"))
    first = id_in(tmp_path / "id")
    os.kill(first, signal.SIGKILL)
    until(lambda: not is_alive(first))
    supervisor.revive()
    assert is_alive(id_in(tmp_path / "id", other_than=first))
    assert said == ["worker ended with -9; starting it again."]


def test_a_program_that_ends_at_once_is_given_up_with_its_last_words(
    tmp_path: Path, supervisor: Supervisor
) -> None:
    supervisor.start(name="beat", command=[sys.executable, "-c", "raise SystemExit('no database')"])
    with pytest.raises(KeepsDying, match=r"(?s)beat ends again.*no database"):
        supervisor.wait_for(lambda: False, what="beat", seconds=60)


def test_what_does_not_come_up_in_time_is_named(supervisor: Supervisor) -> None:
    with pytest.raises(NotReady, match="The web did not come up within 0 s"):
        supervisor.wait_for(lambda: False, what="The web", seconds=0.1)


@contextmanager
def hanging_up(handler: signal.Handlers) -> Iterator[None]:
    """What is started meanwhile meets a closed terminal so, however the tests were started."""
    before = signal.signal(signal.SIGHUP, handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize("name", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_programs_too(tmp_path: Path, name: signal.Signals) -> None:
    with hanging_up(signal.SIG_DFL):
        running, child = start_supervisor(tmp_path)
    running.send_signal(name)
    running.wait(timeout=20)
    assert not is_alive(child)


def test_a_supervisor_under_nohup_outlives_its_terminal(tmp_path: Path) -> None:
    with hanging_up(signal.SIG_IGN):
        running, child = start_supervisor(tmp_path)
    running.send_signal(signal.SIGHUP)
    os.kill(child, signal.SIGKILL)
    other = id_in(tmp_path / "id", other_than=child)
    running.send_signal(signal.SIGTERM)
    running.wait(timeout=20)
    assert not is_alive(other)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells the children")
def test_a_killed_supervisor_leaves_nothing_behind(tmp_path: Path) -> None:
    running, child = start_supervisor(tmp_path)
    running.kill()
    running.wait()
    until(lambda: not is_alive(child))


def start_supervisor(folder: Path) -> tuple[subprocess.Popen[bytes], int]:
    running = subprocess.Popen(
        [sys.executable, "-c", SUPERVISOR, str(folder), "-c", PROGRAM, str(folder / "id")], cwd=ROOT
    )
    return running, id_in(folder / "id")


def test_a_ctrl_c_while_a_program_is_being_started_leaves_none_behind(
    tmp_path: Path, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[subprocess.Popen[bytes]] = []
    spawn = Supervisor._spawn

    def interrupted(self: Supervisor, command: list[str], log: Path) -> subprocess.Popen[bytes]:
        made.append(spawn(self, command, log))
        os.kill(os.getpid(), signal.SIGINT)
        return made[0]

    monkeypatch.setattr(Supervisor, "_spawn", interrupted)
    with (
        pytest.raises(KeyboardInterrupt),
        supervised(folder=tmp_path, logs=tmp_path / "log", say=said.append) as running,
    ):
        running.start(name="child", command=program(tmp_path / "id"))
    has_ended = made[0].poll() is not None
    made[0].kill()
    assert has_ended


def test_what_is_started_hears_signals(supervisor: Supervisor, tmp_path: Path) -> None:
    supervisor.start(name="child", command=program(tmp_path / "id"))
    child = id_in(tmp_path / "id")
    os.kill(child, signal.SIGTERM)
    until(lambda: not is_alive(child))

"""Real processes of the product on the test's own database and broker."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from tests.children import child_environment
from tests.faults.entry import run

# Each is a process of its own from its first line of the product on; what it is forked from has
# the libraries, whose import took longer than most tests.
_forking = multiprocessing.get_context("forkserver")
_forking.set_forkserver_preload(["tests.faults.preloaded"])


@dataclass
class Processes:
    """Starts processes, starts those again that were killed, and ends them all."""

    folder: Path
    environment: dict[str, str]
    running: dict[str, BaseProcess] = field(default_factory=dict)

    def start(self, role: str, *, name: str = "", **environment: str) -> BaseProcess:
        name = name or role
        log = self.folder / f"{name}.log"
        log.touch()
        process = _forking.Process(
            target=run,
            args=(role,),
            kwargs={"environment": self.environment | environment, "log": log},
        )
        process.start()
        self.running[name] = process
        return process

    def keep(self, role: str, **environment: str) -> Callable[[], None]:
        """Start it, and again whenever the returned function finds that it has ended."""
        self.start(role, **environment)

        def look() -> None:
            if self.running[role].exitcode is not None:
                wait_until(lambda: _is_gone(self.running[role]))
                self.start(role, **environment)

        return look

    def wait_killed(self, name: str, seconds: float = 120) -> None:
        """Wait until the process and its children have died by SIGKILL; raises where they live on.

        A child that is still on its way out would take connections meant for the next process.
        """
        leader = self.running[name]
        leader.join(timeout=seconds)
        code = leader.exitcode
        assert code == -signal.SIGKILL, f"{name} ended with {code}: {self.log_of(name)}"
        wait_until(lambda: _is_gone(leader), seconds=seconds, what=lambda: self.log_of(name))

    def wait_done(self, name: str, seconds: float = 30) -> None:
        """Wait until the process has done its work and ended well; raises where it has not."""
        self.running[name].join(timeout=seconds)
        code = self.running[name].exitcode
        assert code == 0, f"{name} ended with {code}: {self.log_of(name)}"

    def log_of(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(errors="replace")[-4_000:]

    def has_said(self, name: str, text: str) -> bool:
        return text.encode() in (self.folder / f"{name}.log").read_bytes()

    def wait_logged(self, name: str, text: str, seconds: float = 120) -> None:
        wait_until(
            lambda: self.has_said(name, text), seconds=seconds, what=lambda: self.log_of(name)
        )

    def end(self) -> None:
        for process in self.running.values():
            with suppress(ProcessLookupError):
                os.killpg(_group(process), signal.SIGKILL)
            # It may not have got as far as to its group.
            process.kill()
            process.join()


def _group(process: BaseProcess) -> int:
    assert process.pid
    return process.pid


def _is_gone(leader: BaseProcess) -> bool:
    try:
        os.killpg(_group(leader), 0)
    except ProcessLookupError:
        return True
    return False


@contextmanager
def processes(folder: Path, **environment: str) -> Iterator[Processes]:
    """Processes that share the test's database; their broker and files are under `folder`."""
    started = Processes(folder=folder, environment=_environment(folder, environment))
    try:
        yield started
    finally:
        started.end()


def wait_until(
    condition: Callable[[], Any], *, seconds: float = 120, what: Callable[[], str] = lambda: ""
) -> Any:
    """Poll until the condition holds and return its value; the test fails after `seconds`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.05)
    raise AssertionError(f"not so within {seconds} s {what()}")


def _environment(folder: Path, more: Mapping[str, str]) -> dict[str, str]:
    crashes = folder / "crashes"
    crashes.mkdir(exist_ok=True)
    return child_environment(
        VAR_DIR=str(folder),
        DJANGO_SETTINGS_MODULE="tests.faults.settings",
        CRASH_FOLDER=str(crashes),
        BYTECODE=str(folder.parent / "bytecode"),
        **more,
    )

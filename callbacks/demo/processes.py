"""Run several programs as one: start them, start again what dies, and end them all."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

END_SECONDS = 10.0
# So many deaths within so many seconds are no accident.
MOST_DEATHS = 5
DEATH_SECONDS = 60.0
PR_SET_PDEATHSIG = 1
ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class KeepsDying(Exception):
    """A program died again and again; starting it once more would not help."""


class NotReady(Exception):
    """What we waited for did not come in time."""


@dataclass
class Child:
    name: str
    command: Sequence[str]
    log: Path
    process: subprocess.Popen[bytes]
    deaths: list[float] = field(default_factory=list)


class Supervisor:
    """The programs of one run. Each is the head of its own process group."""

    def __init__(self, *, folder: Path, logs: Path, say: Callable[[str], None]) -> None:
        self._folder = folder
        self._logs = logs
        self._say = say
        self._children: list[Child] = []
        logs.mkdir(parents=True, exist_ok=True)

    def start(self, *, name: str, command: Sequence[str]) -> None:
        """Start a program; what it prints goes to a file named after it."""
        log = self._logs / f"{name}.log"
        with _undisturbed():
            process = self._spawn(command, log)
            self._children.append(Child(name=name, command=command, log=log, process=process))

    def wait_for(self, condition: Callable[[], bool], *, what: str, seconds: float) -> None:
        """Wait until the condition holds. Raises NotReady, KeepsDying."""
        deadline = time.monotonic() + seconds
        while not condition():
            self.revive()
            if time.monotonic() > deadline:
                raise NotReady(f"{what} did not come up within {seconds:.0f} s; see {self._logs}.")
            time.sleep(0.1)

    def watch(self) -> None:
        """Start again what dies, until a signal ends us. Raises KeepsDying."""
        while True:
            self.revive()
            time.sleep(0.3)

    def revive(self) -> None:
        """Start again what has died. Raises KeepsDying."""
        for child in self._children:
            code = child.process.poll()
            if code is not None:
                self._start_again(child, code)

    def end(self) -> None:
        """End everything: ask first, and kill what has not listened after ten seconds."""
        for child in reversed(self._children):
            child.process.terminate()
        deadline = time.monotonic() + END_SECONDS
        for child in reversed(self._children):
            with suppress(subprocess.TimeoutExpired):
                child.process.wait(timeout=max(0.0, deadline - time.monotonic()))
        for child in self._children:
            # Also after a good end: a helper process of the program may be left in its group.
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(child.process.pid, signal.SIGKILL)
            child.process.wait()

    def _start_again(self, child: Child, code: int) -> None:
        now = time.monotonic()
        child.deaths = [at for at in child.deaths if at > now - DEATH_SECONDS] + [now]
        if len(child.deaths) > MOST_DEATHS:
            raise KeepsDying(f"{child.name} ends again and again:\n{_tail(child.log)}")
        self._say(f"{child.name} ended with {code}; starting it again.")
        time.sleep(0.2 * len(child.deaths))
        with _undisturbed():
            child.process = self._spawn(child.command, child.log)

    def _spawn(self, command: Sequence[str], log: Path) -> subprocess.Popen[bytes]:
        with log.open("ab") as output:
            return subprocess.Popen(  # noqa: S603 - our own programs, named by us
                command,
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                # Ctrl-C of the terminal is for us alone: we end them in order.
                start_new_session=True,
                preexec_fn=_dying_with_parent(),
            )


@contextmanager
def supervised(*, folder: Path, logs: Path, say: Callable[[str], None]) -> Iterator[Supervisor]:
    """Yield a supervisor whose programs end with the block, whatever ends the block.

    SIGTERM and a closed terminal count as Ctrl-C: all raise KeyboardInterrupt in the block.
    """
    supervisor = Supervisor(folder=folder, logs=logs, say=say)
    names = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # `nohup` wants us to stay
        names.append(signal.SIGHUP)
    before = {name: signal.signal(name, signal.default_int_handler) for name in names}
    try:
        yield supervisor
    finally:
        for name in names:
            # A second Ctrl-C must not leave half of them running; the end is ten seconds away.
            signal.signal(name, signal.SIG_IGN)
        supervisor.end()
        for name, handler in before.items():
            signal.signal(name, handler)


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Let a Ctrl-C wait: in between, a program would run that nobody knows of and nobody ends."""
    came: list[int] = []
    ours = [name for name in ENDINGS if signal.getsignal(name) is signal.default_int_handler]
    for name in ours:
        signal.signal(name, lambda number, frame: came.append(number))
    try:
        yield
    finally:
        for name in ours:
            signal.signal(name, signal.default_int_handler)
    if came:
        raise KeyboardInterrupt


def _dying_with_parent() -> Callable[[], None] | None:
    """Return what a child does first so that it ends even if we are killed (Linux only)."""
    if not sys.platform.startswith("linux"):
        return None
    libc, parent = ctypes.CDLL(None), os.getpid()

    def ask_for_signal() -> None:
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # we died before the question
            os._exit(1)

    return ask_for_signal


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-15:])

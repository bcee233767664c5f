"""A real worker, beat or web process in which chosen functions kill the process.

Its environment has CRASH_POINTS such as `callbacks.decisions.deliver:_call:before`, separated by
commas, and CRASH_FOLDER, where each point leaves a file so that it kills once, however often the
process is started again. POISON is the ARN of an execution whose history kills whoever folds it,
each time. The product has no hooks for this: the functions are wrapped from outside.
"""

from __future__ import annotations

import ctypes
import importlib
import os
import signal
import sys
import uuid
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import wraps
from multiprocessing import forkserver
from pathlib import Path
from typing import Any

PR_SET_PDEATHSIG = 1


def run(role: str, *, environment: Mapping[str, str], log: Path) -> None:
    """Be that process, with this environment and nothing of the test's; print to `log`."""
    # A test run that is killed leaves nothing behind (Linux; elsewhere the fixtures must do).
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    # What we are forked from ends with the test run, but not while its own children keep this open.
    os.close(forkserver._forkserver._forkserver_alive_fd)  # type: ignore[attr-defined]
    # The head of its own group, so that all that it starts can be killed with it.
    os.setsid()
    _print_to(log)
    os.environ.clear()
    os.environ.update(environment)
    # What one process of a test run has compiled, the others read.
    sys.pycache_prefix, sys.dont_write_bytecode = environment["BYTECODE"], False
    import django

    django.setup()
    _hurry()
    for point in filter(None, environment.get("CRASH_POINTS", "").split(",")):
        _wrap(point)
    _poison(environment.get("POISON", ""))
    _mute(Path(environment["CRASH_FOLDER"]) / "mute")
    roles = {"worker": run_worker, "beat": run_beat, "web": run_web, "hint": run_hint}
    roles[role]()


def _hurry() -> None:
    """A lost message is missed as soon as the leases of tests.faults.settings run out."""
    from callbacks.decisions import sweep
    from callbacks.rescue import sweep as rescue_sweep
    from callbacks.sync import suspects, turns

    sweep.HINT_AGAIN_AFTER = rescue_sweep.HINT_AGAIN_AFTER = timedelta(seconds=3)
    turns.LOST_AFTER = suspects.LONGEST_READING = timedelta(seconds=3)


def _print_to(log: Path) -> None:
    with log.open("ab") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)


def run_worker() -> None:
    from dashboard.celery import app

    pool = os.environ.get("WORKER_POOL", "threads")
    app.worker_main(
        ["worker", "--loglevel=DEBUG", f"--pool={pool}", "--concurrency=4", "-Q", "send,sync",
         "--without-mingle", "--without-gossip"]
    )  # fmt: skip


def run_beat() -> None:
    from dashboard.celery import app

    # Two beats are on two hosts, each with a file of its own.
    schedule = os.environ.get("BEAT_FILE", app.conf.beat_schedule_filename)
    app.Beat(loglevel="DEBUG", schedule=schedule).run()


def run_web() -> None:
    from gunicorn.app.wsgiapp import WSGIApplication

    bind = os.environ["WEB_BIND"]
    sys.argv = ["gunicorn", "dashboard.wsgi:application", "--bind", bind, "--threads", "4"]
    WSGIApplication("%(prog)s [OPTIONS] [APP_MODULE]", prog="gunicorn").run()


def run_hint() -> None:
    """Send the same message many times, as a broker that redelivers would."""
    from callbacks.decisions.hints import hint

    for _ in range(int(os.environ["TIMES"])):
        hint("deliver_decision", uuid.UUID(os.environ["DECISION_ID"]))


def _wrap(point: str) -> None:
    module_name, function_name, moment = point.split(":")
    module = importlib.import_module(module_name)
    setattr(module, function_name, _killing(getattr(module, function_name), point, moment))


def _poison(arn: str) -> None:
    """Let this execution's history kill whoever folds it; a file has a byte for each death."""
    from callbacks.sync import reading

    fold = reading._folded

    def folded(events: Any, asked: Any) -> Any:
        if asked.target.arn == arn:
            with deaths_file(Path(os.environ["CRASH_FOLDER"])).open("ab") as file:
                file.write(b"x")
            os.killpg(os.getpgid(0), signal.SIGKILL)
        return fold(events, asked)

    reading._folded = folded


def deaths_file(folder: Path) -> Path:
    return folder / "poisoned"


def _mute(named: Path) -> None:
    """Let the process whose number stands in this file never ask Redis for a message again."""
    from kombu.transport.redis import Channel

    ask = Channel._brpop_start

    def asking(self: Any, *args: Any, **kwargs: Any) -> Any:
        if named.exists() and named.read_text() == str(os.getpid()):
            return None
        return ask(self, *args, **kwargs)

    Channel._brpop_start = asking


def _killing(function: Callable[..., Any], point: str, moment: str) -> Callable[..., Any]:
    @wraps(function)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        if moment == "before":
            _die_once(point)
        result = function(*args, **kwargs)
        if moment == "after":
            _die_once(point)
        return result

    return wrapped


def _die_once(point: str) -> None:
    marker = Path(os.environ["CRASH_FOLDER"]) / point.replace(":", "-")
    try:
        marker.touch(exist_ok=False)
    except FileExistsError:
        return
    # The whole process group: nothing of this process may finish what it was at.
    os.killpg(os.getpgid(0), signal.SIGKILL)

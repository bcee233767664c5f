"""What runs in the demo, as command lines."""

from __future__ import annotations

import sys
from pathlib import Path

from callbacks.demo.ports import HOST

ROOT = Path(__file__).resolve().parents[2]


def simulator(*, port: int, journal: Path, region: str) -> list[str]:
    """The local Step Functions; its journal lets the next run know this run's executions."""
    return _python(
        "tests.simulator", "--host", HOST, "--port", str(port), "--journal", str(journal),
        "--region", region,
    )  # fmt: skip


def web(*, port: int) -> list[str]:
    return _python(
        "gunicorn", "dashboard.wsgi:application", "--bind", f"{HOST}:{port}", "--workers", "1",
        "--graceful-timeout", "5",
    )  # fmt: skip


def worker() -> list[str]:
    return _python(
        "celery", "-A", "dashboard", "worker", "--pool", "threads", "--concurrency", "4",
        "-Q", "send,sync", "--without-mingle", "--without-gossip", "--without-heartbeat",
        "--loglevel", "INFO",
    )  # fmt: skip


def beat() -> list[str]:
    return _python("celery", "-A", "dashboard", "beat", "--pidfile=", "--loglevel", "INFO")


def _python(module: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", module, *arguments]

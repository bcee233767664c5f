"""`python -m tests.benchmarks.one_pass CONNECTION MOMENT`: passes in a process of their own.

Prints, as JSON, what the last of them cost, and the most memory that the process ever had.
"""

from __future__ import annotations

import json
import os
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import django

from tests.benchmarks.measuring import peak_mb

PASSES = 3
INTERVAL = 5.0


class Statements:
    """Counts them. Django's own way keeps their texts, which is no small part of the memory."""

    def __init__(self) -> None:
        self.number = 0

    def __call__(self, execute: Any, *given: Any) -> Any:
        self.number += 1
        return execute(*given)


def main(connection_id: str, moment: str) -> None:
    django.setup()
    from django.db import connection as database

    from callbacks.models import Connection
    from callbacks.sync import asking, run_pass

    # A pass takes no time, so that what comes back to the budget is that of the moments given.
    asking.monotonic = lambda: 0.0  # type: ignore[assignment]

    connection = Connection.objects.get(pk=connection_id)
    now = datetime.fromtimestamp(float(moment), UTC)
    found: dict[str, Any] = {}
    for number in range(PASSES):
        began, statements = time.process_time(), Statements()
        with database.execute_wrapper(statements):
            later = timedelta(seconds=number * INTERVAL)
            figures = run_pass(connection=connection, now=now + later)
        found = {
            "cpu": time.process_time() - began,
            "statements": statements.number,
            "calls": dict(figures.api_calls),
            "histories": figures.histories_read,
            "trouble": figures.error,
        }
    found["peak_mb"] = peak_mb(os.getpid())
    print(json.dumps(found))  # noqa: T201 - what this command is for


if __name__ == "__main__":
    main(*sys.argv[1:])

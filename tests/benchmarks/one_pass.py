"""`python -m tests.benchmarks.one_pass CONNECTION MOMENT`: passes in a process of their own.

Prints, as JSON, what the last of them cost, and the most memory that the process ever had.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import django

PASSES = 3
INTERVAL = 5.0


def main(connection_id: str, moment: str) -> None:
    django.setup()
    from django.db import connection as database
    from django.test.utils import CaptureQueriesContext

    from callbacks.models import Connection
    from callbacks.sync import run_pass

    connection = Connection.objects.get(pk=connection_id)
    now = datetime.fromtimestamp(float(moment), UTC)
    found: dict[str, Any] = {}
    for number in range(PASSES):
        began = time.process_time()
        with CaptureQueriesContext(database) as captured:
            figures = run_pass(
                connection=connection, now=now + timedelta(seconds=number * INTERVAL)
            )
        found = {
            "cpu": time.process_time() - began,
            "statements": len(captured),
            "calls": dict(figures.api_calls),
            "histories": figures.histories_read,
            "trouble": figures.error,
        }
    found["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(found))  # noqa: T201 - what this command is for


if __name__ == "__main__":
    main(*sys.argv[1:])

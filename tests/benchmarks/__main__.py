"""`python -m tests.benchmarks [SECTION …] [--quick]`: measure, print, write to var/bench/."""

from __future__ import annotations

import argparse
import os
import platform
import signal
import sys
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.benchmarks.database import own_database
from tests.benchmarks.sizes import FULL, QUICK, Sizes

if TYPE_CHECKING:
    from tests.benchmarks.tables import Table

SECTIONS = (
    "pages",
    "histories",
    "answers",
    "passes",
    "crowd",
    "mirror",
    "quiet",
    "churn",
    "overload",
    "long",
    "forecasts",
)
FOLDER = Path(__file__).resolve().parents[2] / "var" / "bench"


def main() -> int:
    given = _arguments()
    unknown = set(given.sections) - set(SECTIONS)
    if unknown:
        say(f"There is no section {', '.join(sorted(unknown))}; there are {', '.join(SECTIONS)}.")
        return 2
    # Ended politely, it still drops its database and ends its processes.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.benchmarks.settings"
    with own_database() as loud:
        if loud:
            say(loud)
        _set_up()
        for section in given.sections or SECTIONS:
            _run(section, QUICK if given.quick else FULL)
        if loud:
            say(loud)
    return 0


def say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - what this command is for


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tests.benchmarks", description=__doc__)
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=", ".join(SECTIONS))
    parser.add_argument("--quick", action="store_true", help="small sizes: does it run at all")
    return parser.parse_args()


def _set_up() -> None:
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)


def _run(section: str, sizes: Sizes) -> None:
    from tests.benchmarks.tables import write_tables

    say(f"\n=== {section} ===")
    found: list[Table] = []
    for table in import_module(f"tests.benchmarks.{section}").run(sizes):
        say(f"\n{table.text()}")
        found.append(table)
    write_tables(FOLDER, {section: found}, _about(sizes))


def _about(sizes: Sizes) -> dict[str, Any]:
    from django.db import connection

    connection.ensure_connection()
    version = ".".join(map(str, connection.get_database_version()))
    return {
        "measured": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "database": f"{connection.display_name} {version}",
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "load": os.getloadavg()[0],
        "sizes": "full" if sizes is FULL else "quick",
    }


if __name__ == "__main__":
    sys.exit(main())

"""pytest plugin: adds up what the runs of each fault came to, and tells it at the end.

With HOLDPOINT_FAULT_TABLE the table also goes into that document.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Generator
from dataclasses import astuple
from pathlib import Path
from typing import Any

import pytest

from tests.faults.matrix import FAULTS

PROPERTY = "fault balance"
# By fault; each row is (sums, how many runs failed).
_sums: dict[str, list[tuple[tuple[int, ...], int]]] = defaultdict(list)
_broken: set[str] = set()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        marks = list(item.iter_markers("faults"))
        numbers = [number for mark in marks for number in mark.args]
        if marks and (len(numbers) != 1 or numbers[0] not in FAULTS):
            raise pytest.UsageError(f"{item.nodeid} must have one fault of the matrix: {numbers}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    mark = item.get_closest_marker("faults")
    if mark is None:
        return (yield)
    from tests.faults import balance

    balance.taken.clear()
    try:
        result = yield
    finally:
        told = [list(astuple(one)) for one in balance.taken]
        item.user_properties.append((PROPERTY, [mark.args[0], told]))
    assert told, "a run of a fault ends with its sums"
    return result


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    for name, value in report.user_properties:
        if name == PROPERTY and report.when == "call":
            fault, told = value
            failed = int(report.failed)
            _sums[fault] += [(tuple(sums), 0) for sums in told]
            _sums[fault] += [((), failed)] * failed
    if report.failed and report.when != "call":
        _broken.add(report.nodeid)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if not _sums:
        return
    from django.db import connection

    from tests.faults import table

    database = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}[connection.vendor]
    made = table.lines({fault: _row(told) for fault, told in _sums.items()}, database=database)
    terminalreporter.section("fault matrix")
    terminalreporter.write_line("| " + " | ".join(table.HEADER) + " |")
    for line in made:
        terminalreporter.write_line(line)
    for nodeid in sorted(_broken):
        terminalreporter.write_line(f"not set up or not ended: {nodeid}")
    if path := os.environ.get("HOLDPOINT_FAULT_TABLE"):
        document = Path(path)
        document.write_text(table.put_into(document.read_text(), made))


def _row(told: list[tuple[tuple[int, ...], int]]) -> Any:
    from tests.faults import table
    from tests.faults.balance import Balance

    row = table.Row()
    for sums, failed in told:
        row += table.Row(Balance(*sums), failed)
    return row

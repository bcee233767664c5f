"""How the database finds a page of the inbox: which index, and whether it had to sort."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from django.db import connection
from django.db.models import QuerySet
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from callbacks.models import CallbackTask
from callbacks.queries.sight import Sight, answerable_tasks, sight_of, visible_tasks
from callbacks.queries.tasks import Order, TaskFilter, count_waiting, list_waiting
from tests.benchmarks.filling import Company
from tests.benchmarks.list_doors import WORDS
from tests.benchmarks.tables import Table

COLUMNS = ("who", "question", "index", "sorts", "rows read", "ms")


def plans(company: Company) -> Table:
    if connection.vendor != "postgresql":
        return Table("Plans of the inbox query", COLUMNS, [], ["Only PostgreSQL is asked."])
    rows = [
        [who, question, *_explained(statement)]
        for who, sight in _people(company)
        for question, statement in _statements(sight)
    ]
    return Table("Plans of the list queries", COLUMNS, rows)


def _people(company: Company) -> Iterator[tuple[str, Sight]]:
    """Who may answer by few policies and by fifty, with many tasks and with hardly any."""
    approver = sight_of(user=company.approver)
    yield "2 policies with half", approver
    yield "50 policies with most", sight_of(user=company.desk)
    yield "50 policies with twenty", sight_of(user=company.corner)
    yield "auditor: everything", sight_of(user=company.auditor)
    (rare,) = company.policies["legal"]
    yield "1 policy with 1 in 1,000", replace(approver, policy_ids=(rare.pk,))


def _statements(sight: Sight) -> Iterator[tuple[str, str]]:
    tasks = visible_tasks(sight) if sight.sees_all else answerable_tasks(sight)
    for order in (Order.SOONEST, Order.NEWEST):
        yield f"page, {order} first", _page_statement(tasks, order)
    for who, word in WORDS.items():
        yield f"page, q: {who}", _page_statement(tasks, Order.SOONEST, word)
    yield "count, bounded", _statement(lambda: _count(tasks))
    yield "count, bounded, q=nowhere", _statement(lambda: _count(tasks, "nowhere"))


def _page_statement(tasks: QuerySet[CallbackTask], order: Order, text: str = "") -> str:
    return _statement(
        lambda: list_waiting(
            tasks=tasks,
            filters=TaskFilter(text=text),
            order=order,
            cursor=None,
            reader=0,
            now=timezone.now(),
        )
    )


def _count(tasks: QuerySet[CallbackTask], text: str = "") -> int:
    return count_waiting(tasks=tasks, filters=TaskFilter(text=text), now=timezone.now())


def _statement(ask: Callable[[], object]) -> str:
    """The first statement of a question, with its values in it."""
    with CaptureQueriesContext(connection) as captured:
        ask()
    return str(captured.captured_queries[0]["sql"])


def _explained(statement: str) -> tuple[str, str, int, float]:
    """Index, sorts, rows that were looked at, milliseconds."""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}")
        found = cursor.fetchone()[0]
    top = (json.loads(found) if isinstance(found, str) else found)[0]
    nodes = list(_nodes(top["Plan"]))
    ways = {node.get("Index Name") or f"{node['Node Type']}" for node in nodes if _is_scan(node)}
    sorts = {node["Node Type"] for node in nodes if "Sort" in node["Node Type"]}
    read = sum(_rows_read(node) for node in nodes if _is_scan(node))
    return ", ".join(sorted(ways)), ", ".join(sorted(sorts)) or "no", read, top["Execution Time"]


def _nodes(plan: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield plan
    for child in plan.get("Plans", ()):
        yield from _nodes(child)


def _is_scan(node: Mapping[str, Any]) -> bool:
    return "Scan" in node["Node Type"]


def _rows_read(node: Mapping[str, Any]) -> int:
    each = node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
    return round(each * node["Actual Loops"])

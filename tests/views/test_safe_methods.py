"""GET and HEAD change nothing, on any address of pages and API; that somebody read is noted."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from callbacks.models import Role, User
from tests.making import make_decision, make_person, make_task
from tests.views.test_routes import ROUTES, SAMPLES, Route, by_path

WRITE = re.compile(r"\s*(INSERT INTO|UPDATE|DELETE FROM) \"?(\w+)", re.IGNORECASE)
# The one thing that reading writes.
NOTED = "callbacks_reading"
# Whoever carries the whole record away stands in it.
EXPORT = "/api/v1/audit/export"
EXPORTED = {"callbacks_auditentry", "callbacks_auditpersonal"}


@pytest.fixture
def everybody(db: None) -> User:
    return make_person("everybody", *Role)


def filled(route: Route, user: User) -> str:
    """The address with ids of things that are there."""
    decision = make_decision(make_task(), user)
    task = make_task()
    known = {
        "tasks": task.pk,
        "decisions": decision.pk,
        "executions": task.execution_id,
        "connections": task.connection_id,
        "policies": task.policy_id,
        "requests": task.request_id,
        "workflows": task.execution.state_machine_id,
    }
    place = re.search(rf"/(\w+)/{SAMPLES['uuid']}", route.path)
    if place is None:
        return f"{route.path}?format=jsonl" if route.path == EXPORT else route.path
    return route.path.replace(SAMPLES["uuid"], str(known.get(place[1], SAMPLES["uuid"])))


@pytest.mark.django_db
@by_path(ROUTES)
@pytest.mark.parametrize("method", ["get", "head"])
def test_reading_writes_nothing_but_that_it_was_read(
    route: Route, method: str, everybody: User, browser_of: Callable[[User], Client]
) -> None:
    path, browser = filled(route, everybody), browser_of(everybody)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        answer = getattr(browser, method)(path)
        b"".join(answer.streaming_content) if answer.streaming else answer.content
    written = [match[2] for query in queries if (match := WRITE.match(query["sql"]))]
    assert set(written) <= {NOTED} | (EXPORTED if route.path == EXPORT else set())

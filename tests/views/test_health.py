"""The routes that machines ask: open to all, and honest about which part is missing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from callbacks.models import CallCount, Connection, ConnectionHealth, Pulse
from tests import making


@pytest.fixture
def anybody(db: None) -> Client:
    return Client()


@pytest.fixture
def connection(db: None) -> Connection:
    return making.make_connection("prod")


def passed(connection: Connection, *, ago: float) -> None:
    at = timezone.now() - timedelta(seconds=ago)
    ConnectionHealth.objects.update_or_create(
        connection=connection, defaults={"pass_finished_at": at, "read_ok_at": at}
    )


def samples(client: Client) -> dict[tuple[str, ...], float]:
    families = text_string_to_metric_families(client.get("/metrics").content.decode())
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in families
        for sample in family.samples
    }


def test_a_live_process_says_so_without_the_database() -> None:
    # No `db` fixture: a query would fail this test.
    assert Client().get("/healthz").status_code == 200


def test_ready_where_nothing_is_mirrored_yet(anybody: Client) -> None:
    answer = anybody.get("/readyz")
    assert answer.status_code == 200
    parts = {"database": "ok", "broker": "ok", "sync": "ok"}
    assert answer.json() == {"ready": True, **parts, "ages": {}}


def test_not_ready_before_the_first_pass(anybody: Client, connection: Connection) -> None:
    answer = anybody.get("/readyz")
    assert (answer.status_code, answer.json()["sync"]) == (503, "no pass has finished yet")


def test_ready_after_a_pass(anybody: Client, connection: Connection) -> None:
    passed(connection, ago=5)
    assert anybody.get("/readyz").status_code == 200


def test_ready_tells_how_old_each_connection_is(anybody: Client, connection: Connection) -> None:
    passed(connection, ago=7)
    making.make_connection("fresh")
    making.make_connection("off", is_enabled=False)
    ages = anybody.get("/readyz").json()["ages"]
    assert ages == {"prod": pytest.approx(7, abs=5), "fresh": None}


def test_not_ready_where_passes_have_stopped(anybody: Client, connection: Connection) -> None:
    passed(connection, ago=301)
    answer = anybody.get("/readyz")
    assert (answer.status_code, answer.json()["sync"]) == (503, "passes have stopped")


def test_not_ready_where_beat_reaches_no_worker(anybody: Client, connection: Connection) -> None:
    passed(connection, ago=5)
    Pulse.objects.create(name="beat", at=timezone.now() - timedelta(seconds=61))
    answer = anybody.get("/readyz")
    assert (answer.status_code, answer.json()["sync"]) == (503, "beat and worker are silent")
    Pulse.objects.create(name="sync", at=timezone.now() - timedelta(seconds=59))
    assert anybody.get("/readyz").status_code == 200


def test_executions_that_are_set_aside_are_counted(anybody: Client) -> None:
    making.make_execution(problem="Its history cannot be read.")
    making.make_execution()
    (connection, _) = Connection.objects.order_by("created_at")
    found = samples(anybody)
    assert found["holdpoint_executions_set_aside", connection.name] == 1


def test_a_disabled_connection_does_not_count(anybody: Client, connection: Connection) -> None:
    Connection.objects.update(is_enabled=False)
    assert anybody.get("/readyz").status_code == 200


def test_not_ready_without_a_broker(anybody: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr("kombu.Connection.ensure_connection", refuse)
    answer = anybody.get("/readyz")
    assert (answer.status_code, answer.json()["broker"]) == (503, "does not answer")


def test_not_ready_without_a_database(anybody: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise OperationalError("password of the database user")

    monkeypatch.setattr("callbacks.queries.health.Connection.objects.exists", fail)
    answer = anybody.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["database"] == "does not answer"
    assert answer.json()["ages"] == {}
    assert b"password" not in answer.content


def test_the_figures_are_those_of_the_rows(anybody: Client, connection: Connection) -> None:
    passed(connection, ago=7)
    for hour in (1, 2):
        at = timezone.now() - timedelta(hours=hour)
        CallCount.objects.create(
            connection=connection, operation="ListExecutions", hour=at, calls=40, throttles=1
        )
    found = samples(anybody)
    calls = ("holdpoint_stepfunctions_calls_total", "prod", "ListExecutions")
    throttles = ("holdpoint_stepfunctions_throttles_total", "prod", "ListExecutions")
    assert (found[calls], found[throttles]) == (80, 2)
    assert found["holdpoint_sync_age_seconds", "prod"] == pytest.approx(7, abs=5)


def test_what_was_never_measured_is_absent(anybody: Client, connection: Connection) -> None:
    assert not [key for key in samples(anybody) if key[0] == "holdpoint_sync_age_seconds"]


@pytest.mark.parametrize("address", ["/healthz", "/readyz", "/metrics"])
def test_nothing_is_done_by_a_post(anybody: Client, address: str) -> None:
    assert anybody.post(address).status_code == 405

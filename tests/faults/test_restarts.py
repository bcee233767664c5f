"""PostgreSQL is restarted under web, worker and beat (F35): a server of the test's own."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from urllib.error import HTTPError

import pytest
from django.db import connection

from tests.faults.conftest import Case, assert_balance, wait_for
from tests.faults.processes import Processes, wait_until
from tests.faults.servers import OwnPostgres, free_port, own_postgres, postgres_programs
from tests.faults.test_brokers import answer
from tests.faults.web import Person, WebDied

REQUESTS = 100
PROGRAMS = postgres_programs()
pytestmark = [
    pytest.mark.faults("F35"),
    pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has no server"),
    pytest.mark.skipif(PROGRAMS is None, reason="needs PostgreSQL's programs"),
]


@pytest.fixture
def server(transactional_db: None) -> Iterator[OwnPostgres]:
    """The test's database on a server of its own, as long as the test lasts."""
    assert PROGRAMS is not None
    used = connection.settings_dict
    home = {name: used[name] for name in ("HOST", "PORT", "USER", "PASSWORD")}
    with own_postgres(PROGRAMS) as server:
        server.take_over(used)
        connection.close()
        used.update(HOST="127.0.0.1", PORT=str(server.port), USER="postgres", PASSWORD="")
        try:
            yield server
        finally:
            connection.close()
            used.update(home)


def test_after_a_restart_of_the_database_all_goes_on_by_itself(
    server: OwnPostgres, case: Case, started: Processes
) -> None:
    web = f"127.0.0.1:{free_port()}"
    started.start("web", WEB_BIND=web, WITH_POOL="yes")
    started.start("worker", WITH_POOL="yes")
    started.start("beat")
    started.wait_logged("web", "Listening at")
    started.wait_logged("worker", " ready.")
    person = Person(f"http://{web}", "ana")
    page = f"/tasks/{case.task.pk}/"
    assert person.get(page)

    connection.close()
    server.stop()
    with suppress(HTTPError, WebDied):
        person.get(page)
    server.start()
    time.sleep(1)

    for _ in range(REQUESTS):
        # Raises for each answer that is an error.
        person.get(page)
    answer(person, case)
    decision = case.task.decisions.get()
    wait_for(decision, "confirmed", started)
    assert_balance(case)
    fresh = case.simulator.start(case.machine_arn, {"order": 9})
    rows = type(case.task).objects.waiting().filter(execution__arn=fresh)
    wait_until(rows.exists, what=lambda: started.log_of("worker"))

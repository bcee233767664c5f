"""What every test may ask for: the cast, signed-in browsers, and a clean record after each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from django.db import connection
from django.test import Client, TransactionTestCase

from callbacks.audit import triggers
from callbacks.models import Role, User
from tests import making

# No test fails because the machine is busy.
hypothesis.settings.register_profile(
    "patient", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("patient")
pytest_plugins = ["tests.leaks.plugin", "tests.faults.plugin"]


class Cast(dict[str, User]):
    """People by name: `people["approver"]` or `people.approver`."""

    def __getattr__(self, name: str) -> User:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


@pytest.fixture
def people(db: None) -> Cast:
    """One person per role; approver2 is in the team "finance", stranger has no role at all."""
    return Cast(
        approver=making.make_person("approver", Role.APPROVER),
        approver2=making.make_person("approver2", Role.APPROVER, teams=["finance"]),
        operator=making.make_person("operator", Role.OPERATOR),
        auditor=making.make_person("auditor", Role.AUDITOR),
        admin=making.make_person("admin", Role.ADMIN),
        stranger=making.make_person("stranger"),
    )


@pytest.fixture
def browser_of(db: None) -> Callable[[User], Client]:
    """`browser_of(people.approver)` is a test client in which that person is signed in."""

    def sign_in(user: User, **client_options: Any) -> Client:
        client = Client(**client_options)
        client.force_login(user)
        return client

    return sign_in


@pytest.fixture(autouse=True)
def audit_sink(settings: Any, tmp_path: Path) -> Path:
    """Each test has its own audit file: the database is emptied between tests, so is the file."""
    path = tmp_path / "audit" / "sink.jsonl"
    settings.AUDIT_SINK_FILE = str(path)
    return path


@pytest.fixture(scope="session", autouse=True)
def emptied_record() -> Iterator[None]:
    """Let the flush after transactional tests empty the record, which the triggers forbid."""
    flush = TransactionTestCase._fixture_teardown

    def flush_without_triggers(self: TransactionTestCase) -> None:
        triggers.drop(connection)
        flush(self)
        triggers.create(connection)
        # The flush also took what the migrations had put in.
        making.default_policy()

    TransactionTestCase._fixture_teardown = flush_without_triggers  # type: ignore[method-assign]
    yield
    TransactionTestCase._fixture_teardown = flush  # type: ignore[method-assign]

"""Who read what: once per person, attempt and hour, and never in the way of the page."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from callbacks.audit.readings import record_reading
from callbacks.audit.triggers import READINGS
from callbacks.models import Reading, User
from tests import making
from tests.audit.chains import NOW

pytestmark = pytest.mark.django_db
TASK = uuid.uuid4()


@pytest.fixture
def reader() -> User:
    return making.make_person("ada")


def read(user: User, **changes: Any) -> None:
    record_reading(**({"user": user, "task_id": TASK, "view": "plain", "now": NOW} | changes))


def test_a_page_opened_twice_in_an_hour_is_one_reading(reader: User) -> None:
    read(reader)
    read(reader, now=NOW + timedelta(minutes=20), view="technical")
    row = Reading.objects.get()
    assert (row.task_id, row.first_at, row.view) == (TASK, NOW, "plain")


@pytest.mark.parametrize("changes", [{"now": NOW + timedelta(hours=1)}, {"task_id": uuid.uuid4()}])
def test_another_hour_or_task_is_another_reading(reader: User, changes: dict[str, Any]) -> None:
    read(reader)
    read(reader, **changes)
    assert Reading.objects.count() == 2


def test_another_person_is_another_reading(reader: User) -> None:
    read(reader)
    read(making.make_person("bob"))
    assert Reading.objects.count() == 2


def test_a_reading_that_cannot_be_kept_is_logged_and_harms_nothing(
    reader: User, caplog: pytest.LogCaptureFixture
) -> None:
    refuse = f"CREATE TRIGGER broken BEFORE INSERT ON {READINGS} "
    if connection.vendor == "postgresql":
        refuse += "FOR EACH ROW EXECUTE FUNCTION callbacks_keep_record()"
    else:
        refuse += "BEGIN SELECT RAISE(ABORT, 'disk full'); END"
    with connection.cursor() as cursor:
        cursor.execute(refuse)
    read(reader)
    assert "was not recorded" in caplog.text
    assert not Reading.objects.exists()

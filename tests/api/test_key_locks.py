"""Calls at the same moment share a key's limit; SQLite has one writer at a time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from callbacks.keys import count_call
from callbacks.models import ApiKey, Role
from tests.api.conftest import make_key
from tests.faults.processes import wait_until
from tests.making import make_person

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif("connection.vendor != 'postgresql'", reason="a server's locks by row"),
]
AT_ONCE = 4


def all_wait() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(cursor.fetchone()[0] >= AT_ONCE)


def call(key: ApiKey, limit: int, now: datetime) -> int:
    try:
        return count_call(key=key, limit=limit, now=now)
    finally:
        connection.close()


@pytest.mark.parametrize(("limit", "refused"), [(100, 0), (3, 2)])
def test_first_calls_after_a_quiet_minute_are_counted_and_not_refused(
    db: None, limit: int, refused: int
) -> None:
    key, _ = make_key(make_person("robot", Role.APPROVER))
    now = timezone.now()
    ApiKey.objects.filter(pk=key.pk).update(last_used_at=now - timedelta(hours=1), calls=50)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        with transaction.atomic():
            first = count_call(key=key, limit=limit, now=now)
            others = [pool.submit(call, key, limit, now) for _ in range(AT_ONCE)]
            wait_until(all_wait, seconds=20)
        waits = [first, *(other.result(timeout=20) for other in others)]
    assert sum(wait > 0 for wait in waits) == refused
    key.refresh_from_db()
    assert key.calls == 1 + AT_ONCE - refused

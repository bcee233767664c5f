"""The audit record cannot be written, or the database lost its last commits (F31, F33)."""

import errno
import os
from contextlib import contextmanager

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from callbacks.audit import AuditUnavailable, rollback, sink
from callbacks.models import AuditEntry, AuditRollback, Decision
from tests import making
from tests.audit.chains import tamper
from tests.faults.conftest import assert_balance, bring_to_end


def open_pages(case):
    browser = Client()
    browser.force_login(case.approver)
    return [browser.get(path).status_code for path in ("/", f"/tasks/{case.task.pk}/")]


@contextmanager
def refusing_entries():
    """The database takes no audit entry, as one with a full disk would not."""
    table = connection.ops.quote_name(AuditEntry._meta.db_table)
    if connection.vendor == "sqlite":
        make = (
            f"CREATE TRIGGER full_disk BEFORE INSERT ON {table} "
            "BEGIN SELECT RAISE(ABORT, 'disk full'); END"
        )
        drop = "DROP TRIGGER full_disk"
    else:
        make = f"ALTER TABLE {table} ADD CONSTRAINT full_disk CHECK (false) NOT VALID"
        drop = f"ALTER TABLE {table} DROP CONSTRAINT full_disk"
    with connection.cursor() as cursor:
        cursor.execute(make)
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(drop)


@pytest.mark.faults("F33")
def test_while_no_entry_can_be_added_nothing_is_decided_and_everything_can_be_read(case):
    with refusing_entries():
        with pytest.raises(AuditUnavailable):
            case.approve()
        assert open_pages(case) == [200, 200]
    assert not Decision.objects.exists()
    decision = case.approve()
    bring_to_end(decision)
    assert_balance(case)


@pytest.mark.faults("F33")
def test_while_no_entry_can_be_added_nothing_decided_before_is_sent(case):
    decision = case.approve()
    with refusing_entries(), pytest.raises(AuditUnavailable):
        bring_to_end(decision)
    decision.refresh_from_db()
    assert (decision.status, case.sends()) == ("held", [])
    bring_to_end(decision)
    assert_balance(case)


@pytest.mark.faults("F33")
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EROFS], ids=errno.errorcode.get)
def test_while_the_file_outside_cannot_grow_nothing_is_sent(case, monkeypatch, settings, code):
    settings.SEND_RETRY_SECONDS = 0.0

    def full(*_):
        raise OSError(code, os.strerror(code))

    decision = case.approve()
    with monkeypatch.context() as patch:
        patch.setattr(sink, "write_all", full)
        bring_to_end(decision)
        assert (decision.status, decision.answer_code) == ("sending", "AuditUnavailable")
        assert open_pages(case) == [200, 200]
    assert case.sends() == []
    bring_to_end(decision)
    assert_balance(case)


@pytest.fixture
def forgotten(case):
    """An answer that AWS has and the database does not: a failover lost its last commits."""
    newest = AuditEntry.objects.count()
    bring_to_end(case.approve())
    tamper("DELETE FROM callbacks_auditpersonal WHERE entry_id > %s", newest)
    tamper("DELETE FROM callbacks_auditentry WHERE chain_seq > %s", newest)
    tamper("DELETE FROM callbacks_decision")
    type(case.task).objects.update(status="waiting", closed_kind="", closed_at=None)


@pytest.mark.faults("F31")
@pytest.mark.usefixtures("forgotten")
def test_after_a_lost_commit_nothing_is_sent_until_somebody_has_looked(case, settings):
    settings.SEND_RETRY_SECONDS = 0.0
    decision = case.reject()
    bring_to_end(decision)
    assert (decision.status, decision.answer_code) == ("sending", "AuditUnavailable")
    assert len(case.sends()) == 1
    assert open_pages(case) == [200, 200]
    rollback.acknowledge(
        ids=list(AuditRollback.objects.values_list("pk", flat=True)),
        reason="Failover.",
        actor=making.make_actor(case.approver),
        now=timezone.now(),
    )
    bring_to_end(decision)
    assert (decision.status, decision.outcome) == ("lost", "answered_elsewhere")
    assert len(case.applied()) == 1
    assert assert_balance(case).given == 2

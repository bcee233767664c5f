"""Entries that belong to no send leave the database too, and a rolled-back one is cried out."""

import logging
from pathlib import Path
from typing import Any

import pytest

from callbacks.audit import AuditRolledBack, sink
from callbacks.audit.verify import verify_file
from callbacks.tasks import keep_audit_outside
from dashboard import celery
from tests import making
from tests.audit.chains import add, record, tamper

pytestmark = pytest.mark.django_db


def roll_back() -> None:
    """Lose the last entries, as a failover to a standby that lags behind does."""
    tamper("DELETE FROM callbacks_auditpersonal")
    tamper("DELETE FROM callbacks_auditentry WHERE chain_seq > 1")


def test_the_periodic_job_writes_what_no_send_has_written(audit_sink: Path) -> None:
    add("signed_in")
    keep_audit_outside()
    assert verify_file(audit_sink).entries == 1


def test_a_worker_that_starts_writes_it_too(audit_sink: Path, monkeypatch: Any) -> None:
    # Closing would end the test's own transaction.
    monkeypatch.setattr(celery, "close_connections", lambda: None)
    add("signed_in")
    celery.keep_audit_outside()
    assert verify_file(audit_sink).entries == 1


def test_a_rolled_back_database_is_critical_and_stops_every_send(caplog: Any) -> None:
    decision = making.make_decision()
    add("signed_in")
    record(decision)
    keep_audit_outside()
    roll_back()
    record(decision, kind="answer_sending")
    with caplog.at_level(logging.INFO):
        keep_audit_outside()
    assert caplog.records[-1].levelno == logging.CRITICAL
    with pytest.raises(AuditRolledBack):
        sink.ensure_written(decision.pk)


def test_a_file_that_cannot_be_written_is_told_and_nothing_breaks(
    audit_sink: Path, caplog: Any
) -> None:
    audit_sink.mkdir(parents=True)
    keep_audit_outside()
    assert caplog.records[-1].levelno == logging.ERROR

"""The audit record outside the database, as people see it: checkpoints and roll-backs."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from callbacks.audit import AuditRolledBack, sink
from callbacks.audit.checkpointing import write_checkpoint
from callbacks.models import AuditEntry, AuditRollback
from tests import making
from tests.audit.chains import record
from tests.views.conftest import text_of

REASON = "Restored after the disk failed."


@pytest.fixture
def found(db):
    return AuditRollback.objects.create(
        found_at=timezone.now(),
        source="host:/audit/sink.jsonl",
        outside_seq=9,
        outside_hash="ab" * 32,
        common_seq=4,
    )


# --- checkpoints --------------------------------------------------------------------------------
def test_the_audit_page_tells_the_last_checkpoint(people, page_of):
    signed = write_checkpoint(now=timezone.now())
    words = text_of(page_of(people.auditor, "/audit/"))
    assert f"It has {signed.checkpoint.size} entries and is signed by key {signed.key_id}." in words
    assert "The last checkpoint is" not in words


def test_it_warns_once_checkpoints_have_been_silent_for_two_windows(people, page_of, settings):
    late = timedelta(seconds=2 * settings.AUDIT_CHECKPOINT_SECONDS + 10)
    write_checkpoint(now=timezone.now() - late)
    assert "The last checkpoint is 2 min old." in text_of(page_of(people.auditor, "/audit/"))


def test_it_warns_where_there_is_none_yet(people, page_of):
    assert "There is no checkpoint yet." in text_of(page_of(people.auditor, "/audit/"))


def test_the_metrics_have_its_age_and_readiness_does_not_ask(client, db):
    assert (
        "\nholdpoint_audit_checkpoint_age_seconds " not in client.get("/metrics").content.decode()
    )
    write_checkpoint(now=timezone.now() - timedelta(hours=1))
    figures = client.get("/metrics").content.decode()
    (line,) = [one for one in figures.splitlines() if one.startswith("holdpoint_audit_checkpoint")]
    assert 3600 <= float(line.split()[1]) < 3700
    assert "checkpoint" not in client.get("/readyz").content.decode()


# --- roll-backs ---------------------------------------------------------------------------------
@pytest.mark.parametrize("path", ["/", "/waiting/", "/history/", "/audit/", "/settings/"])
def test_an_administrator_sees_a_roll_back_on_every_page(people, page_of, found, path):
    assert "lost entries of the audit record" in text_of(page_of(people.admin, path))


def test_an_approver_is_not_shown_it(people, page_of, found):
    assert "lost entries" not in text_of(page_of(people.approver, "/"))


def test_an_auditor_sees_it_on_the_audit_page_without_the_way_to_acknowledge(
    people, page_of, found
):
    page = page_of(people.auditor, "/audit/")
    assert "lost entries of this record" in text_of(page)
    assert "/audit/rollback/" not in page.content.decode()


@pytest.mark.parametrize("who", ["auditor", "operator", "approver"])
def test_only_an_administrator_acknowledges(people, browser_of, found, who):
    answer = browser_of(people[who]).post("/audit/rollback/", acknowledgement(found))
    assert answer.status_code == 403


def test_an_acknowledgement_is_recorded_and_ends_the_stop(people, browser_of, found):
    decision = making.make_decision()
    record(decision)
    with pytest.raises(AuditRolledBack):
        sink.ensure_written(decision.pk)
    browser = browser_of(people.admin)
    assert browser.post("/audit/rollback/", acknowledgement(found)).status_code == 302
    entry = AuditEntry.objects.get(kind="audit_rollback_acknowledged")
    assert entry.actor_id == people.admin.pk
    assert entry.personal.get(field="reason").value == REASON
    sink.ensure_written(decision.pk)
    assert "lost entries" not in text_of(browser.get("/"))


@pytest.mark.parametrize("reason", ["", "   ", "x" * 2_001])
def test_without_a_fair_reason_nothing_is_acknowledged(people, browser_of, found, reason):
    answer = browser_of(people.admin).post(
        "/audit/rollback/", {**acknowledgement(found), "reason": reason}
    )
    assert answer.status_code == 422
    assert AuditRollback.objects.filter(acknowledged_seq=None).exists()


@pytest.mark.parametrize("bad", ["x", "-1", "9" * 40, "²"])
def test_what_was_not_on_the_page_is_not_acknowledged(people, browser_of, found, bad):
    answer = browser_of(people.admin).post("/audit/rollback/", {"id": bad, "reason": REASON})
    assert answer.status_code == 302
    assert AuditRollback.objects.filter(acknowledged_seq=None).exists()


def test_the_page_says_so_where_there_is_nothing(people, page_of):
    assert "Nothing to acknowledge" in text_of(page_of(people.admin, "/audit/rollback/"))


def acknowledgement(found):
    return {"id": str(found.pk), "reason": REASON}

"""Databases in trouble on a server: its process ends, its reply to COMMIT is lost (F29, F30)."""

import os
import uuid

import psycopg
import pytest
from django.db import Error, connection
from django.utils import timezone

from callbacks.audit import AuditUnavailable, chain
from callbacks.decisions.answer import Answer
from callbacks.decisions.decide import decide
from callbacks.models import AuditEntry, Decision, Direction
from tests import making
from tests.faults.conftest import OUTPUT, assert_balance, bring_to_end
from tests.faults.proxy import swallowing_commit

pytestmark = pytest.mark.faults

RUNS = int(os.environ.get("HOLDPOINT_FAULT_RUNS", "2"))
on_postgresql = pytest.mark.skipif(
    "connection.vendor != 'postgresql'", reason="a server's fault; SQLite has no server"
)
APPROVAL = Answer(direction=Direction.APPROVE, output_text=OUTPUT, reason="Fits.")


def answer(case, decision_id):
    return decide(
        task_id=case.task.pk,
        decision_id=decision_id,
        answer=APPROVAL,
        actor=making.make_actor(case.approver),
        undo_seconds=0,
        now=timezone.now(),
    )


def end_backend(pid):
    used = connection.settings_dict
    with psycopg.connect(
        host=used["HOST"], port=used["PORT"] or 5432, user=used["USER"],
        password=used["PASSWORD"], dbname=used["NAME"], autocommit=True,
    ) as other:  # fmt: skip
        other.execute("SELECT pg_terminate_backend(%s)", [pid])


@on_postgresql
@pytest.mark.parametrize("run", range(RUNS))
def test_a_decision_whose_connection_is_ended_in_its_midst_is_none(case, monkeypatch, run):
    take_place = chain._take_place

    def ended():
        end_backend(connection.connection.info.backend_pid)
        return take_place()

    monkeypatch.setattr(chain, "_take_place", ended)
    key = uuid.uuid4()
    with pytest.raises((Error, AuditUnavailable)):
        answer(case, key)
    monkeypatch.setattr(chain, "_take_place", take_place)
    connection.close()
    assert not Decision.objects.exists()
    assert not AuditEntry.objects.filter(kind="answer_decided").exists()
    decision = answer(case, key)
    bring_to_end(decision)
    assert_balance(case, decision, all_named=True)


@on_postgresql
@pytest.mark.parametrize("run", range(RUNS))
def test_a_decision_whose_commit_got_no_reply_is_found_again_by_its_id(case, run):
    key = uuid.uuid4()
    connection.close()
    with swallowing_commit(connection.settings_dict) as swallowed, pytest.raises(Error):
        answer(case, key)
    connection.close()
    assert swallowed.is_set()
    decision = answer(case, key)
    assert Decision.objects.get() == decision
    assert AuditEntry.objects.filter(kind="answer_decided").count() == 1
    bring_to_end(decision)
    assert_balance(case, decision, all_named=True)

"""Databases in trouble: a process ends, a reply to COMMIT is lost, all write at once (F29-F32)."""

import os
import sqlite3
import uuid
from contextlib import closing
from dataclasses import replace
from functools import partial

import psycopg
import pytest
from django.db import Error, connection
from django.utils import timezone

from callbacks.audit import AuditUnavailable, chain
from callbacks.decisions.answer import Answer
from callbacks.decisions.decide import decide
from callbacks.decisions.takeback import withdraw
from callbacks.models import AuditEntry, Decision, Direction
from tests import making
from tests.faults.balance import take_balance
from tests.faults.conftest import OUTPUT, assert_balance, at_once, bring_to_end
from tests.faults.proxy import swallowing_commit

RUNS = int(os.environ.get("HOLDPOINT_FAULT_RUNS", "2"))
on_postgresql = pytest.mark.skipif(
    "connection.vendor != 'postgresql'", reason="a server's fault; SQLite has no server"
)
on_sqlite = pytest.mark.skipif(
    "connection.vendor != 'sqlite'", reason="one file for all; a server has locks by row"
)
WRITERS = 8
ANSWERS_OF_EACH = int(os.environ.get("HOLDPOINT_FAULT_WRITES", "10"))
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


@pytest.mark.faults("F29")
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
    assert_balance(case)


@pytest.mark.faults("F30")
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
    assert_balance(case)


@pytest.fixture
def long_reader():
    """Somebody who reads one picture of the database all the while, as a backup does."""
    with closing(sqlite3.connect(connection.settings_dict["NAME"])) as reader:
        reader.execute("BEGIN")
        yield lambda: reader.execute("SELECT count(*) FROM callbacks_decision").fetchone()[0]


@pytest.mark.faults("F32")
@on_sqlite
def test_eight_writers_and_a_long_reader_wait_for_each_other_and_none_fails(case, long_reader):
    assert long_reader() == 0
    execution = case.task.execution
    tasks = [
        making.make_task(making.make_request(execution, f"Step{number}"), scheduled_event_id=number)
        for number in range(100, 100 + WRITERS * ANSWERS_OF_EACH)
    ]

    def write(mine):
        for task in mine:
            given = answer(replace(case, task=task), uuid.uuid4())
            actor = making.make_actor(case.approver)
            withdraw(decision_id=given.pk, actor=actor, now=timezone.now())

    shares = [tasks[number::WRITERS] for number in range(WRITERS)]
    assert at_once(*[partial(write, share) for share in shares]) == [None] * WRITERS
    assert long_reader() == 0
    assert Decision.objects.filter(status="withdrawn").count() == len(tasks)
    take_balance(case.sends())

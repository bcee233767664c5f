"""What grows with an installation is found by an index: the plan names it."""

from __future__ import annotations

import uuid

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from callbacks.models import CallbackTask, Decision, Execution
from callbacks.models.record import DENIED, FAILURE_TAKEN, SUCCESS_TAKEN
from callbacks.models.sqlite import refresh_statistics
from callbacks.queries.searching import text_condition
from callbacks.stepfunctions import rights
from tests import making

pytestmark = pytest.mark.django_db
WAITING = CallbackTask.objects.filter(status="waiting")
NOBODY = uuid.UUID(int=0)


@pytest.fixture(autouse=True)
def as_with_many_rows(db):
    """PostgreSQL reads a table of a few rows as a whole, whatever indexes it has."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")


@pytest.mark.parametrize(
    ("said", "column", "index"),
    [
        (SUCCESS_TAKEN, "first_sent_at", "decision_success_taken"),
        (FAILURE_TAKEN, "first_sent_at", "decision_failure_taken"),
        (DENIED, "status_at", "decision_denied"),
    ],
)
def test_what_aws_last_said_to_an_answer(said, column, index):
    since = {f"{column}__gte": timezone.now()}
    rows = Decision.objects.filter(said, connection_id=NOBODY, **since)
    assert index in rows.order_by(f"-{column}").explain()


def test_what_aws_lets_nobody_read():
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_sort = off")
    rows = Execution.objects.filter(
        connection_id=NOBODY, status="RUNNING", problem__gt="", problem__startswith=rights.DENIED
    )
    # In this order, as without it PostgreSQL takes any index of a table without rows.
    plan = rows.order_by("problem").values("read_at", "problem_since").explain()
    assert "execution_set_aside" in plan


@pytest.mark.parametrize(
    ("column", "index"), [("state_machine_name", "task_by_workflow"), ("state", "task_by_step")]
)
def test_the_tasks_of_one_workflow_or_step_in_their_order(column, index):
    if connection.vendor == "postgresql":
        _leave_only(index)
    plan = WAITING.filter(**{column: "refund"}).order_by("dies_earliest", "id").explain()
    assert index in plan
    assert "sort" not in plan.lower()
    assert "temp b-tree" not in plan.lower()


def test_what_nothing_ever_ends_in_its_order():
    if connection.vendor != "postgresql":
        pytest.skip("Of an empty table SQLite takes any index in this order.")
    _leave_only("task_no_clock")
    rows = WAITING.filter(deadline_kind="none").order_by("dies_earliest", "id")
    plan = rows.values("id").explain()
    assert "task_no_clock" in plan
    assert "sort" not in plan.lower()


def _leave_only(index):
    """Of a table without rows any index is as good; until the test's end there is only this one."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indexname FROM pg_indexes WHERE tablename = 'callbacks_callbacktask'"
            " AND indexdef NOT LIKE '%%UNIQUE%%' AND indexname <> %s",
            [index],
        )
        for (name,) in cursor.fetchall():
            cursor.execute(f'DROP INDEX "{name}"')
        cursor.execute("SET LOCAL enable_sort = off")


@pytest.mark.parametrize(("word", "has_it"), [("pt", True), ("7", True), ("承認", False)])
def test_two_letters_read_the_index_of_three_only_where_it_has_them(word, has_it):
    """Of a table without rows no plan tells: an index is offered the bare column only."""
    asked = str(WAITING.filter(text_condition(word)).values("id").query)
    assert ("COALESCE" not in asked) is has_it


def test_sqlite_counts_words_without_reading_a_row():
    if connection.vendor != "sqlite":
        pytest.skip("It is SQLite's index.")
    for _ in range(20):
        making.make_task()
    refresh_statistics()
    rows = WAITING.filter(text_condition("portugal"), policy_id__in=[making.default_policy().pk])
    assert "COVERING INDEX task_search" in rows.values("id").explain()


@pytest.mark.django_db(transaction=True)
def test_the_index_of_sqlite_hinders_no_migration():
    """Back to before the column that it holds, and forth again."""
    if connection.vendor != "sqlite":
        pytest.skip("It is SQLite's index.")
    call_command("migrate", "callbacks", "0010", verbosity=0)
    call_command("migrate", "callbacks", verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute("SELECT sql FROM sqlite_master WHERE name = 'task_search'")
        assert "search_text" in cursor.fetchone()[0]

"""What waits for a lock sees what was written meanwhile; SQLite has one writer at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from callbacks.models import CallbackTask, DecisionStatus, Policy, Role
from callbacks.policies.fields import fields_of
from callbacks.policies.files import apply
from callbacks.policies.versions import PolicyProblems, lock, put_in_force
from tests import making
from tests.decisions.conftest import Desk
from tests.faults.processes import wait_until

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif("connection.vendor != 'postgresql'", reason="a server's locks by row"),
]


def somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(cursor.fetchone()[0])


@contextmanager
def while_it_waits(
    job: Callable[[], Any], then: Callable[[], Any] = lambda: None
) -> Iterator[list[Any]]:
    """A transaction whose end starts the job, commits once that waits, and takes its result.

    `then` still belongs to the transaction, and is done once the job waits.
    """
    results: list[Any] = []

    def run() -> None:
        try:
            results.append(job())
        except Exception as exc:  # noqa: BLE001 - the test looks at what it was
            results.append(exc)
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    with transaction.atomic():
        yield results
        thread.start()
        wait_until(somebody_waits, seconds=20)
        then()
    thread.join(timeout=20)


def test_an_answer_that_waits_while_another_policy_comes_to_cover_its_task_is_decided(
    desk: Desk,
) -> None:
    other = making.make_policy("Other", undo_seconds=0)
    with while_it_waits(lambda: desk.decide()) as results:
        CallbackTask.objects.filter(pk=desk.task.pk).update(policy=other)
    [decision] = results
    assert (decision.status, decision.policy_name) == (DecisionStatus.HELD, "Other")


def test_of_two_who_change_a_policy_at_once_the_second_is_told_of_the_first(db: None) -> None:
    making.default_policy()
    actor = making.make_actor(making.make_person("admin", Role.ADMIN, Role.APPROVER))
    fields = fields_of(making.make_policy("Refunds"))

    def change(headline: str) -> Policy:
        return put_in_force(
            fields=replace(fields, headline=headline),
            note="",
            actor=actor,
            now=timezone.now(),
            begun_with=1,
        )

    with while_it_waits(lambda: change("second")) as results:
        change("first")
    [problem] = results
    assert isinstance(problem, PolicyProblems)
    assert problem.errors["name"] == ["Somebody else has put version 2 in force since you began."]


def test_a_file_and_a_form_that_change_one_policy_at_once_both_come_through(db: None) -> None:
    actor = making.make_actor(making.make_person("admin", Role.ADMIN, Role.APPROVER))
    default = fields_of(making.default_policy())
    [first, second] = [fields_of(making.make_policy(name)) for name in ("Refunds", "Orders")]
    said = {"note": "", "actor": actor, "now": timezone.now()}
    file = [replace(first, headline="file"), replace(second, headline="file"), default]
    with while_it_waits(
        lambda: apply(policies=file, **said),
        then=lambda: put_in_force(fields=replace(second, headline="form"), **said),
    ) as results:
        lock(Policy.objects.filter(name="Orders"))
    [changes] = results
    assert [change.what for change in changes] == ["changed", "changed", "same"]
    in_force = Policy.objects.current().in_order().values_list("name", "version", "headline")
    assert list(in_force) == [("Refunds", 2, "file"), ("Orders", 3, "file"), ("Default", 1, "")]

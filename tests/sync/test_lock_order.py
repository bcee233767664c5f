"""A pass that closes tasks and a change of policies that meets it: neither costs the other."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection as database
from django.utils import timezone

from callbacks.sync import apply, read_execution
from callbacks.sync.rematching import rematch
from tests import making
from tests.faults.processes import wait_until
from tests.sync.world import World, machine, task

PATIENCE = 30.0
BRANCHES = [machine(Left=task()), machine(Right=task())]
BOTH = machine(Both={"Type": "Parallel", "Branches": BRANCHES, "End": True})


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(
    database.vendor != "postgresql",
    reason="SQLite has one writer at a time, and no rows to lock",
)
def test_a_pass_and_a_change_of_policies_never_wait_for_each_other(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    making.default_policy()
    arn = two_that_close_against_the_order_of_their_ids(world)
    (before,) = {row.policy_id for row in world.tasks(arn)}
    policy = making.make_policy(state="Left")
    other = in_a_thread(lambda: rematch(now=timezone.now()))
    update = apply._update
    closed: list[int] = []

    def close_and_let_the_other_come(*args: Any) -> None:
        update(*args)
        closed.append(len(args[0]))
        if len(closed) == 1:
            other.start()
            wait_until(one_waits_for_us, seconds=PATIENCE)

    monkeypatch.setattr(apply, "_update", close_and_let_the_other_come)

    # As a pass reads it, but for the list, which would close both of them at once.
    read_execution(execution=world.execution(arn), now=world.now)
    other.join()

    assert closed == [1, 1]
    assert {row.status for row in world.tasks(arn)} == {"answered", "closed"}
    # Those that a pass has closed meanwhile keep the policy that they had.
    assert {row.policy_id for row in world.tasks(arn)} == {before}
    assert policy.pk != before


def two_that_close_against_the_order_of_their_ids(world: World) -> str:
    """An execution of which a pass closes first the task that a list by id has last.

    Ids are hashes, so each try has an even chance.
    """
    while True:
        arn = world.start(BOTH, name="both")
        world.sync()
        first, second = world.tasks(arn)
        if first.pk > second.pk:
            break
    token = world.token(arn, first.state)
    world.simulator.call("SendTaskFailure", taskToken=token, error="No", cause="")
    return arn


def one_waits_for_us() -> bool:
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks"
            " WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
        )
        return bool(cursor.fetchone()[0])


class in_a_thread:  # noqa: N801 - reads as what it does
    """A job that runs beside the test; `join` raises what it raised."""

    def __init__(self, job: Callable[[], int]) -> None:
        self.result: int | None = None
        self._job = job
        self._failure: Exception | None = None
        self._thread = threading.Thread(target=self._run)
        self.start = self._thread.start

    def join(self) -> None:
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive()
        if self._failure is not None:
            raise self._failure

    def _run(self) -> None:
        try:
            self.result = self._job()
        except Exception as exc:  # noqa: BLE001 - the test looks at what it was
            self._failure = exc
        finally:
            database.close()

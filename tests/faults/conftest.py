"""One waiting task of a real (simulated) Step Functions, mirrored, and people to answer it."""

from __future__ import annotations

import os
import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import connection as database
from django.utils import timezone

from callbacks.decisions.answer import Answer
from callbacks.decisions.decide import decide
from callbacks.decisions.deliver import deliver
from callbacks.decisions.settle import settle
from callbacks.models import CallbackTask, Connection, Decision, Direction, Role, User
from callbacks.sync import run_pass
from tests import making
from tests.faults.balance import Balance, take_balance
from tests.faults.processes import Processes, processes, wait_until
from tests.simulator.control import Control, running_simulator

OUTPUT = '{"Payload": {"message": "succeeded"}}'


@dataclass
class Case:
    """A task that waits, the simulator it waits in, and what is needed to answer it."""

    simulator: Control
    connection: Connection
    task: CallbackTask
    approver: User
    machine_arn: str
    # The numbers of calls that somebody else made.
    foreign: set[int] = field(default_factory=set)
    clock: Callable[[], datetime] = timezone.now

    def approve(self, output: str = OUTPUT, user: User | None = None) -> Decision:
        answer = Answer(direction=Direction.APPROVE, output_text=output, reason="Looks right.")
        return self._decide(answer, user)

    def reject(self, user: User | None = None) -> Decision:
        answer = Answer(
            direction=Direction.REJECT, error="Wrong", cause="Not this one.", reason="No."
        )
        return self._decide(answer, user)

    def _decide(self, answer: Answer, user: User | None) -> Decision:
        return decide(
            task_id=self.task.pk,
            decision_id=uuid.uuid4(),
            answer=answer,
            actor=making.make_actor(user or self.approver),
            undo_seconds=0,
            now=self.clock(),
        )

    def answer_elsewhere(self, operation: str, **params: str) -> None:
        """Somebody else who holds the token is first."""
        self.simulator.call(operation, **params)
        self.foreign.add(self.simulator.calls(operation)[-1]["seq"])

    def sends(self) -> list[dict[str, Any]]:
        """Every call of ours that could answer a task, as the simulator saw it."""
        made = self.simulator.calls("SendTaskSuccess") + self.simulator.calls("SendTaskFailure")
        return [call for call in made if call["seq"] not in self.foreign]

    def applied(self) -> list[dict[str, Any]]:
        return [call for call in self.sends() if call["applied"]]


def wait_for(decision: Decision, status: str, started: Processes, seconds: float = 120) -> None:
    """Wait until the decision has this status; tells the logs where it does not."""

    def reached() -> bool:
        decision.refresh_from_db()
        return decision.status == status

    def story() -> str:
        logs = "\n".join(f"--- {name}\n{started.log_of(name)}" for name in started.running)
        return f"{decision.status} {decision.answer_code} {decision.outcome}\n{logs}"

    wait_until(reached, seconds=seconds, what=story)


def bring_to_end(decision: Decision, now: datetime | None = None) -> None:
    """Send it and look once, as a worker would do at this moment."""
    deliver(decision_id=decision.pk, now=now or timezone.now())
    settle(decision_id=decision.pk, now=now or timezone.now())
    decision.refresh_from_db()


def assert_balance(case: Case) -> Balance:
    """What every run promises, once its answers have come to their ends."""
    return take_balance(case.sends())


def at_once(*jobs: Callable[[], object]) -> list[object]:
    """Run the jobs in threads released by one barrier; return results or exceptions in order."""
    barrier = threading.Barrier(len(jobs))
    results: list[object] = [None] * len(jobs)

    def run(index: int, job: Callable[[], object]) -> None:
        barrier.wait()
        try:
            results[index] = job()
        except Exception as exc:  # noqa: BLE001 - the test looks at what it was
            results[index] = exc
        finally:
            database.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@pytest.fixture
def case(transactional_db: None) -> Iterator[Case]:
    making.default_policy()
    with running_simulator() as simulator:
        connection = making.make_connection("samples", endpoint_url=simulator.url)
        machine_arn = simulator.create("spark-settlement", making.DEFINITION)
        simulator.start(machine_arn, {"order": 7})
        run_pass(connection=connection, now=timezone.now())
        yield Case(
            simulator=simulator,
            connection=connection,
            task=CallbackTask.objects.get(),
            approver=making.make_person("ana", Role.APPROVER),
            machine_arn=machine_arn,
        )


@pytest.fixture
def started(case: Case, tmp_path: Path) -> Iterator[Processes]:
    with processes(tmp_path) as running:
        yield running


@pytest.fixture
def crowd(case: Case, settings: Any) -> Callable[[int], list[Case]]:
    """Wait with so many tasks in all; returns one case for each."""
    settings.SYNC_QUOTA_SHARE = 1.0

    def make(count: int) -> list[Case]:
        case.simulator.quotas(enabled=False)
        case.simulator.start_many(case.machine_arn, count - 1, {"order": 8})
        waiting = CallbackTask.objects.filter(status="waiting")

        def all_mirrored() -> bool:
            run_pass(connection=case.connection, now=timezone.now())
            return waiting.count() == count

        wait_until(all_mirrored, seconds=120)
        return [replace(case, task=task) for task in waiting.order_by("pk")]

    return make


# Minutes by the wall clock, which leave two cores idle: these run with the whole matrix only.
ONLY_IN_WHOLE = frozenset(
    f"test_{name}.py"
    for name in ("accounts", "beats", "brokers", "churn", "outages", "restarts", "recordings")
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if os.environ.get("HOLDPOINT_FAULT_TABLE"):
        return
    skip = pytest.mark.skip(reason="runs with `make faults`")
    for item in items:
        if item.path.name in ONLY_IN_WHOLE and item.path.parent.name in ("faults", "sync"):
            item.add_marker(skip)

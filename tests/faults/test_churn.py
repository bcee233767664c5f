"""While much happens, processes are killed again and again; then the mirror equals the truth."""

import logging
import os
import random

import pytest
from django.utils import timezone

from callbacks.models import CallbackTask, Decision, Execution, Lease, RescueAction, Role
from callbacks.sync import run_pass
from tests import making
from tests.faults.balance import take_balance
from tests.faults.churning import REGION, SHARE, Churn, Killer, overdrawn
from tests.faults.processes import processes, wait_until
from tests.simulator.control import running_simulator

logger = logging.getLogger(__name__)
SECONDS = float(os.environ.get("HOLDPOINT_FAULT_CHURN_SECONDS", "20"))
ROLES = ("worker", "worker", "worker", "beat")
# Of what a killed process had done and not yet written down.
CALLS_OF_A_KILL = 2
PLENTY = "1000"


@pytest.mark.faults("churn")
def test_after_minutes_of_churn_and_killed_processes_the_mirror_equals_the_truth(
    transactional_db, tmp_path
):
    """Every task that waits and no other, each ending with its kind, each execution's status."""
    making.default_policy()
    person = making.make_person("ana", Role.APPROVER, Role.OPERATOR)
    with running_simulator(region=REGION) as simulator:
        connection = making.make_connection(endpoint_url=simulator.url, region=REGION)
        churn = Churn(simulator, 7, person)
        run_pass(connection=connection, now=timezone.now())
        simulator.quotas(enabled=True)
        with processes(tmp_path, SYNC_QUOTA_SHARE=str(SHARE)) as started:
            kill = Killer(started, ROLES, random.Random(7))
            churn.go_on(SECONDS, meanwhile=kill)
        calls = simulator.calls()
        simulator.quotas(enabled=False)
        # What is left is read as fast as it goes, so that nobody waits for calls to come back.
        with processes(tmp_path, SYNC_QUOTA_SHARE=PLENTY) as started:
            started.start("worker")
            started.start("beat")
            wait_until(churn.is_told_truly, seconds=180, what=churn.story)
        tell(kill, calls)

        assert kill.kills.keys() == set(ROLES)
        assert max(overdrawn(calls).values()) <= CALLS_OF_A_KILL * kill.kills.total()
        # What is read once more brings nothing new; nobody lives who holds a lease.
        Lease.objects.all().delete()
        again = run_pass(connection=connection, now=timezone.now(), full=True)
        assert (again.tasks_opened, again.tasks_closed) == (0, 0)
        assert churn.differences() == []
        take_balance(churn.sends())


def tell(kill: Killer, calls: list[dict]) -> None:
    rows = (Execution, CallbackTask, Decision, RescueAction)
    counted = {model.__name__: model.objects.count() for model in rows}
    logger.info("%s, %s, beyond our share %s", dict(kill.kills), counted, overdrawn(calls))

"""Celery doors: each loads by id and calls one function, at a moment of the shared clock."""

import logging
import uuid
from datetime import timedelta
from typing import Any

from celery import shared_task

from callbacks.audit import checkpointing, sink
from callbacks.decisions.deliver import deliver
from callbacks.decisions.settle import settle
from callbacks.decisions.sweep import sweep
from callbacks.keys import forget_calls
from callbacks.models import Connection, Execution, sqlite
from callbacks.models.clock import database_now
from callbacks.rescue.carry_out import carry_out
from callbacks.rescue.settle import settle as settle_action
from callbacks.rescue.sweep import sweep as sweep_actions
from callbacks.stepfunctions import StepFunctionsError
from callbacks.sync import measuring, read_execution, rematching, starting
from callbacks.sync.lease import held_lease

logger = logging.getLogger(__name__)

# Read so lately, it need not be read again because somebody opens it.
FRESH_FOR = timedelta(seconds=2)
# Only the first checkpoint of a long record takes more than moments.
CHECKPOINT_LEASE_SECONDS = 60.0
# A hundred thousand tasks take less; a second run beside the first would only be wasted.
REMATCH_LEASE_SECONDS = 300.0
# Thousands of workflows take a minute or two.
FIGURES_LEASE_SECONDS = 300.0


@shared_task
def deliver_decision(*, decision_id: str, **_later: Any) -> None:
    """Send a decision, and look at once what the history says of it."""
    deliver(decision_id=uuid.UUID(decision_id), now=database_now())
    settle(decision_id=uuid.UUID(decision_id), now=database_now())


@shared_task
def settle_decision(*, decision_id: str, **_later: Any) -> None:
    settle(decision_id=uuid.UUID(decision_id), now=database_now())


@shared_task
def sweep_decisions(**_later: Any) -> None:
    """Find what is due of answers, then of operators' actions."""
    sweep(now=database_now())
    sweep_actions(now=database_now())


@shared_task
def carry_out_rescue(*, decision_id: str, **_later: Any) -> None:
    """Do what an operator asked for (`decision_id` is every hint's id), and look at once."""
    carry_out(action_id=uuid.UUID(decision_id), now=database_now())
    settle_action(action_id=uuid.UUID(decision_id), now=database_now())


@shared_task
def settle_rescue(*, decision_id: str, **_later: Any) -> None:
    settle_action(action_id=uuid.UUID(decision_id), now=database_now())


@shared_task
def keep_audit_outside(**_later: Any) -> None:
    """Let entries that belong to no send leave the database too."""
    sink.keep_up()


@shared_task
def write_checkpoint(**_later: Any) -> None:
    """Sign the audit record as it is, if it is time for that."""
    now = database_now()
    with held_lease(name="audit-checkpoint", seconds=CHECKPOINT_LEASE_SECONDS, now=now) as hold:
        if hold is not None:
            checkpointing.keep_up(now=now)


@shared_task
def match_policies(**_later: Any) -> None:
    """Put what waits under the policies of today, if these have changed."""
    now = database_now()
    if not rematching.is_due(now=now):
        return
    with held_lease(name="policies", seconds=REMATCH_LEASE_SECONDS, now=now) as hold:
        if hold is not None:
            rematching.rematch(now=now)


@shared_task
def forget_api_calls(**_later: Any) -> None:
    """Let go of the answers that repeated API calls would have got."""
    forget_calls(now=database_now())


@shared_task
def refresh_statistics(**_later: Any) -> None:
    """Where no database does so itself."""
    sqlite.refresh_statistics()


@shared_task
def measure_workflows(**_later: Any) -> None:
    """What waits and how long that takes, for the list of workflows."""
    now = database_now()
    with held_lease(name="figures", seconds=FIGURES_LEASE_SECONDS, now=now) as hold:
        if hold is not None:
            measuring.measure(now=now)


@shared_task
def read_opened(*, execution_id: str, **_later: Any) -> None:
    """Read the history of an execution that somebody has just opened, once for many who do."""
    execution = Execution.objects.select_related("connection").get(pk=uuid.UUID(execution_id))
    now = database_now()
    if execution.read_at is not None and now - execution.read_at < FRESH_FOR:
        return
    if not execution.is_known:
        return
    try:
        read_execution(execution=execution, now=now)
    except StepFunctionsError as exc:
        logger.info("Execution %s cannot be read now: %s", execution.pk, exc)


@shared_task
def start_passes(**_later: Any) -> None:
    starting.start_passes(now=database_now())


@shared_task
def sync_connection(*, connection_id: str, **_later: Any) -> None:
    connection = Connection.objects.get(pk=uuid.UUID(connection_id))
    starting.sync_in_turn(connection=connection, now=database_now())

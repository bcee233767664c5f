"""Measure now and then how many wait in each workflow and how long that usually takes."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from itertools import islice

from django.db import IntegrityError
from django.db.models import Count

from callbacks.models import MAY_WAIT, CallbackTask, Measurement, StateMachine, WorkflowFigures
from callbacks.queries.waits import LOOK_BACK, usual_waits

logger = logging.getLogger(__name__)
KEPT = timedelta(days=14)
_BATCH = 200
_COLUMNS = ("measured_at", "waiting", "ended", "ran_out", "median", "p95")


def measure(*, now: datetime) -> None:
    """How many wait, each time, and the last of an hour stands; once an hour how waits were.

    For that two queries per workflow that may wait.
    """
    counts = _waiting()
    hour = now.replace(minute=0, second=0, microsecond=0)
    Measurement.objects.update_or_create(hour=hour, defaults={"waiting": sum(counts.values())})
    Measurement.objects.filter(hour__lt=now - KEPT).delete()
    machines = StateMachine.objects.without_map_runs().filter(MAY_WAIT, gone_at=None)
    ids = iter(list(machines.values_list("pk", flat=True)))
    while batch := list(islice(ids, _BATCH)):
        those = StateMachine.objects.filter(pk__in=batch).select_related("figures")
        _keep([_figures(one, counts.get(_key(one), 0), hour, now) for one in those])


def _keep(figures: list[WorkflowFigures]) -> None:
    try:
        WorkflowFigures.objects.bulk_create(
            figures,
            update_conflicts=True,
            unique_fields=["state_machine"],
            update_fields=_COLUMNS,
        )
    except IntegrityError:
        logger.warning("A workflow was removed while it was measured; the next time measures all.")


def _waiting() -> dict[tuple[object, str], int]:
    """By connection and name: what waits in Map Runs counts for their state machine."""
    rows = CallbackTask.objects.waiting().order_by()
    grouped = rows.values_list("connection_id", "state_machine_name").annotate(n=Count("pk"))
    return {(connection, name): count for connection, name, count in grouped}


def _key(machine: StateMachine) -> tuple[object, str]:
    return machine.connection_id, machine.name


def _figures(machine: StateMachine, waiting: int, hour: datetime, now: datetime) -> WorkflowFigures:
    before: WorkflowFigures | None = getattr(machine, "figures", None)
    at = int(hour.timestamp())
    oldest = at - KEPT.total_seconds()
    kept = [mark for mark in (before.waiting if before else []) if oldest < mark[0] < at]
    series = [*kept, [at, waiting]]
    if before is not None and before.measured_at >= hour:
        # How waits are usually, changes slowly; looking at thousands of them is not for every time.
        before.waiting = series
        return before
    usual = usual_waits(
        workflow=machine, tasks=CallbackTask.objects.all(), since=now - LOOK_BACK
    ).all
    return WorkflowFigures(
        state_machine=machine,
        measured_at=now,
        waiting=series,
        ended=usual.count if usual else 0,
        ran_out=usual.ran_out if usual else 0,
        median=usual.median if usual else None,
        p95=usual.p95 if usual else None,
    )

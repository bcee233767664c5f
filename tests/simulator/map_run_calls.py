"""DescribeMapRun and ListMapRuns, and what makes children different in ListExecutions."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from tests.simulator.errors import ServiceError
from tests.simulator.jsontext import Json
from tests.simulator.maprun import MapRun
from tests.simulator.names import check_arn

if TYPE_CHECKING:
    from tests.simulator.service import Service

Params = dict[str, Json]
Answer = dict[str, Any]


def find_map_run(service: Service, arn: str) -> MapRun:
    check_arn(arn, "mapRun")
    run = service.engine.map_runs.get(arn)
    if run is None:
        raise ServiceError("ResourceNotFound", f"Resource not found: '{arn}'")
    return run


def list_map_runs(service: Service, params: Params) -> Answer:
    execution = service.execution(params["executionArn"])
    kind = f"runs:{execution.arn}"
    page = service.pager.page(params, kind)
    runs = service.engine.map_runs_of.get(execution.arn, [])[::-1]
    start = page.after or 0
    shown = runs[start : start + page.size]
    answer: Answer = {"mapRuns": [_map_run_row(run) for run in shown]}
    if start + page.size < len(runs):
        answer["nextToken"] = service.pager.token(start + page.size, kind)
    return answer


def _map_run_row(run: MapRun) -> Answer:
    row: Answer = {
        "executionArn": run.execution.arn,
        "mapRunArn": run.arn,
        "stateMachineArn": run.machine.arn,
        "startDate": run.started_at,
    }
    return row if run.stopped_at is None else {**row, "stopDate": run.stopped_at}


def describe_map_run(service: Service, params: Params) -> Answer:
    run = find_map_run(service, params["mapRunArn"])
    answer: Answer = {
        "mapRunArn": run.arn,
        "executionArn": run.execution.arn,
        "status": run.status,
        "startDate": run.started_at,
        "maxConcurrency": run.max_concurrency,
        "toleratedFailureCount": run.tolerance.count or 0,
        "toleratedFailurePercentage": run.tolerance.percentage or 0.0,
        "executionCounts": _counts(service, run, by_items=False),
        "itemCounts": _counts(service, run, by_items=True),
        "redriveCount": run.redrive_count,
    }
    given = {"stopDate": run.stopped_at, "redriveDate": run.redriven_at}
    return {**answer, **{key: value for key, value in given.items() if value is not None}}


_COUNTED = {
    "running": "RUNNING",
    "succeeded": "SUCCEEDED",
    "failed": "FAILED",
    "timedOut": "TIMED_OUT",
    "aborted": "ABORTED",
    "pendingRedrive": "PENDING_REDRIVE",
}


def _counts(service: Service, run: MapRun, *, by_items: bool) -> Answer:
    """Children by status, each counting for one or for the items in it."""
    weights = [batch.items if by_items else 1 for batch in run.batches]
    by_status: Counter[str] = Counter()
    stuck = 0
    for child, weight in zip(run.children, weights, strict=False):
        by_status[child.status] += weight
        if child.status in ("FAILED", "TIMED_OUT", "ABORTED"):
            stuck += weight * (service.engine.redrive_obstacle(child) is not None)
    counts = {name: by_status[status] for name, status in _COUNTED.items()}
    return {
        **counts,
        "pending": sum(weights[len(run.children) :]),
        "total": sum(weights),
        "resultsWritten": counts["succeeded"] if run.has_writer else 0,
        "failuresNotRedrivable": stuck,
    }

"""Executions as lists and descriptions show them, and which of them a list has."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.simulator.listing import Row
from tests.simulator.model import Execution
from tests.simulator.redrive import obstacle

Answer = dict[str, Any]


def by_qualifier(found: Iterator[Row], qualifier: str) -> Iterator[Row]:
    """Those that were started by this version or alias; "" is all of them."""
    if not qualifier:
        return found
    return (
        one
        for one in found
        if one.started_by and qualifier in (str(one.started_by.version), one.started_by.alias)
    )


def execution_row(execution: Row) -> Answer:
    row: Answer = {
        **({"mapRunArn": execution.map_run.arn} if execution.map_run else {}),
        "executionArn": execution.arn,
        "stateMachineArn": execution.machine.arn,
        "name": execution.name,
        "status": execution.status,
        "startDate": execution.started_at,
        **(execution.started_by.marks(execution.machine.arn) if execution.started_by else {}),
    }
    if execution.stopped_at is not None:
        row["stopDate"] = execution.stopped_at
    if execution.redriven_at is not None:
        row["redriveDate"] = execution.redriven_at
        row["redriveCount"] = execution.redrive_count
    return row


def described(execution: Execution, now: float, *, data: bool = True) -> Answer:
    """As DescribeExecution has it; without `data` as with METADATA_ONLY."""
    answer = execution_row(execution)
    answer["redriveCount"] = execution.redrive_count
    answer.update(_redrivability(execution, now))
    if not data:
        return answer
    answer["input"] = execution.input_text
    answer["inputDetails"] = {"included": True}
    if execution.output_text is not None:
        answer["output"] = execution.output_text
        answer["outputDetails"] = {"included": True}
    given = {"error": execution.error, "cause": execution.cause}
    answer.update({key: value for key, value in given.items() if value is not None})
    return answer


def _redrivability(execution: Execution, now: float) -> Answer:
    reason = obstacle(execution, now)
    if reason is not None:
        return {"redriveStatus": "NOT_REDRIVABLE", "redriveStatusReason": reason}
    run = execution.map_run
    if run is None:
        return {"redriveStatus": "REDRIVABLE"}
    by_run = run.status in ("FAILED", "ABORTED")
    return {"redriveStatus": "REDRIVABLE_BY_MAP_RUN" if by_run else "NOT_REDRIVABLE"}


def listed_row(execution: Row) -> Answer:
    run = execution.map_run
    if run is None:
        return execution_row(execution)
    return {**execution_row(execution), "itemCount": run.items_of.get(execution.arn, 1)}


def redrive_filter(found: Iterator[Row], wanted: str | None) -> Iterator[Row]:
    if wanted is None:
        return found
    return (one for one in found if (one.redrive_count > 0) == (wanted == "REDRIVEN"))

"""Read wire answers into facts: what must be there is required, what may be absent is None."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from callbacks.stepfunctions.facts import (
    Event,
    Events,
    ExecutionDetail,
    ExecutionSummary,
    StateMachine,
    StateMachineDetail,
    StateTest,
)

Kind = TypeVar("Kind")


class Flawed(Exception):
    """The answer lacks something; the text names keys and numbers only, never values."""


def required(answer: Mapping[str, Any], key: str, kind: type[Kind]) -> Kind:
    """Return the member, or raise Flawed where it is absent or of another kind."""
    value = answer.get(key)
    if not isinstance(value, kind):
        raise Flawed(f"no {key} in the answer")
    return value


def _time(answer: Mapping[str, Any], key: str) -> datetime | None:
    value = answer.get(key)
    return value.astimezone(UTC) if isinstance(value, datetime) else None


def state_machine(answer: Mapping[str, Any]) -> StateMachine:
    """Read an item of ListStateMachines."""
    return StateMachine(
        arn=required(answer, "stateMachineArn", str),
        name=required(answer, "name", str),
        type=required(answer, "type", str),
        created_at=_time(answer, "creationDate"),
    )


def state_machine_detail(answer: Mapping[str, Any]) -> StateMachineDetail:
    """Read DescribeStateMachine and DescribeStateMachineForExecution."""
    return StateMachineDetail(
        arn=required(answer, "stateMachineArn", str),
        name=required(answer, "name", str),
        definition=required(answer, "definition", str),
        type=answer.get("type"),
        status=answer.get("status"),
        revision_id=answer.get("revisionId"),
        role_arn=answer.get("roleArn"),
        created_at=_time(answer, "creationDate"),
        updated_at=_time(answer, "updateDate"),
        kms_key=(answer.get("encryptionConfiguration") or {}).get("kmsKeyId") or "",
    )


def execution_summary(answer: Mapping[str, Any]) -> ExecutionSummary:
    """Read an item of ListExecutions."""
    return ExecutionSummary(
        arn=required(answer, "executionArn", str),
        name=required(answer, "name", str),
        state_machine_arn=required(answer, "stateMachineArn", str),
        status=required(answer, "status", str),
        started_at=required(answer, "startDate", datetime).astimezone(UTC),
        stopped_at=_time(answer, "stopDate"),
        state_machine_version_arn=answer.get("stateMachineVersionArn"),
        state_machine_alias_arn=answer.get("stateMachineAliasArn"),
        map_run_arn=answer.get("mapRunArn"),
        redrive_count=answer.get("redriveCount") or 0,
        redriven_at=_time(answer, "redriveDate"),
    )


def execution_detail(answer: Mapping[str, Any]) -> ExecutionDetail:
    """Read DescribeExecution."""
    return ExecutionDetail(
        arn=required(answer, "executionArn", str),
        name=answer.get("name"),
        state_machine_arn=required(answer, "stateMachineArn", str),
        status=required(answer, "status", str),
        started_at=required(answer, "startDate", datetime).astimezone(UTC),
        stopped_at=_time(answer, "stopDate"),
        input=answer.get("input"),
        output=answer.get("output"),
        error=answer.get("error"),
        cause=answer.get("cause"),
        state_machine_version_arn=answer.get("stateMachineVersionArn"),
        state_machine_alias_arn=answer.get("stateMachineAliasArn"),
        map_run_arn=answer.get("mapRunArn"),
        redrive_count=answer.get("redriveCount") or 0,
        redriven_at=_time(answer, "redriveDate"),
        redrive_status=answer.get("redriveStatus"),
        redrive_status_reason=answer.get("redriveStatusReason"),
    )


def tags(answer: Mapping[str, Any]) -> dict[str, str]:
    """Read ListTagsForResource."""
    listed = required(answer, "tags", list)
    return {required(tag, "key", str): str(tag.get("value", "")) for tag in listed}


def event(answer: Mapping[str, Any]) -> Event:
    """Check one history event and give its time in UTC."""
    required(answer, "id", int)
    required(answer, "type", str)
    moment = required(answer, "timestamp", datetime)
    return {**answer, "timestamp": moment.astimezone(UTC)}


def contiguous(events: Sequence[Event], first: int) -> Events:
    """Return the events in order of id, or raise Flawed unless they run from `first` on.

    AWS numbers a history 1, 2, 3 … without gaps, so a gap or a number twice means that a page
    was lost or came double.
    """
    ordered = sorted(events, key=lambda one: one["id"])
    for expected, one in enumerate(ordered, start=first):
        if one["id"] != expected:
            raise Flawed(f"event {expected} expected, event {one['id']} found")
    return Events(ordered)


def state_test(answer: Mapping[str, Any]) -> StateTest:
    """Read TestState; what its inspection shows beside the outcome is left out."""
    details = (answer.get("inspectionData") or {}).get("errorDetails") or {}
    return StateTest(
        status=required(answer, "status", str),
        output=answer.get("output"),
        next_state=answer.get("nextState"),
        error=answer.get("error"),
        cause=answer.get("cause"),
        retry_rule=details.get("retryIndex"),
        retry_seconds=details.get("retryBackoffIntervalSeconds"),
    )

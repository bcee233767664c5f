"""The Context object as a state had it, rebuilt where its worker was not given it. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime

from callbacks.asl.history import CallbackTask, History
from callbacks.asl.jsontext import NotJson, read_json

LONGEST_VARIABLES = 262_144


def rebuilt_context(
    *,
    task: CallbackTask,
    history: History,
    execution_arn: str,
    execution_name: str,
    state_machine_arn: str,
    entered_at: datetime | None,
) -> str:
    """Return the JSON text of `$$`, so far as the history tells (dg/input-output-contextobject).

    Holds the task's token as AWS's does: to be masked like everything else.
    """
    execution = {
        "Id": json.dumps(execution_arn),
        "Input": _raw_json(history.input),
        "Name": json.dumps(execution_name),
        "StartTime": json.dumps(_aws_time(history.started_at)),
        "RedriveCount": json.dumps(task.redrive_count),
    }
    state = {
        "EnteredTime": json.dumps(_aws_time(entered_at) if entered_at else None),
        "Name": json.dumps(task.state),
        "RetryCount": json.dumps(task.attempt - 1),
    }
    name = state_machine_arn.rpartition(":")[2]
    machine = {"Id": json.dumps(state_machine_arn), "Name": json.dumps(name)}
    parts = {
        "Execution": _object(execution),
        "State": _object(state),
        "StateMachine": _object(machine),
    }
    if task.token:
        parts["Task"] = _object({"Token": json.dumps(task.token)})
    return _object(parts)


def variables_text(variables: Mapping[str, str]) -> str:
    """One JSON object of them; "" for none, and where they are more than an input may be.

    AWS allows 10 MiB in all (dg/workflow-variables, "Limits").
    """
    if not variables or sum(map(len, variables.values())) > LONGEST_VARIABLES:
        return ""
    return _object({name: _raw_json(text) for name, text in variables.items()})


def _object(members: dict[str, str]) -> str:
    return "{" + ", ".join(f'"{name}": {text}' for name, text in members.items()) + "}"


def _raw_json(text: str) -> str:
    # As it was written, so that 120.00 stays 120.00.
    try:
        read_json(text)
    except NotJson:
        return json.dumps(text)
    return text


def _aws_time(moment: datetime) -> str:
    text = moment.astimezone(UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")

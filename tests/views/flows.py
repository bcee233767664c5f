"""Workflows for tests of their pages: definitions whose steps hang, and tasks in them."""

from __future__ import annotations

import json
from datetime import timedelta

from django.utils import timezone

from callbacks.models import CallbackTask, StateMachine
from tests import making

WAIT = "arn:aws:states:::lambda:invoke.waitForTaskToken"


def page_path(machine: StateMachine) -> str:
    return f"/workflows/{machine.pk}/"


def definition(*names: str, resource: str = WAIT, **fields: object) -> str:
    """States one after the other, each of which hangs and has no Catch."""
    state = {
        "Type": "Task",
        "Resource": resource,
        "Parameters": {"token.$": "$$.Task.Token"},
        "End": True,
        **fields,
    }
    return json.dumps({"StartAt": names[0], "States": dict.fromkeys(names, state)})


def task_in(machine: StateMachine, **fields: object) -> CallbackTask:
    state = fields.pop("state", "Review")
    request = making.make_request(making.make_execution(machine), state)
    return making.make_task(request, **fields)


def ended(
    machine: StateMachine, *, minutes: float, days_ago: float = 1, **fields: object
) -> CallbackTask:
    """A task that was answered, or however else it ended."""
    at = timezone.now() - timedelta(days=days_ago)
    values = {"status": "answered", "closed_at": at, "changed_at": at, **fields}
    return task_in(machine, waiting_since=at - timedelta(minutes=minutes), **values)

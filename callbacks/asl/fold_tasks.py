"""Tasks, activities and functions: scheduled, started, submitted, ended."""

from __future__ import annotations

from callbacks.asl.events import Event, HistoryError, number, own_details, text, time
from callbacks.asl.reading import Place, Reading, closing_by
from callbacks.asl.scopes import OpenTask, Visit

TASK, ACTIVITY, LAMBDA = "task", "activity", "lambda"
# The noun in the event's type and the kind of task that it means.
NOUNS = {"Task": TASK, "Activity": ACTIVITY, "LambdaFunction": LAMBDA}
OWN_CLOSINGS = {
    "Succeeded": "succeeded",
    "Failed": "failed",
    "TimedOut": "timed_out",
    "StartFailed": "failed",
    "SubmitFailed": "failed",
    "ScheduleFailed": "failed",
}


def scheduled(reading: Reading, event: Event, before: Place) -> Place:
    if reading.ended is not None:
        raise HistoryError(f"event {event['id']} begins after the execution's end")
    kind = NOUNS[event["type"].removesuffix("Scheduled")]
    found = own_details(event)
    visit = before.visit or _visit_redriven(reading, event, kind, found)
    closing = closing_by(event, "retried")
    reading.close_task(visit.task, closing)
    task = OpenTask(
        visit=visit,
        scheduled_event_id=event["id"],
        kind=kind,
        resource=_resource(reading, event, kind, visit),
        attempt=visit.next_attempt(reading.redrive_count),
        redrive_count=reading.redrive_count,
        parameters=text(found, "parameters" if kind == TASK else "input") or "",
        timeout_seconds=number(found, "timeoutInSeconds"),
        heartbeat_seconds=number(found, "heartbeatInSeconds"),
        scheduled_at=closing.at,
        assigned_before=len(reading.assigned),
        variables=visit.scope.visible_variables(),
    )
    visit.scope.reopen()
    visit.scope.tasks[task] = None
    visit.task = task
    reading.tasks.append(task)
    return Place(visit.scope, visit, task)


def _resource(reading: Reading, event: Event, kind: str, visit: Visit) -> str:
    found = own_details(event)
    resource = text(found, "resource")
    service = text(found, "resourceType")
    if resource and kind != TASK:
        return resource
    if resource:
        return f"{service}:{resource}" if service else resource
    state = reading.state(visit.state)
    if state is None or not state.resource:
        raise HistoryError(f"event {event['id']} ({event['type']}) has no details")
    return state.resource if kind != TASK else state.resource.rpartition(":::")[2]


def _visit_redriven(reading: Reading, event: Event, kind: str, found: object) -> Visit:
    """A task that hangs on no state: after a redrive, the one that it can only be."""
    candidates = [
        visit
        for visit in reading.all_unfinished()
        if visit.task is not None
        and visit.task.kind == kind
        and visit.task.redrive_count < reading.redrive_count
        and visit.task.resource == _resource(reading, event, kind, visit)
    ]
    if len(candidates) != 1:
        raise HistoryError(f"event {event['id']} does not say which state it belongs to")
    return candidates[0]


def task_started(reading: Reading, event: Event, before: Place) -> Place:
    if before.task is not None and before.task.started_at is None:
        before.task.started_at = time(event)
        # Of an activity, where the worker gave itself a name.
        before.task.worker = text(own_details(event), "workerName") or ""
    return before


def task_submitted(reading: Reading, event: Event, before: Place) -> Place:
    if before.task is not None and before.task.submitted_at is None:
        before.task.submitted_at = time(event)
    return before


def task_ended(reading: Reading, event: Event, before: Place) -> Place:
    noun = next(noun for noun in NOUNS if event["type"].startswith(noun))
    task = before.task or _task_meant(reading, event, NOUNS[noun])
    if task is None:
        return before
    kind = OWN_CLOSINGS[event["type"].removeprefix(noun)]
    reading.close_task(task, closing_by(event, kind))
    return Place(task.visit.scope, task.visit, task)


def _task_meant(reading: Reading, event: Event, kind: str) -> OpenTask | None:
    """For an ending that hangs on no task: the one that it can only be, if any is open."""
    if event["type"].endswith("ScheduleFailed"):
        return None  # there never was one
    is_open = [task for task in reading.tasks if task.closed is None and task.kind == kind]
    if len(is_open) > 1:
        raise HistoryError(f"event {event['id']} does not say which task it ends")
    return is_open[0] if is_open else None

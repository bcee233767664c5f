"""Activities: made, listed, described, deleted, and polled by workers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.simulator.activities import Activity
from tests.simulator.errors import ServiceError
from tests.simulator.jsontext import Json
from tests.simulator.names import arn_of, check_arn, check_name

if TYPE_CHECKING:
    from tests.simulator.service import Service

Params = dict[str, Json]
Answer = dict[str, Any]


def create_activity(service: Service, params: Params) -> Answer:
    """Idempotent by name, as AWS says; the tags of a second call are not looked at."""
    name = params["name"]
    check_name(name)
    arn = arn_of(service.engine, "activity", name)
    if arn not in service.engine.activities.by_arn:
        tags = {tag["key"]: tag.get("value", "") for tag in params.get("tags", [])}
        service.engine.create_activity(arn, name, tags)
    activity = service.engine.activities.by_arn[arn]
    return {"activityArn": arn, "creationDate": activity.created_at}


def delete_activity(service: Service, params: Params) -> Answer:
    check_arn(params["activityArn"], "activity")
    service.engine.delete_activity(params["activityArn"])
    return {}


def list_activities(service: Service, params: Params) -> Answer:
    page = service.pager.page(params, "activities")
    activities = list(service.engine.activities.by_arn.values())
    start = page.after or 0
    shown = activities[start : start + page.size]
    answer: Answer = {"activities": [_row(activity) for activity in shown]}
    if start + page.size < len(activities):
        answer["nextToken"] = service.pager.token(start + page.size, "activities")
    return answer


def describe_activity(service: Service, params: Params) -> Answer:
    return _row(_find(service, params["activityArn"]))


def get_activity_task(service: Service, params: Params) -> Answer:
    """Hand out the oldest unstarted task at once; the real service would wait for one."""
    engine = service.engine
    activity = _find(service, params["activityArn"])
    visit = engine.activities.oldest(activity.arn, engine.open_tasks)
    if visit is None:
        return {}
    engine.start_activity(visit.number, params.get("workerName"))
    details = visit.scope.execution.events[visit.scheduled - 1].details or {}
    return {"taskToken": engine.mint.token(visit.number), "input": details["input"]}


def _find(service: Service, arn: str) -> Activity:
    check_arn(arn, "activity")
    activity = service.engine.activities.by_arn.get(arn)
    if activity is None:
        raise ServiceError("ActivityDoesNotExist", f"Activity Does Not Exist: '{arn}'")
    return activity


def _row(activity: Activity) -> Answer:
    return {
        "activityArn": activity.arn,
        "name": activity.name,
        "creationDate": activity.created_at,
    }

"""Executions: one run, with those of its tasks that the caller may see."""

from uuid import UUID

from django.http import HttpResponse
from ninja import Router

from callbacks.api.callers import ApiRequest, doors
from callbacks.api.problems import documented, not_found
from callbacks.api.rendering import render
from callbacks.api.shapes import ExecutionOut
from callbacks.api.shaping import execution_out, task_item
from callbacks.models import Execution
from callbacks.queries.executions import TASKS_SHOWN, find_execution
from callbacks.queries.listing import answers_to, without_payloads

router = Router(tags=["executions"])


@router.get(
    "/{uuid:execution_id}",
    auth=doors(),
    response={200: ExecutionOut, **documented(404)},
    summary="One execution and its tasks",
)
def execution(request: ApiRequest, execution_id: UUID) -> HttpResponse:
    found = _find(request, execution_id)
    rows = without_payloads(request.auth.tasks.filter(execution_id=found.pk))
    tasks = rows.order_by("-redrive_count", "-scheduled_event_id")[:TASKS_SHOWN]
    answers = answers_to(task_ids=[task.pk for task in tasks])
    return render(execution_out(found, [task_item(t, answers.get(t.pk, ())) for t in tasks]))


def _find(request: ApiRequest, execution_id: UUID) -> Execution:
    caller = request.auth
    found = find_execution(execution_id=execution_id, sight=caller.sight)
    if found is None or (caller.machines and found.state_machine.name not in caller.machines):
        raise not_found()
    return found

"""Executions: one run, with those of its tasks that the caller may see."""

from uuid import UUID

from django.http import HttpResponse
from ninja import Router

from callbacks.api.callers import ApiRequest, doors
from callbacks.api.once import IdempotencyKey
from callbacks.api.problems import WRITES, documented, not_found
from callbacks.api.rendering import render
from callbacks.api.rescuing import RedriveIn, StopIn, rescue_once, rescues_out
from callbacks.api.shapes import ExecutionOut, RescueOut
from callbacks.api.shaping import execution_out, task_items
from callbacks.models import Execution, RescueAction, Scope
from callbacks.queries.executions import TASKS_SHOWN, find_execution
from callbacks.queries.listing import without_payloads
from callbacks.queries.rescue import actions_of
from callbacks.rescue.ask import MAY_RESCUE, redrive, stop

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
    actions = rescues_out(actions_of(execution_id=found.pk))
    return render(execution_out(found, task_items(tasks), actions))


@router.post(
    "/{uuid:execution_id}/stop",
    auth=doors(roles=MAY_RESCUE, scope=Scope.OPERATE),
    response={201: RescueOut, **documented(*WRITES)},
    summary="Stop an execution: every task of it that waits is lost",
)
def stop_execution(
    request: ApiRequest, execution_id: UUID, body: StopIn, idempotency_key: IdempotencyKey
) -> HttpResponse:
    found, caller = _find(request, execution_id), request.auth

    def ask(action_id: UUID) -> RescueAction:
        return stop(
            execution_id=found.pk,
            action_id=action_id,
            reason=body.reason,
            error=body.error,
            cause=body.cause,
            actor=caller.actor,
            now=caller.now,
        )

    return rescue_once(request, idempotency_key, ask)


@router.post(
    "/{uuid:execution_id}/redrive",
    auth=doors(roles=MAY_RESCUE, scope=Scope.OPERATE),
    response={201: RescueOut, **documented(*WRITES)},
    summary="Let a failed execution go on from where it failed",
)
def redrive_execution(
    request: ApiRequest, execution_id: UUID, body: RedriveIn, idempotency_key: IdempotencyKey
) -> HttpResponse:
    found, caller = _find(request, execution_id), request.auth

    def ask(action_id: UUID) -> RescueAction:
        return redrive(
            execution_id=found.pk,
            action_id=action_id,
            reason=body.reason,
            actor=caller.actor,
            now=caller.now,
        )

    return rescue_once(request, idempotency_key, ask)


def _find(request: ApiRequest, execution_id: UUID) -> Execution:
    caller = request.auth
    found = find_execution(execution_id=execution_id, sight=caller.sight)
    if found is None or (caller.machines and found.state_machine.name not in caller.machines):
        raise not_found()
    return found

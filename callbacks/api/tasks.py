"""Tasks: list, read, check an answer, and give one through the one door."""

from typing import Annotated, Any, Literal
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponse
from ninja import Query, Router
from pydantic import BaseModel, ConfigDict, Field

from callbacks.api.callers import ApiRequest, doors
from callbacks.api.cursors import bad_cursor, seal, unseal
from callbacks.api.deciding import Given, decide_once
from callbacks.api.foretelling import foreseen, refused
from callbacks.api.once import IdempotencyKey, once
from callbacks.api.problems import WRITES, documented, invalid, not_found
from callbacks.api.queries import check_names
from callbacks.api.rendering import render
from callbacks.api.rescuing import HeartbeatIn, rescue_once
from callbacks.api.shapes import (
    DecisionOut,
    PreflightOut,
    PreflightProblem,
    RescueOut,
    TaskList,
    TaskOut,
)
from callbacks.api.shaping import task_items, task_out
from callbacks.audit.readings import record_reading
from callbacks.decisions.answer import Answer, check_answer, under
from callbacks.decisions.around import Around
from callbacks.decisions.errors import InvalidAnswer
from callbacks.decisions.preflight import preflight, sent_as
from callbacks.models import CallbackTask, Direction, RescueAction, Scope, User
from callbacks.queries.listing import ListFilter, list_tasks
from callbacks.queries.paging import BadCursor, Cursor, parse_cursor
from callbacks.queries.tasks import Order
from callbacks.rescue.ask import MAY_RESCUE, heartbeat
from callbacks.sync.merging import merged_task

router = Router(tags=["tasks"])

# No database takes a NUL.
Text = Annotated[str, Field(max_length=200, pattern=r"^[^\x00]*$")]
MapRunName = Annotated[
    str,
    Field(
        max_length=256,
        pattern=r"^([0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}|arn:[^\x00]*)?$",
    ),
]


class TaskQuery(BaseModel):
    status: Literal["waiting", "running", "answered", "timed_out", "stopped", "closed", "all"] = (
        "waiting"
    )
    state_machine: Text = ""
    state: Text = ""
    connection: Text = Field("", description="A name or an id.")
    map_run: MapRunName = Field(
        "", description="The id or ARN of a Map Run: what is in its children, and in Maps in those."
    )
    q: Text = Field("", description="Words in names, headline and key fields.")
    mine: bool = Field(False, description="Only what the caller or their teams may answer.")
    order: Order = Order.SOONEST
    limit: int = Field(50, ge=1, le=200)
    cursor: Annotated[str, Field(max_length=500)] = ""


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


END_EARLY = Field(
    False,
    description=(
        "Needed where the task has early_completion: end the step, although its job goes on."
    ),
)


OUTPUTS = {"output", "output_text"}
ONE_OUTPUT = "Give either output or output_text."


class Approve(_Body):
    """Either `output` or `output_text`."""

    model_config = ConfigDict(
        json_schema_extra={"oneOf": [{"required": ["output"]}, {"required": ["output_text"]}]}
    )
    output: Any = Field(None, description="Sent without blanks, its numbers as written.")
    output_text: str = Field("", description="Exactly this text is sent.")
    reason: str = ""
    end_early: bool = END_EARLY
    override: bool = Field(False, description="Send it although the preflight calls it fatal.")
    undo_seconds: int | None = Field(None, ge=0, le=86_400, description="null: sent at once.")


class Reject(_Body):
    error: str = ""
    cause: str = ""
    reason: str = ""
    end_early: bool = END_EARLY
    override: bool = Field(False, description="Send it although the preflight calls it fatal.")
    undo_seconds: int | None = Field(None, ge=0, le=86_400, description="null: sent at once.")


class Preflight(_Body):
    """An approval with `output` or `output_text`, else a rejection."""

    output: Any = None
    output_text: str = ""
    error: str = ""
    cause: str = ""
    end_early: bool = END_EARLY


@router.get(
    "", auth=doors(), response={200: TaskList, **documented()}, summary="List callback tasks"
)
def tasks(request: ApiRequest, query: Query[TaskQuery]) -> HttpResponse:
    check_names(request, TaskQuery)
    of = f"tasks.{query.status}.{query.order}"
    found = list_tasks(
        tasks=request.auth.own_tasks if query.mine else request.auth.tasks,
        filters=ListFilter(
            status="" if query.status == "all" else query.status,
            connection=query.connection,
            state_machine=query.state_machine,
            state=query.state,
            map_run=query.map_run,
            text=query.q,
        ),
        order=query.order,
        cursor=_cursor(unseal(of, query.cursor)),
        limit=query.limit,
    )
    items = task_items(found.tasks)
    return render(TaskList(items=items, next_cursor=seal(of, found.next) if found.next else None))


@router.get(
    "/{uuid:task_id}",
    auth=doors(),
    response={200: TaskOut, **documented(404)},
    summary="One task, with what it waits with",
)
def task(request: ApiRequest, task_id: UUID) -> HttpResponse:
    found = find(request, task_id)
    caller = request.auth
    record_reading(user=caller.user, task_id=found.pk, view="api", now=caller.now)
    return render(task_out(found))


@router.post(
    "/{uuid:task_id}/preflight",
    auth=doors(),
    response={200: PreflightOut, **documented(404, 409, 411, 413, 415)},
    summary="What an answer would do, without giving it",
)
def check(
    request: ApiRequest, task_id: UUID, given: Preflight, idempotency_key: IdempotencyKey
) -> HttpResponse:
    """The form of the payload is checked, and what the workflow would make of it worked out."""
    found = find(request, task_id)
    caller = request.auth
    # What the workflow would hand on may hold all of what the request shows.
    record_reading(user=caller.user, task_id=found.pk, view="api", now=caller.now)
    return once(request, idempotency_key, lambda: _checked(found, given, request.auth.user))


@router.post(
    "/{uuid:task_id}/approve",
    auth=doors(scope=Scope.DECIDE),
    response={201: DecisionOut, **documented(*WRITES)},
    summary="Approve: the task succeeds with this output",
)
def approve(
    request: ApiRequest, task_id: UUID, given: Approve, idempotency_key: IdempotencyKey
) -> HttpResponse:
    """Where the policy wants several people, the same bytes again are the next signature."""
    if not given.model_fields_set & OUTPUTS:
        raise invalid("output", ONE_OUTPUT)
    answer = Answer(
        direction=Direction.APPROVE,
        output_text=_output_of(given),
        reason=given.reason,
        # A program that writes null means null.
        empty_is_meant=True,
        end_early=given.end_early,
        override=given.override,
    )
    return decide_once(request, Given(task_id, answer, given.undo_seconds, idempotency_key))


@router.post(
    "/{uuid:task_id}/reject",
    auth=doors(scope=Scope.DECIDE),
    response={201: DecisionOut, **documented(*WRITES)},
    summary="Reject: the task fails with this error and cause",
)
def reject(
    request: ApiRequest, task_id: UUID, given: Reject, idempotency_key: IdempotencyKey
) -> HttpResponse:
    answer = Answer(
        direction=Direction.REJECT,
        error=given.error,
        cause=given.cause,
        reason=given.reason,
        end_early=given.end_early,
        override=given.override,
    )
    return decide_once(request, Given(task_id, answer, given.undo_seconds, idempotency_key))


def find(request: ApiRequest, task_id: UUID) -> CallbackTask:
    """The task with all that is shown of it. Raises Problem (404)."""
    rows = request.auth.tasks.select_related("connection", "policy", "execution__definition")
    found = rows.filter(pk=task_id).first() or _merged(rows, task_id)
    if found is None:
        raise not_found()
    return found


def _merged(rows: QuerySet[CallbackTask], task_id: UUID) -> CallbackTask | None:
    """The task to which a token went that was handed over as this one."""
    merged = merged_task(intake_id=task_id)
    return rows.filter(pk=merged).first() if merged else None


def _output_of(given: Approve | Preflight) -> str:
    """The exact text. Raises Problem (422) where it is given twice."""
    named = given.model_fields_set & OUTPUTS
    if len(named) > 1:
        raise invalid("output", ONE_OUTPUT)
    return str(given.output) if "output" in named else given.output_text


def _checked(task: CallbackTask, given: Preflight, user: User) -> HttpResponse:
    named = given.model_fields_set
    is_approval = bool(named & OUTPUTS)
    if is_approval and named & {"error", "cause"}:
        raise invalid("output", "Give an output, or an error and cause.")
    answer = Answer(
        direction=Direction.APPROVE if is_approval else Direction.REJECT,
        output_text=_output_of(given),
        error=given.error,
        cause=given.cause,
        empty_is_meant=True,
        end_early=given.end_early,
    )
    problems = _problems(answer, task)
    if problems:
        return render(refused(problems))
    answer = under(answer, task.policy)
    forecast = preflight(task=task, answer=answer)
    around = Around(task, user)
    sent = sent_as(task=task, answer=answer, found=forecast, around=around)
    return render(foreseen(forecast, sent))


@router.post(
    "/{uuid:task_id}/heartbeat",
    auth=doors(roles=MAY_RESCUE, scope=Scope.OPERATE),
    response={201: RescueOut, **documented(*WRITES)},
    summary="One heartbeat now",
)
def send_heartbeat(
    request: ApiRequest, task_id: UUID, body: HeartbeatIn, idempotency_key: IdempotencyKey
) -> HttpResponse:
    caller = request.auth
    if not caller.tasks.filter(pk=task_id).exists():
        raise not_found()

    def ask(action_id: UUID) -> RescueAction:
        return heartbeat(
            task_id=task_id,
            action_id=action_id,
            reason=body.reason,
            actor=caller.actor,
            now=caller.now,
        )

    return rescue_once(request, idempotency_key, ask)


def _problems(answer: Answer, task: CallbackTask) -> list[PreflightProblem]:
    try:
        check_answer(answer, policy=task.policy, ends_early=task.early_completion)
    except InvalidAnswer as exc:
        # A preflight has no reason to check.
        return [
            PreflightProblem(field=field, message=" ".join(texts))
            for field, texts in exc.errors.items()
            if field != "reason"
        ]
    return []


def _cursor(place: str) -> Cursor | None:
    try:
        return parse_cursor(place)
    except BadCursor:
        raise bad_cursor() from None

"""Intake: a worker hands over a task token instead of leaving it to be found."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from django.db.models import Q
from django.http import HttpResponse
from ninja import Router
from pydantic import BaseModel, ConfigDict, Field

from callbacks.api.callers import ApiRequest, doors
from callbacks.api.once import IdempotencyKey, once
from callbacks.api.problems import Problem, documented, invalid, not_recorded
from callbacks.api.rendering import render
from callbacks.audit import AuditUnavailable
from callbacks.models import CallbackTask, Connection, Role, Scope
from callbacks.stepfunctions.hints import is_execution
from callbacks.sync.intake import Handed, TokenOver, connection_of, take_in, workflow_of

router = Router(tags=["intake"])

# Auditors read.
MAY_HAND_OVER = frozenset({Role.APPROVER, Role.OPERATOR, Role.ADMIN})
Name = Annotated[str, Field(max_length=256, pattern=r"^[^\x00]*$")]


class IntakeIn(BaseModel):
    model_config = ConfigDict(
        extra="forbid", strict=True, hide_input_in_errors=True, title="HandedOver"
    )

    task_token: str = Field(
        min_length=1,
        max_length=2048,
        pattern=r"^[!-~]+$",
        repr=False,
        description="As AWS gave it to the worker. It is kept encrypted and never shown.",
    )
    execution_arn: Name | None = Field(None, description="The execution, where it is known.")
    connection: Name | None = Field(
        None, description="A name or an id; needed where the execution does not tell it."
    )
    state: Annotated[str, Field(max_length=80, pattern=r"^[^\x00]*$")] | None = Field(
        None, description="The state, where several of the execution wait for a worker."
    )
    note: Annotated[str, Field(max_length=2000, pattern=r"^[^\x00]*$")] = Field(
        "", description="For people; its first line is the headline until the execution is read."
    )


class IntakeOut(BaseModel):
    id: UUID = Field(description="The task to look at: GET /tasks/{id}.")
    token_known: bool = Field(description="Whether it can be answered already.")


@router.post(
    "",
    auth=doors(roles=MAY_HAND_OVER, scope=Scope.INTAKE),
    response={202: IntakeOut, **documented(409, 411, 413, 415, 503)},
    summary="Hand over a task token",
)
def intake(request: ApiRequest, given: IntakeIn, idempotency_key: IdempotencyKey) -> HttpResponse:
    """The same token again gives the same task."""

    def act() -> HttpResponse:
        key = _taken_in(request, given)
        task = CallbackTask.objects.filter(pk=key).first()
        is_known = task is not None and task.can_be_answered
        return render(IntakeOut(id=key, token_known=is_known), status=202)

    return once(request, idempotency_key, act)


def _taken_in(request: ApiRequest, given: IntakeIn) -> UUID:
    arn = given.execution_arn or ""
    if arn and not is_execution(arn):
        raise invalid("execution_arn", "This is not the ARN of a Standard execution.")
    _check_key(request, arn)
    handed = Handed(
        token=given.task_token, execution_arn=arn, state=given.state or "", note=given.note
    )
    try:
        return take_in(
            connection=_connection(given.connection or "", handed),
            handed=handed,
            actor=request.auth.actor,
            now=request.auth.now,
        )
    except TokenOver:
        text = "This token was answered, or AWS says that it answers nothing any more."
        raise Problem(409, "token_over", text) from None
    except AuditUnavailable:
        raise not_recorded("The audit record cannot be written, so nothing was kept.") from None


def _check_key(request: ApiRequest, arn: str) -> None:
    """A key that is for some workflows only hands over tokens of those."""
    machines = request.auth.machines
    if machines and (not arn or workflow_of(arn) not in machines):
        text = "This key is for some workflows only: name an execution of one of them."
        raise Problem(403, "workflow", text)


def _connection(name: str, handed: Handed) -> Connection:
    """The one that is meant. Raises Problem where none or several could be."""
    arn = handed.execution_arn
    rows = Connection.objects.all()
    if name:
        rows = rows.filter(Q(pk=_as_id(name)) | Q(name=name))
    if arn:
        region, account = arn.split(":")[3:5]
        rows = rows.filter(region=region, account__in=("", account))
    found = list(rows.order_by("created_at", "pk"))
    if not found:
        raise _unclear(name, arn, is_none=True)
    enabled = [one for one in found if one.is_enabled]
    if not enabled:
        raise Problem(409, "connection_off", "This connection is switched off. Nothing was kept.")
    if len(enabled) == 1:
        return enabled[0]
    meant = connection_of(handed=handed, among=enabled)
    if meant is None:
        raise _unclear(name, arn, is_none=False)
    return meant


def _as_id(name: str) -> UUID | None:
    try:
        return UUID(name)
    except ValueError:
        return None


def _unclear(name: str, arn: str, *, is_none: bool) -> Problem:
    if name and is_none:
        return invalid("connection", "There is no such connection, or the execution is not of it.")
    if arn and is_none:
        return invalid("execution_arn", "No connection is for this account and region.")
    if is_none:
        return invalid("connection", "There is no connection yet.")
    return invalid("connection", "More than one connection could be meant: name it.")

"""Requests: what people and programs say about them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.http import HttpResponse
from ninja import Router
from pydantic import BaseModel, ConfigDict, Field

from callbacks.api.callers import ApiRequest, doors
from callbacks.api.once import IdempotencyKey, id_for, once
from callbacks.api.problems import WRITES, Problem, documented, not_found
from callbacks.api.rendering import render
from callbacks.audit import AuditUnavailable
from callbacks.conversation.comments import LONGEST, MAY_COMMENT, add_comment
from callbacks.conversation.errors import Refused
from callbacks.models import CallbackTask, Comment, Scope
from callbacks.queries.conversation import comments_of

router = Router(tags=["requests"])


class CommentIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    text: str = Field(max_length=LONGEST)


class CommentOut(BaseModel):
    id: UUID
    task: UUID
    by: str
    at: datetime
    text: str


class CommentList(BaseModel):
    items: list[CommentOut]


@router.get(
    "/{uuid:request_id}/comments",
    auth=doors(),
    response={200: CommentList, **documented(404)},
    summary="What was said about a request, the oldest first",
)
def comments(request: ApiRequest, request_id: UUID) -> HttpResponse:
    """The latest 200."""
    said = comments_of(task=_task(request, request_id))
    return render(CommentList(items=[_shape(comment) for comment in said]))


@router.post(
    "/{uuid:request_id}/comments",
    auth=doors(roles=MAY_COMMENT, scope=Scope.DECIDE),
    response={201: CommentOut, **documented(*WRITES)},
    summary="Say something about a request; it stays on the record",
)
def comment(
    request: ApiRequest, request_id: UUID, body: CommentIn, idempotency_key: IdempotencyKey
) -> HttpResponse:
    task = _task(request, request_id)

    def act() -> HttpResponse:
        return render(_shape(_said(request, task, body, idempotency_key)), status=201)

    return once(request, idempotency_key, act)


def _said(request: ApiRequest, task: CallbackTask, body: CommentIn, key: str | None) -> Comment:
    caller = request.auth
    try:
        return add_comment(
            task=task,
            comment_id=id_for(request, key),
            text=body.text,
            actor=caller.actor,
            now=caller.now,
        )
    except Refused as exc:
        raise Problem(422, "invalid", str(exc), errors={"text": [str(exc)]}) from None
    except AuditUnavailable:
        text = "The audit record cannot be written, so nothing was kept. Try again."
        raise Problem(503, "audit_unavailable", text, headers={"Retry-After": "5"}) from None


def _task(request: ApiRequest, request_id: UUID) -> CallbackTask:
    """The latest attempt that the caller may know of."""
    attempts = request.auth.tasks.filter(request_id=request_id)
    task = attempts.order_by("-redrive_count", "-scheduled_event_id").first()
    if task is None:
        raise not_found()
    return task


def _shape(comment: Comment) -> CommentOut:
    return CommentOut(
        id=comment.pk,
        task=comment.task_id,
        by=comment.user_name,
        at=comment.at,
        text=comment.text,
    )

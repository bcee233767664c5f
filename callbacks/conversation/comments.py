"""Say something about a request; what is said stays on the record."""

from __future__ import annotations

import hashlib
import uuid
from datetime import datetime

from django.db import transaction

from callbacks.asl.payload import PayloadError, check_text
from callbacks.audit import append
from callbacks.audit.actor import Actor
from callbacks.conversation.errors import Refused
from callbacks.models import CallbackTask, Comment, Role

LONGEST = 10_000
# Auditors read.
MAY_COMMENT = frozenset({Role.APPROVER, Role.OPERATOR, Role.ADMIN})


def add_comment(
    *, task: CallbackTask, comment_id: uuid.UUID, text: str, actor: Actor, now: datetime
) -> Comment:
    """Keep a remark about the task's request; the same id again gives the same comment.

    The caller has seen to it that the person may see the task. Raises Refused and
    AuditUnavailable, in which cases nothing is kept.
    """
    _check(text, actor)
    assert actor.user is not None  # noqa: S101 - checked with the role
    with transaction.atomic():
        comment, is_new = Comment.objects.get_or_create(
            pk=comment_id,
            defaults={
                "request_id": task.request_id,
                "task_id": task.pk,
                "user": actor.user,
                "user_name": actor.name,
                "channel": actor.channel,
                "at": now,
                "text": text,
            },
        )
        if not is_new:
            return _same_again(comment, task, text, actor)
        append(
            kind="comment_added",
            now=now,
            actor=actor,
            task_id=task.pk,
            facts={
                "request": str(task.request_id),
                "comment": str(comment.pk),
                "sha256": hashlib.sha256(text.encode()).hexdigest(),
            },
        )
    return comment


def _check(text: str, actor: Actor) -> None:
    if actor.user is None or not actor.user.roles & MAY_COMMENT:
        raise Refused("Whoever only reads the record does not comment.", is_forbidden=True)
    if not text.strip():
        raise Refused("Write something.")
    if len(text) > LONGEST:
        raise Refused(f"This has {len(text):,} characters; at most {LONGEST:,} are kept.")
    try:
        check_text(text)
    except PayloadError as exc:
        raise Refused(str(exc.problem)) from None


def _same_again(comment: Comment, task: CallbackTask, text: str, actor: Actor) -> Comment:
    same = (comment.request_id, comment.text) == (task.request_id, text)
    if not same or actor.user is None or comment.user_id != actor.user.pk:
        raise Refused("This number was used for another comment; load the page again.")
    return comment

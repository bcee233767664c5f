"""What AWS said, or what came instead, written to the action that it answers."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from callbacks.models import RescueAction, RescueKind, RescueStatus
from callbacks.models.secret import TokenUnreadable
from callbacks.rescue.beats import extend_deadline
from callbacks.rescue.moves import move
from callbacks.stepfunctions import (
    NotSent,
    NotSentKind,
    Refused,
    RefusedKind,
    Reply,
    StepFunctionsError,
    TaskGone,
    Throttled,
)

# A person waits for it: what cannot be sent after so many tries is given up, and said so.
TRIES = 5


def note_reply(
    *, action: RescueAction, said: Reply | StepFunctionsError | TokenUnreadable, now: datetime
) -> None:
    """Write the outcome of the call. Raises Superseded where the claim is no longer ours."""
    if isinstance(said, Reply):
        _note_taken(action, said, now)
    elif isinstance(said, TokenUnreadable):
        refuse(
            action=action,
            now=now,
            outcome="token_unreadable",
            code="TokenUnreadable",
            message=str(said),
        )
    elif _may_pass(said) and action.looks < TRIES:
        release(action=action, code=said.code, message=said.message, now=now)
    elif said.certainly_not_applied or _is_gone(action, said):
        outcome = why_refused(action.kind, said)
        refuse(action=action, now=now, outcome=outcome, code=said.code, message=said.message)
    else:
        doubt(action=action, code=said.code, message=said.message, now=now)


def release(*, action: RescueAction, code: str, message: str, now: datetime) -> None:
    """Keep it for another try: this one certainly changed nothing."""
    move(
        action=action,
        to=RescueStatus.SENDING,
        now=now,
        step="not_sent",
        facts={"code": code},
        answer_code=code,
        answer_message=message,
        lease_until=None,
        look_after=now + timedelta(seconds=settings.SEND_RETRY_SECONDS),
        looks=action.looks + 1,
    )


def refuse(
    *, action: RescueAction, now: datetime, outcome: str, code: str = "", message: str = ""
) -> None:
    move(
        action=action,
        to=RescueStatus.REFUSED,
        now=now,
        facts={"code": code, "outcome": outcome},
        answer_code=code,
        answer_message=message,
        outcome=outcome,
        lease_until=None,
        look_after=None,
    )


def doubt(*, action: RescueAction, code: str, message: str, now: datetime) -> None:
    """AWS may have done it. A stop and a redrive show; a heartbeat leaves no trace, so that stays.

    A heartbeat is never repeated by itself: one more is harmless, and the person's to ask for.
    """
    is_beat = action.kind == RescueKind.HEARTBEAT
    move(
        action=action,
        to=RescueStatus.UNKNOWN,
        now=now,
        facts={"code": code},
        answer_code=code,
        answer_message=message,
        first_sent_at=action.first_sent_at or action.claimed_at,
        lease_until=None,
        look_after=None if is_beat else now,
        looks=0,
    )


def _note_taken(action: RescueAction, reply: Reply, now: datetime) -> None:
    """Taken. For a heartbeat that is all there will ever be; the others must show in AWS."""
    is_beat = action.kind == RescueKind.HEARTBEAT
    with transaction.atomic():
        if is_beat:
            extend_deadline(action=action, at=reply.at or now, now=now)
        move(
            action=action,
            to=RescueStatus.DONE if is_beat else RescueStatus.SENT,
            now=now,
            facts={"aws_request_id": reply.request_id},
            aws_request_id=reply.request_id,
            taken_at=reply.at or now,
            first_sent_at=action.first_sent_at or action.claimed_at,
            answer_code="",
            answer_message="",
            lease_until=None,
            look_after=None if is_beat else now,
            looks=0,
        )


def _may_pass(error: StepFunctionsError) -> bool:
    if isinstance(error, Refused):
        return error.kind == RefusedKind.EXPIRED_CREDENTIALS
    return isinstance(error, Throttled) or (
        isinstance(error, NotSent) and error.kind == NotSentKind.UNREACHABLE
    )


def _is_gone(action: RescueAction, error: StepFunctionsError) -> bool:
    """A heartbeat spends no token: where the token is dead, it was no earlier beat of ours."""
    return action.kind == RescueKind.HEARTBEAT and isinstance(error, TaskGone)


def why_refused(kind: str, error: StepFunctionsError) -> str:
    """A code from which pages make their words."""
    if isinstance(error, TaskGone):
        return "task_gone"
    if error.code in ("ExecutionNotRedrivable", "ExecutionDoesNotExist", "ExecutionLimitExceeded"):
        return {
            "ExecutionNotRedrivable": "not_redrivable",
            "ExecutionDoesNotExist": "forgotten",
            "ExecutionLimitExceeded": "too_many_runs",
        }[error.code]
    if isinstance(error, Refused | NotSent):
        return str(error.kind)
    return "throttled" if isinstance(error, Throttled) else "other"

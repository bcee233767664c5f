"""Answers by tokens that were handed over.

Where the execution cannot be read, AWS's own reply is all that is ever known.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from callbacks.decisions.moves import move
from callbacks.models import (
    CallbackTask,
    Decision,
    DecisionStatus,
    Intake,
    IntakeStatus,
    TaskStatus,
    TokenState,
)
from callbacks.sync.intake import close_unread

# Of SendTask*: the token answers nothing any more, or never did.
_GONE = ("TaskTimedOut", "TaskDoesNotExist", "InvalidToken")


def may_repeat(*, decision: Decision, task: CallbackTask) -> bool:
    """Close the task where AWS's reply says that it is over; else say that it may still wait.

    Then the same bytes may go out again: a token works once, so they do nothing a second time,
    and the reply to them tells what no history does.
    """
    if decision.status == DecisionStatus.SENT:
        status, at = TaskStatus.ANSWERED, decision.status_at
        close_unread(task=task, status=status, at=at, answered_here=True)
    elif decision.answer_code in _GONE:
        close_unread(task=task, status=TaskStatus.CLOSED, at=decision.status_at)
    return task.is_waiting


def refuse_wrong_token(*, decision: Decision, task: CallbackTask, now: datetime) -> bool:
    """End an answer whose token AWS does not take although the step still waits, and say so.

    A worker named this step, and was wrong or late: so the token is another one's, and the step
    has none again. Raises Superseded.
    """
    given = Intake.objects.filter(task_id=task.pk, status=IntakeStatus.MERGED)
    certainly_not_applied = decision.first_sent_at is None and decision.answer_code in _GONE
    if not certainly_not_applied or not task.is_open or not given.exists():
        return False
    with transaction.atomic():
        state = TokenState.ACTIVITY if task.is_activity else TokenState.MISSING
        CallbackTask.objects.filter(pk=task.pk, status=task.status).update(
            token_state=state,
            token_ciphertext=None,
            token_sha256="",
            token_length=0,
            changed_at=now,
        )
        given.update(status=IntakeStatus.OVER, token_ciphertext=None)
        move(
            decision=decision,
            to=DecisionStatus.REFUSED,
            now=now,
            facts={"code": decision.answer_code},
            lease_until=None,
            look_after=None,
            outcome="wrong_token",
        )
    return True

"""Answers to tasks whose execution cannot be read: AWS's own reply is all that is ever known."""

from __future__ import annotations

from callbacks.models import CallbackTask, Decision, DecisionStatus, TaskStatus
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

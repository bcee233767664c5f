"""How a wait ended without our answer, in words: one sentence for every code that sync knows."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from datetime import timedelta

from django.utils.translation import gettext as _

from callbacks.models import (
    VOID_OUTCOMES,
    CallbackTask,
    Decision,
    DecisionStatus,
    Direction,
    TaskStatus,
)
from callbacks.queries.ended_around import (
    MAP_ENDED,
    NOT_KNOWN,
    PARENT_FAILED,
    PARENT_STOPPED,
    PARENT_TIMED_OUT,
    EndedAround,
    ended_around,
)
from callbacks.queries.rescue import stop_of
from callbacks.sync.plan import JOB_ENDED
from callbacks.views.panels import Fact, short_text

_SENTENCES: Mapping[str, Callable[[], str]] = {
    "answered_elsewhere": lambda: _("Somebody or something outside Holdpoint answered it."),
    "succeeded": lambda: _("Somebody or something outside Holdpoint approved it."),
    "failed": lambda: _("Somebody or something outside Holdpoint rejected it."),
    "worker_succeeded": lambda: _("The activity's worker finished it."),
    "worker_failed": lambda: _("The activity's worker reported a failure."),
    "timed_out": lambda: _("The step ran out of time."),
    "heartbeat_missed": lambda: _(
        "Whoever had it gave no sign of life in time, so that AWS ended the step."
    ),
    "execution_timed_out": lambda: _("The whole run ran out of time."),
    "stopped": lambda: _("The run was stopped."),
    PARENT_TIMED_OUT: lambda: _("The run that this is a part of ran out of time."),
    PARENT_FAILED: lambda: _("The run that this is a part of failed."),
    PARENT_STOPPED: lambda: _("The run that this is a part of was stopped."),
    NOT_KNOWN: lambda: _(
        "The run of this item was stopped, or ended with the one around it, which was restarted "
        "since."
    ),
    MAP_ENDED: lambda: _("The Map that this is an item of ended, and its other items with it."),
    "submit_failed": lambda: _(
        "The call that hands the request over failed, so nobody could have answered it."
    ),
    "state_exited": lambda: _("The workflow left this step by itself."),
    "container_retried": lambda: _("A step around this one failed and is tried again."),
    "sibling_failed": lambda: _("Another branch of the same run failed and ended this one."),
    "scope_ended": lambda: _("The branch around this step ended without it."),
    "retried": lambda: _("The workflow tried the step again by itself, as a new attempt."),
    "redriven": lambda: _("The run was restarted, and the step with it."),
    "execution_succeeded": lambda: _("The run ended well without this answer."),
    "execution_failed": lambda: _("The run failed."),
    "job_ended": lambda: _(
        "The job came to its end, or somebody outside Holdpoint ended the wait for it early; AWS "
        "does not say which."
    ),
    "forgotten": lambda: _("AWS no longer knows this run; what ended the wait is not known."),
    "unread": lambda: _("It is over. What ended it cannot be read from here."),
    "not_read": lambda: _("The run is over. What ended the wait is not read yet."),
}
_BY_STATUS: Mapping[str, Callable[[], str]] = {
    TaskStatus.ANSWERED: _SENTENCES["answered_elsewhere"],
    TaskStatus.TIMED_OUT: _SENTENCES["timed_out"],
    TaskStatus.STOPPED: _SENTENCES["stopped"],
    TaskStatus.CLOSED: lambda: _("The workflow ended this step without an answer."),
}
_BADGES = {
    TaskStatus.WAITING: "waiting",
    TaskStatus.RUNNING: "running",
    TaskStatus.ANSWERED: "elsewhere",
    TaskStatus.TIMED_OUT: "expired",
    TaskStatus.STOPPED: "stopped",
    TaskStatus.CLOSED: "closed",
}


def closing_sentence(code: str) -> str:
    """What was first, by the code on the decision or on the task."""
    words = _SENTENCES.get(code) or _BY_STATUS.get(code) or _BY_STATUS[TaskStatus.CLOSED]
    return words()


def closing_code(task: CallbackTask) -> str:
    if task.job_ended:
        return JOB_ENDED
    if task.is_activity and task.status == TaskStatus.ANSWERED:
        return f"worker_{task.closed_kind}"
    if _missed_heartbeat(task):
        return "heartbeat_missed"
    return task.closed_kind or str(task.status)


def _missed_heartbeat(task: CallbackTask) -> bool:
    """AWS calls both States.Timeout: what ended before its time was over had missed a heartbeat."""
    if task.closed_kind != "timed_out" or task.heartbeat_seconds is None:
        return False
    if task.timeout_seconds is None:
        return True
    if task.started_at is None or task.closed_at is None:
        return False
    return task.closed_at < task.started_at + timedelta(seconds=task.timeout_seconds)


def task_badge(task: CallbackTask, answer: Decision | None = None) -> str:
    """The badge of an attempt; `answer` is the one from here that holds for it, if there is one."""
    if answer is None or task.status != TaskStatus.ANSWERED:
        return _BADGES[TaskStatus(task.status)]
    return answer_badge(status=answer.status, direction=answer.direction, outcome=answer.outcome)


def answer_badge(*, status: str, direction: str, outcome: str, is_off: bool = False) -> str:
    """The badge of an answer from here, by what came of it; `is_off` is its connection."""
    if status == DecisionStatus.HELD and is_off:
        return "held_off"
    if status == DecisionStatus.CONFIRMED:
        return "approved" if direction == Direction.APPROVE else "rejected"
    if status == DecisionStatus.WITHDRAWN and outcome in VOID_OUTCOMES:
        return "voided"
    if status == DecisionStatus.LOST and not answered_from_outside(outcome):
        return "overtaken"
    if status == DecisionStatus.SENT and outcome:
        # No history will confirm it.
        return "taken"
    return status


def answered_from_outside(code: str) -> bool:
    return code in _FROM_OUTSIDE


_FROM_OUTSIDE = (
    "answered_elsewhere",
    "succeeded",
    "failed",
    "worker_succeeded",
    "worker_failed",
)


def end_around(task: CallbackTask | None) -> EndedAround | None:
    """What ended the run of a Map's item with it: one query, and only where it was stopped."""
    if task is None or task.closed_kind != "stopped" or not task.execution.is_item:
        return None
    return ended_around(task_ids=[task.pk]).get(task.pk)


def stop_facts(
    execution_id: uuid.UUID, code: str, around: EndedAround | None = None
) -> tuple[Fact, ...]:
    """Who stopped the run from here, and why; one query, and only where a stop ended the wait."""
    if around is not None:
        is_stop, stopped = around.code == PARENT_STOPPED, around.execution_id
    else:
        is_stop, stopped = code == "stopped", execution_id
    stop = stop_of(execution_id=stopped) if is_stop and stopped else None
    if stop is None:
        return ()
    facts = (Fact(_("Stopped by"), stop.asked_by_name),)
    return (*facts, Fact(_("Why"), short_text(stop.reason))) if stop.reason else facts

"""How a wait ended without our answer, in words: one sentence for every code that sync knows."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from django.utils.translation import gettext as _

from callbacks.models import CallbackTask, Decision, DecisionStatus, Direction, TaskStatus

_SENTENCES: Mapping[str, Callable[[], str]] = {
    "answered_elsewhere": lambda: _("Somebody or something outside Holdpoint answered it."),
    "succeeded": lambda: _("Somebody or something outside Holdpoint approved it."),
    "failed": lambda: _("Somebody or something outside Holdpoint rejected it."),
    "timed_out": lambda: _("The step ran out of time."),
    "execution_timed_out": lambda: _("The whole run ran out of time."),
    "stopped": lambda: _("The run was stopped."),
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
    "forgotten": lambda: _("AWS no longer knows this run; what ended the wait is not known."),
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
    return task.closed_kind or str(task.status)


def task_badge(task: CallbackTask, answer: Decision | None = None) -> str:
    """The badge of an attempt; `answer` is the one from here that holds for it, if there is one."""
    if answer is None or task.status != TaskStatus.ANSWERED:
        return _BADGES[TaskStatus(task.status)]
    if answer.status != DecisionStatus.CONFIRMED:
        return str(answer.status)
    return "approved" if answer.direction == Direction.APPROVE else "rejected"


def answered_from_outside(code: str) -> bool:
    return code in ("answered_elsewhere", "succeeded", "failed")

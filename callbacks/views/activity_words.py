"""Activities in words: whether a worker has the task, and which."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from django.utils.translation import gettext as _

from callbacks.models import TokenState
from callbacks.templatetags.words import moment


class Handed(Protocol):
    """A task, of a list or whole."""

    @property
    def resource(self) -> str: ...
    @property
    def token_state(self) -> str: ...
    @property
    def is_activity(self) -> bool: ...
    @property
    def started_at(self) -> datetime | None: ...
    @property
    def worker(self) -> str: ...


def token_badge(task: Handed) -> str:
    """Why it cannot be answered from here, as a badge; "" where it can."""
    if task.token_state == TokenState.HELD:
        return ""
    if task.token_state == TokenState.PENDING:
        return "looking"
    if not task.is_activity:
        return "no_token"
    return "no_worker" if task.started_at is None else "worker"


def worker_words(task: Handed) -> str:
    """Who has it, in few words; "" where it is no activity's."""
    if not task.is_activity:
        return ""
    if task.started_at is None:
        return _("no worker has picked it up yet")
    if task.worker:
        return _("worker %(name)s is at it") % {"name": task.worker}
    return _("a worker without a name is at it")


def activity_sentence(task: Handed, now: datetime) -> str:
    """The same with the activity's name and the time."""
    activity = activity_name(task.resource)
    if task.started_at is None:
        words = _(
            "It waits for a worker of the activity “%(activity)s”. None has picked it up yet."
        )
        return words % {"activity": activity}
    since = moment(at=task.started_at, now=now)
    if not task.worker:
        words = _("A worker of the activity “%(activity)s” is at it since %(since)s.")
        return words % {"activity": activity, "since": since}
    words = _("The worker “%(name)s” of the activity “%(activity)s” is at it since %(since)s.")
    return words % {"name": task.worker, "activity": activity, "since": since}


def activity_name(arn: str) -> str:
    """The last part of `arn:…:activity:NAME`."""
    return arn.rpartition(":")[2]

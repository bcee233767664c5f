"""After a heartbeat that AWS took, the mirror says until when the task lives now."""

from __future__ import annotations

from datetime import datetime

from callbacks.asl.deadline import HEARTBEAT, after_beat
from callbacks.models import CallbackTask, Execution, RescueAction, TaskStatus


def extend_deadline(*, action: RescueAction, at: datetime, now: datetime) -> None:
    """Move the earliest end of the wait, in the caller's transaction.

    Readings of the history work the whole deadline out anew, with this beat (`sync.beats`).
    """
    # A reading that is being written now must not put the old end back.
    Execution.objects.select_for_update(of=("self",)).filter(rescues=action).first()
    task = (
        CallbackTask.objects.only("heartbeat_seconds", "dies_earliest", "dies_latest")
        .filter(rescues=action, status=TaskStatus.WAITING, deadline_reason=HEARTBEAT)
        .first()
    )
    if task is None or task.heartbeat_seconds is None:
        return
    earliest = after_beat(
        earliest=task.dies_earliest,
        latest=task.dies_latest,
        heartbeat_seconds=task.heartbeat_seconds,
        beat_at=at,
    )
    rows = CallbackTask.objects.filter(pk=task.pk, status=TaskStatus.WAITING)
    rows.update(dies_earliest=earliest, changed_at=now)

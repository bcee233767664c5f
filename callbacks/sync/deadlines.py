"""When the tasks of a history die, as it and the heartbeats from here tell. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from callbacks.asl.deadline import Deadline, deadline
from callbacks.asl.definition import Definition
from callbacks.asl.history import History
from callbacks.sync.plan import TaskKey, key_of


def deadlines_of(
    *,
    history: History,
    definition: Definition | None,
    now: datetime,
    parent_ends_by: datetime | None = None,
    beats: Mapping[TaskKey, datetime] | None = None,
) -> dict[TaskKey, Deadline]:
    """When each task dies, the history being read `now`.

    `beats` are the heartbeats from here, which no history shows.
    """
    beats = beats or {}
    return {
        key_of(task): deadline(
            timeout_seconds=task.timeout_seconds,
            heartbeat_seconds=task.heartbeat_seconds,
            scheduled_at=task.scheduled_at,
            started_at=task.started_at,
            unstarted_at=now,
            last_beat_at=beats.get(key_of(task)),
            execution_started_at=history.started_at,
            execution_counting_since=history.counting_since,
            execution_timeout_seconds=definition.timeout_seconds if definition else None,
            parent_ends_by=parent_ends_by,
        )
        for task in history.tasks
        if task.is_mirrored
    }

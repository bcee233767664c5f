"""Heartbeats that were sent from here, which no history shows, and what they do to deadlines."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from django.db.models import Max

from callbacks.models import RescueAction, RescueKind, RescueStatus
from callbacks.sync.deadlines import deadlines_of
from callbacks.sync.definitions import parsed
from callbacks.sync.reading import Reading


def with_beats(*, reading: Reading, execution_id: UUID) -> Reading:
    """Count the last heartbeat of each task; one query, and only where a wait can be kept alive."""
    history = reading.facts.history
    if history is None or not any(
        task.heartbeat_seconds is not None and task.closed is None for task in history.tasks
    ):
        return reading
    rows = RescueAction.objects.filter(
        execution_id=execution_id, kind=RescueKind.HEARTBEAT, status=RescueStatus.DONE
    )
    found = rows.values_list("redrive_count", "scheduled_event_id").annotate(at=Max("taken_at"))
    beats = {(redrive, event): at for redrive, event, at in found}
    if not beats:
        return reading
    deadlines = deadlines_of(
        history=history,
        definition=parsed(definition=reading.definition),
        now=reading.facts.now,
        parent_ends_by=reading.parent_ends_by,
        beats=beats,
    )
    return replace(reading, facts=replace(reading.facts, deadlines=deadlines))

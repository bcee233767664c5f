"""What ended the children of Map Runs that were stopped: the run that they are a part of, if so.

AWS calls such a child ABORTED, as if somebody had stopped it.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef

from callbacks.models import CallbackTask, ExecutionStatus
from callbacks.queries.map_runs import DEEPEST_MAPS
from callbacks.queries.rescue import stops

PARENT_FAILED, PARENT_STOPPED, PARENT_TIMED_OUT = (
    "parent_failed",
    "parent_stopped",
    "parent_timed_out",
)
MAP_ENDED = "map_ended"
# Somebody stopped it, or what is around it ended and was redriven since.
NOT_KNOWN = "not_known"
_BY_STATUS: Mapping[str, str] = {
    ExecutionStatus.FAILED: PARENT_FAILED,
    ExecutionStatus.TIMED_OUT: PARENT_TIMED_OUT,
    ExecutionStatus.ABORTED: PARENT_STOPPED,
}
_OF_A_LEVEL = (
    "over_at",
    "parent_id",
    "parent__status",
    "parent__stopped_at",
    "parent__ordered_at",
)


@dataclass(frozen=True, slots=True)
class EndedAround:
    """How it ended, as a code, and which run around did, where one did."""

    code: str
    execution_id: uuid.UUID | None = None


def ended_around(*, task_ids: Collection[uuid.UUID]) -> Mapping[uuid.UUID, EndedAround]:
    """Of those of these tasks that ended with something around their run, as far as is known.

    One query for all, none for none.
    """
    if not task_ids:
        return {}
    stopped_here = stops().filter(execution_id=OuterRef("execution_id"))
    rows = CallbackTask.objects.filter(
        ~Exists(stopped_here),
        pk__in=task_ids,
        closed_kind="stopped",
        execution__state_machine__parent__isnull=False,
    )
    columns = [name for level in range(DEEPEST_MAPS) for name in _columns(level)]
    found: dict[uuid.UUID, EndedAround] = {}
    for key, closed_at, *values in rows.values_list("pk", "closed_at", *columns):
        end = _end(closed_at, list(_levels(values)))
        if end is not None:
            found[key] = end
    return found


def _columns(level: int) -> Iterator[str]:
    machine = "execution__state_machine__" + "parent__state_machine__" * level
    return (f"{machine}{name}" for name in _OF_A_LEVEL)


def _levels(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """The innermost first."""
    size = len(_OF_A_LEVEL)
    return (values[at : at + size] for at in range(0, len(values), size))


def _end(closed_at: datetime, levels: Sequence[Sequence[Any]]) -> EndedAround | None:
    """A run around that was stopped may itself have ended with the one around it."""
    end, at = None, closed_at
    for over_at, parent_id, status, stopped_at, begun_at in levels:
        code = _BY_STATUS.get(status, "")
        if code and stopped_at is not None and stopped_at <= at:
            end, at = EndedAround(code, parent_id), stopped_at
            if code != PARENT_STOPPED:
                break
        else:
            if over_at is not None and over_at <= at:
                # The run around goes on, or ended of this later.
                end = EndedAround(MAP_ENDED)
            elif end is None and begun_at is not None and begun_at > at:
                end = EndedAround(NOT_KNOWN)
            break
    return end

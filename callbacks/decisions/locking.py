"""The lock of a task, which comes before that of its answers."""

from __future__ import annotations

import uuid

from callbacks.decisions.errors import TaskUnknown
from callbacks.models import CallbackTask


def lock_task(task_id: uuid.UUID) -> CallbackTask:
    """The task with what never changes about it. Raises TaskUnknown.

    Not with its policy: PostgreSQL would join the row that it waited for to the policy of before,
    and find no task at all where the policy is another one since.
    """
    try:
        return (
            CallbackTask.objects.select_for_update(of=("self",))
            .select_related(
                "execution__connection", "execution__state_machine", "execution__definition"
            )
            .get(pk=task_id)
        )
    except CallbackTask.DoesNotExist:
        raise TaskUnknown from None

"""Answers that a step had and that went well, whoever gave them: what forms are inferred from."""

from __future__ import annotations

import uuid

from django.db.models import QuerySet
from django.db.models.functions import Length

from callbacks.models import CallbackTask, Policy
from callbacks.models.mirror import WENT_WELL

# The newest so many say what is usual.
MOST = 40
# What is larger is data, not a form that somebody fills in.
LARGEST = 20_000


def past_outputs(
    *,
    tasks: QuerySet[CallbackTask],
    connection_id: uuid.UUID,
    workflow: str,
    state: str,
    most: int = MOST,
) -> list[str]:
    """The JSON texts, the newest first, tokens masked: one query, over an index of its own.

    `tasks`: those that the reader may know of.
    """
    of_step = tasks.filter(connection_id=connection_id, state_machine_name=workflow, state=state)
    found = of_step.filter(WENT_WELL).order_by("-closed_at")
    newest = found.alias(size=Length("closed_output")).filter(size__lte=LARGEST)
    return list(newest.values_list("closed_output", flat=True)[:most])


def policies_of_step(*, connection_id: uuid.UUID, workflow: str, state: str) -> list[Policy]:
    """Policies in force by which something waits there or was answered of late: three queries.

    Not the default one: what it says holds for every other step too.
    """
    tasks = CallbackTask.objects.filter(
        connection_id=connection_id, state_machine_name=workflow, state=state
    )
    newest = tasks.filter(WENT_WELL).order_by("-closed_at").values_list("policy_id", flat=True)
    waiting = tasks.waiting().order_by("dies_earliest", "id").values_list("policy_id", flat=True)
    ids = {*waiting[:MOST], *newest[:MOST]}
    return list(Policy.objects.current().filter(pk__in=ids, is_default=False).in_order())

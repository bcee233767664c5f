"""Answers that a step had and that went well, whoever gave them: what forms are inferred from."""

from __future__ import annotations

import uuid

from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Length

from callbacks.models import CallbackTask, Decision, Direction, Policy
from callbacks.models.tasks import WENT_WELL

# The newest so many say what is usual.
MOST = 40
# Among so many they are looked for: the reader may know of few, and most may be too large.
LOOKED_AT = 400
# What is larger is data, not a form that somebody fills in.
LARGEST = 8_000


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
    of_step = CallbackTask.objects.filter(
        connection_id=connection_id, state_machine_name=workflow, state=state
    )
    newest = of_step.filter(WENT_WELL).order_by("-closed_at").values("pk")[:LOOKED_AT]
    found = tasks.filter(~said_no(), pk__in=newest).alias(size=Length("closed_output"))
    fit = found.filter(size__lte=LARGEST).order_by("-closed_at")
    return list(fit.values_list("closed_output", flat=True)[:most])


def said_no() -> Exists:
    """Rejected from here, by a success that says no: the run went well, the answer is none."""
    return Exists(Decision.objects.filter(task_id=OuterRef("pk"), direction=Direction.REJECT))


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

"""What answers to a step usually hold, told from its workflow and from past answers."""

from __future__ import annotations

import logging
import uuid
from functools import lru_cache
from typing import Any

from django.db.models import QuerySet

from callbacks.asl.contract.infer import Contract, infer
from callbacks.asl.contract.reads import Read
from callbacks.asl.contract.walk import reads_of
from callbacks.asl.definition import known_definition
from callbacks.asl.payload import PayloadError, check_output
from callbacks.models import CallbackTask, User
from callbacks.queries.past_answers import past_outputs

logger = logging.getLogger(__name__)
# Fewer answers say too little of what is usual for a form to be made of it.
RUNS_FOR_A_FORM = 3
NOTHING = Contract(schema=None, reads=(), runs=0)


def contract_of_task(*, task: CallbackTask, user: User) -> Contract:
    """Of the step that waits, by the definition that its run works by: two queries at most."""
    known = task.execution.definition
    return contract_of_step(
        definition=known.text if known else "",
        connection_id=task.connection_id,
        workflow=task.state_machine_name,
        state=task.state,
        tasks=CallbackTask.objects.visible_to(user),
    )


def contract_of_step(
    *,
    definition: str,
    connection_id: uuid.UUID,
    workflow: str,
    state: str,
    tasks: QuerySet[CallbackTask],
) -> Contract:
    """`tasks`: those that the reader may know of, whose answers tell. One query."""
    texts = past_outputs(tasks=tasks, connection_id=connection_id, workflow=workflow, state=state)
    try:
        return _told(definition, state, tuple(texts))
    # What goes wrong in guessing must never keep anybody from a page.
    except Exception:
        logger.exception("What answers to %s hold could not be told.", state)
        return NOTHING


@lru_cache(maxsize=32)
def _told(definition: str, state: str, texts: tuple[str, ...]) -> Contract:
    """Kept, for a page and each pause in typing ask for the same; nobody changes what is told."""
    outputs = [_read(text) for text in texts]
    return infer(_reads(definition, state), [one for one in outputs if one is not _UNREADABLE])


_UNREADABLE = object()


def _read(text: str) -> Any:
    try:
        return check_output(text)
    # It may have been cut short when it was mirrored, or hold what no form can show.
    except PayloadError:
        return _UNREADABLE


@lru_cache(maxsize=64)
def _reads(definition: str, state: str) -> tuple[Read, ...]:
    parsed = known_definition(definition)
    found = parsed.state(state) if parsed else None
    return reads_of(parsed, found) if parsed and found else ()

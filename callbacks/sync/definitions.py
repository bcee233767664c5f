"""State machine definitions: each kept once, and which of them an execution runs on."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from functools import lru_cache

from callbacks.asl.definition import WAIT_SUFFIX, DefinitionError, can_wait, parse_definition
from callbacks.asl.definition import Definition as ParsedDefinition
from callbacks.models import Definition, StateMachine

# An execution that starts right after an update may still run on the definition before it
# (API_UpdateStateMachine), so a revision counts from this long after it was first seen.
UPDATE_LAG = timedelta(seconds=10)


def keep_definition(*, text: str) -> Definition:
    """Return the row of this text, made where it is new."""
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    found = Definition.objects.filter(pk=sha256).first()
    if found is not None:
        return found
    return Definition.objects.get_or_create(
        sha256=sha256, defaults={"text": text, "can_wait": _can_wait(text)}
    )[0]


def parsed(*, definition: Definition | None) -> ParsedDefinition | None:
    """Return the definition as objects; None where there is none or it cannot be read."""
    return _parsed(definition.sha256, definition.text) if definition is not None else None


def runs_on_todays(*, machine: StateMachine, started_at: datetime) -> bool:
    """Whether the machine showed the same revision before the start and after it.

    A Map Run has one for all its children, that of its parent.
    """
    if machine.is_map_run:
        return machine.definition_id is not None and machine.revision_since is not None
    if machine.definition_id is None or machine.revision_since is None:
        return False
    if machine.described_at is None:
        return False
    return machine.revision_since + UPDATE_LAG < started_at < machine.described_at


def began_before_todays(*, machine: StateMachine, started_at: datetime) -> bool:
    """Whether it may have started on a definition from before the one that we know.

    AWS names no revision before the first update (API_DescribeStateMachine, "revisionId").
    """
    if not machine.revision_id and not machine.could_wait:
        return False
    since = machine.revision_since
    return since is None or started_at <= since + UPDATE_LAG


@lru_cache(maxsize=256)
def _parsed(sha256: str, text: str) -> ParsedDefinition | None:
    try:
        return parse_definition(text)
    except DefinitionError:
        return None


def _can_wait(text: str) -> bool:
    try:
        return can_wait(parse_definition(text))
    except DefinitionError:
        # A form that we do not know yet: rather look in vain than miss somebody who waits.
        return WAIT_SUFFIX in text or ":activity:" in text

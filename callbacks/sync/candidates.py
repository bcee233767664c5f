"""Executions to read: what a reading is told beforehand, and whose turn it is. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import zip_longest
from uuid import UUID

from callbacks.stepfunctions.rights import DENIED
from callbacks.sync.plan import RUNNING, Target

LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Row:
    """What the mirror holds of an execution that is to be read."""

    arn: str
    name: str
    version: str
    alias: str
    machine_id: UUID
    status: str
    started_at: datetime
    left_at: datetime | None
    last_event_id: int
    definition_id: str | None
    problem: str


@dataclass(frozen=True, slots=True)
class Candidate:
    machine_id: UUID
    target: Target
    definition_id: str | None = None
    # AWS denied its history when it was last asked for.
    was_denied: bool = False


def candidate(row: Row) -> Candidate:
    # Without its own definition, or with a problem, the last reading may be improved upon.
    is_settled = row.definition_id is not None and not row.problem
    return Candidate(
        machine_id=row.machine_id,
        definition_id=row.definition_id,
        was_denied=row.problem.startswith(DENIED),
        target=Target(
            arn=row.arn,
            name=row.name,
            started_at=row.started_at,
            version=row.version,
            alias=row.alias,
            has_left=row.status != RUNNING or row.left_at is not None,
            last_event_id=row.last_event_id,
            is_settled=is_settled and row.last_event_id > 0,
        ),
    )


def taking_turns(*queues: Sequence[Candidate]) -> Iterator[Candidate]:
    """One of each in turn: a thousand that end must not keep out one that begins."""
    for together in zip_longest(*queues):
        yield from (one for one in together if one is not None)


def unsettled(one: Candidate) -> Candidate:
    """To be folded again even if nothing has happened, as by a newer version of this program."""
    return replace(one, target=replace(one.target, is_settled=False))

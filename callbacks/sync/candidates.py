"""Which executions to read, and in which order: what is new, gone or due, then the rest. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import zip_longest
from typing import TYPE_CHECKING
from uuid import UUID

from callbacks.sync.plan import RUNNING, Target

if TYPE_CHECKING:
    from callbacks.stepfunctions import ExecutionSummary

LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Row:
    """What the mirror holds of an execution that runs, or whose end is not read yet."""

    arn: str
    name: str
    machine_id: UUID
    status: str
    started_at: datetime
    redrive_count: int
    last_event_id: int
    definition_id: str | None
    read_at: datetime | None
    read_next_at: datetime | None
    problem: str


@dataclass(frozen=True, slots=True)
class Listing:
    """All running executions of one machine, listed to the end."""

    machine_id: UUID
    executions: Sequence[ExecutionSummary]


@dataclass(frozen=True, slots=True)
class Candidate:
    machine_id: UUID
    target: Target
    definition_id: str | None = None


@dataclass(frozen=True, slots=True)
class Candidates:
    """`urgent` may have changed; `rest` is what a budget with calls to spare looks at as well."""

    urgent: tuple[Candidate, ...]
    rest: tuple[Candidate, ...]


def find_candidates(
    *,
    rows: Mapping[str, Row],
    listings: Iterable[Listing],
    gone_machines: Set[UUID],
    now: datetime,
    everything: bool,
) -> Candidates:
    """Compare what is listed with what the mirror holds.

    Only a whole listing says that an execution has left; a machine that was not listed in this
    pass says nothing about its executions.
    """
    listed: dict[str, ExecutionSummary] = {}
    whole: set[UUID] = set(gone_machines)
    new: list[Candidate] = []
    for listing in listings:
        whole.add(listing.machine_id)
        for execution in listing.executions:
            listed[execution.arn] = execution
            if execution.arn not in rows:
                new.append(_new(listing.machine_id, execution))
    left, due, rest = _sorted_rows(rows, listed, whole, now)
    # The first in the listing is the newest: what has waited longest comes first.
    new.sort(key=lambda one: one.target.started_at)
    urgent = tuple(taking_turns(left, new, due))
    others = tuple(_candidate(row) for row in rest)
    return Candidates(urgent=urgent, rest=tuple(map(_unsettled, others)) if everything else others)


def _sorted_rows(
    rows: Mapping[str, Row],
    listed: Mapping[str, ExecutionSummary],
    whole: Set[UUID],
    now: datetime,
) -> tuple[list[Candidate], list[Candidate], list[Row]]:
    left: list[Candidate] = []
    due: list[Candidate] = []
    rest: list[Row] = []
    for row in sorted(rows.values(), key=lambda row: row.read_at or LONG_AGO):
        summary = listed.get(row.arn)
        is_due = row.read_next_at is not None and row.read_next_at <= now
        if row.status == RUNNING and summary is None and row.machine_id in whole:
            left.append(_candidate(row, has_left=True))
        elif row.status != RUNNING:
            if is_due or summary is not None:
                due.append(_candidate(row, has_left=summary is None))
        elif is_due or (summary is not None and summary.redrive_count != row.redrive_count):
            due.append(_candidate(row))
        elif not row.problem:
            rest.append(row)
    return left, due, rest


def taking_turns(*queues: Sequence[Candidate]) -> Iterator[Candidate]:
    """One of each in turn: a thousand that end must not keep out one that begins."""
    for together in zip_longest(*queues):
        yield from (one for one in together if one is not None)


def _new(machine_id: UUID, execution: ExecutionSummary) -> Candidate:
    target = Target(arn=execution.arn, name=execution.name, started_at=execution.started_at)
    return Candidate(machine_id=machine_id, target=target)


def _candidate(row: Row, *, has_left: bool = False) -> Candidate:
    # Without its own definition, or with a problem, the last reading may be improved upon.
    is_settled = row.status == RUNNING and row.definition_id is not None and not row.problem
    return Candidate(
        machine_id=row.machine_id,
        definition_id=row.definition_id,
        target=Target(
            arn=row.arn,
            name=row.name,
            started_at=row.started_at,
            has_left=has_left,
            last_event_id=row.last_event_id,
            is_settled=is_settled and row.last_event_id > 0,
        ),
    )


def _unsettled(candidate: Candidate) -> Candidate:
    """To be folded again even if nothing has happened, as by a newer version of this program."""
    return replace(candidate, target=replace(candidate.target, is_settled=False))

"""What the frame of every page tells: counts, the age of what is shown, own answers under way."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, F, OuterRef, Q

from callbacks.models import Connection, Decision, DecisionStatus, TaskStatus, User, Vote
from callbacks.queries.health import last_pulse
from callbacks.queries.paging import bounded_count
from callbacks.queries.sight import Sight, answerable_tasks, visible_tasks

# Toasts float over the page: the newest few are enough, all stand in the history.
TOAST_LIMIT = 5
_PLACE = ("id", "name", "region", "account", "is_enabled")
_HEALTH = (
    "read_ok_at",
    "pass_finished_at",
    "failing_since",
    "error_code",
    "error_message",
    "throttled_at",
)
UNDER_WAY = (DecisionStatus.HELD, DecisionStatus.SENDING, DecisionStatus.UNKNOWN)
# Of the figures of the last pass: how seldom lists and histories have their turn.
_TURNS = ("look_seconds", "reread_seconds")


@dataclass(frozen=True, slots=True)
class ConnectionFacts:
    """A connection and what its last pass saw; times are None where no pass has been."""

    id: uuid.UUID
    name: str
    region: str
    account: str
    is_enabled: bool
    read_ok_at: datetime | None
    failing_since: datetime | None
    error_code: str
    error_message: str
    throttled_at: datetime | None
    # How far apart the quota share lets two looks at a list be; 0 where no pass has told.
    look_seconds: float = 0.0
    # How far apart it lets two readings of what waits be; 0 where more urgent ones are due.
    reread_seconds: float = 0.0
    pass_finished_at: datetime | None = None

    @property
    def label(self) -> str:
        return f"{self.name} · {self.region}"


@dataclass(frozen=True, slots=True)
class OwnAnswer:
    """An answer that this person gave or signed: held, being sent, or its outcome not known."""

    id: uuid.UUID
    task_id: uuid.UUID
    headline: str
    direction: str
    status: str
    status_at: datetime
    send_after: datetime
    connection_id: uuid.UUID
    # Others signed it too, so that nobody sends it before its time.
    is_shared: bool


@dataclass(frozen=True, slots=True)
class FrameFacts:
    for_me: int
    waiting: int
    connections: tuple[ConnectionFacts, ...]
    own_answers: tuple[OwnAnswer, ...]
    last_pulse: datetime | None

    @property
    def off(self) -> frozenset[uuid.UUID]:
        """The connections that are switched off."""
        return frozenset(one.id for one in self.connections if not one.is_enabled)


def frame_facts(*, user: User, sight: Sight) -> FrameFacts:
    """Four or five queries, however much there is; counts stop at COUNT_LIMIT + 1."""
    for_me = bounded_count(answerable_tasks(sight).filter(status=TaskStatus.WAITING))
    # Who does not see all sees exactly what they may answer.
    waiting = (
        bounded_count(visible_tasks(sight).filter(status=TaskStatus.WAITING))
        if sight.sees_all
        else for_me
    )
    return FrameFacts(
        for_me=for_me,
        waiting=waiting,
        connections=connection_facts(),
        own_answers=_own_answers(user),
        last_pulse=last_pulse(),
    )


def connection_facts() -> tuple[ConnectionFacts, ...]:
    """All connections with their health, by name: one query."""
    rows = Connection.objects.order_by("name").annotate(
        **{column: F(f"health__{column}") for column in _HEALTH},
        **{name: F(f"health__figures__{name}") for name in _TURNS},
    )
    return tuple(_connection(row) for row in rows.values(*_PLACE, *_HEALTH, *_TURNS))


def turns_in(figures: Mapping[str, Any]) -> dict[str, float]:
    """As a pass left them in its figures; 0 where it has not, as those of older versions."""
    values = {name: figures.get(name) for name in _TURNS}
    return {
        name: float(value) if isinstance(value, int | float) else 0.0
        for name, value in values.items()
    }


def _connection(row: Mapping[str, Any]) -> ConnectionFacts:
    # Before the first pass there is no health row, and its texts are NULL.
    texts = {column: row[column] or "" for column in ("error_code", "error_message")}
    return ConnectionFacts(**{**row, **texts, **turns_in(row)})


def _own_answers(user: User) -> tuple[OwnAnswer, ...]:
    votes = Vote.objects.filter(decision=OuterRef("pk"), withdrawn_at=None)
    rows = Decision.objects.filter(
        Q(decided_by=user) | Exists(votes.filter(user=user)), status__in=UNDER_WAY
    ).annotate(is_shared=Exists(votes))
    columns = tuple(OwnAnswer.__dataclass_fields__)
    return tuple(
        OwnAnswer(*row) for row in rows.order_by("-decided_at").values_list(*columns)[:TOAST_LIMIT]
    )

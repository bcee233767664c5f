"""The pause of a connection that cannot send: its answers wait, and one call at a time asks.

A row of the table of leases, so that it counts for all workers. Without it every answer that waits
would try by itself, and a thousand of them would make a thousand calls to a dead endpoint.
"""

from __future__ import annotations

import random
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import QuerySet

from callbacks.decisions.moves import move
from callbacks.models import Decision, DecisionStatus, Lease
from callbacks.stepfunctions import (
    KeyThrottled,
    NotSent,
    Refused,
    RefusedKind,
    Reply,
    StepFunctionsError,
    Throttled,
    Unanswered,
)

# Those who wait look again within so many pauses, each at its own time; a success wakes them all.
SPREAD = 6
# A clock is not put right within seconds.
CLOCK_PAUSE = timedelta(seconds=30)
CREDENTIALS = {RefusedKind.EXPIRED_CREDENTIALS, RefusedKind.BAD_CREDENTIALS, RefusedKind.CLOCK}
LONGEST_CODE = 80


@dataclass(frozen=True, slots=True)
class Pause:
    """Until when nobody calls over this connection, and AWS's or our code for why."""

    connection_id: uuid.UUID
    until: datetime
    code: str

    def take_turn(self, *, now: datetime) -> bool:
        """Whether we may make the one call that asks; of any number that ask at once, one may."""
        due = Lease.objects.filter(name=_name(self.connection_id), until__lte=now)
        return due.update(until=now + _retry()) == 1


def find_pause(*, connection_id: uuid.UUID) -> Pause | None:
    row = Lease.objects.filter(name=_name(connection_id)).values_list("until", "holder").first()
    return Pause(connection_id, *row) if row else None


def wait(*, decision: Decision, pause: Pause, dies: datetime, now: datetime) -> None:
    """Let the decision look again later: by turns, but at each pause's end where it dies soon.

    May raise Superseded.
    """
    look_after = pause.until + random.random() * SPREAD * _retry()  # noqa: S311 - jitter
    if dies < look_after + _retry():
        look_after = pause.until
    if decision.status == DecisionStatus.HELD:
        # Once, so that people see why it is not out yet.
        move(
            decision=decision,
            to=DecisionStatus.SENDING,
            now=now,
            kind="answer_not_sent",
            facts={"code": pause.code},
            answer_code=pause.code,
            answer_message="The connection waits until it can send again.",
            look_after=look_after,
        )
    elif decision.status == DecisionStatus.SENDING:
        _waiting(decision.connection_id).filter(pk=decision.pk).update(look_after=look_after)


def follow(
    *, connection_id: uuid.UUID, said: Reply | StepFunctionsError, is_probe: bool, now: datetime
) -> None:
    """Begin a pause or end it, by what a call over this connection said."""
    if isinstance(said, StepFunctionsError) and _is_the_connections(said):
        _begin(connection_id, said, now)
    elif is_probe and not isinstance(said, Unanswered):
        _end(connection_id, now)


def _is_the_connections(error: StepFunctionsError) -> bool:
    """Whether it would have met any other answer as well."""
    if isinstance(error, Refused):
        if error.kind == RefusedKind.ACCESS_DENIED:
            # AWS names the state machine that is denied, unless it is all of them.
            return error.resource in (None, "", "*")
        return error.kind in CREDENTIALS
    # A busy key is that of one state machine.
    return isinstance(error, Throttled | NotSent) and not isinstance(error, KeyThrottled)


def _begin(connection_id: uuid.UUID, error: StepFunctionsError, now: datetime) -> None:
    is_clock = isinstance(error, Refused) and error.kind == RefusedKind.CLOCK
    row = Lease(
        name=_name(connection_id),
        holder=error.code[:LONGEST_CODE],
        until=now + (CLOCK_PAUSE if is_clock else _retry()),
    )
    Lease.objects.bulk_create(
        [row], update_conflicts=True, unique_fields=["name"], update_fields=["holder", "until"]
    )


def _end(connection_id: uuid.UUID, now: datetime) -> None:
    Lease.objects.filter(name=_name(connection_id)).delete()
    # No message since then counts, so that the sweep takes them in the order of their time.
    _waiting(connection_id).update(look_after=now, hinted_at=None)


def _waiting(connection_id: uuid.UUID) -> QuerySet[Decision]:
    return Decision.objects.filter(
        connection_id=connection_id, status=DecisionStatus.SENDING, lease_until=None
    )


def _retry() -> timedelta:
    return timedelta(seconds=settings.SEND_RETRY_SECONDS)


def _name(connection_id: uuid.UUID) -> str:
    return f"send:{connection_id}"

"""A claim: what a worker has in hand from the moment it may call until the outcome is written."""

from __future__ import annotations

import os
import socket
import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings

from callbacks.models import CallbackTask, Connection, Decision, User
from callbacks.stepfunctions import session_name


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to make one call. `taken` is monotonic: no clock change can lengthen a lease."""

    decision: Decision
    # As it stood at the claim, with its connection.
    task: CallbackTask
    at: datetime
    taken: float
    # The name of the role session that the call is made in; "" where no role is assumed.
    session: str = ""
    # Its call tells whether a connection that is paused can send again.
    is_probe: bool = False

    @property
    def age(self) -> timedelta:
        return timedelta(seconds=time.monotonic() - self.taken)

    @property
    def now(self) -> datetime:
        return self.at + self.age

    @property
    def is_fresh(self) -> bool:
        return self.age.total_seconds() < float(settings.SEND_LEASE_SECONDS) / 2


def session_of(*, connection: Connection, person: int | None) -> str:
    """The role session in which we call for this person; "" where there is no role to assume.

    One query, and none without a role.
    """
    if not connection.role_arn or person is None:
        return ""
    if not settings.AWS_SESSION_USERNAMES:
        return session_name(person=person)
    names = User.objects.filter(pk=person).values_list("username", flat=True)
    return session_name(person=person, username=names.first() or "")


def worker_name() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"[:80]

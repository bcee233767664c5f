"""The calls of one pass: admitted by the budget, counted, and slowed down where there is time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from time import monotonic, sleep
from typing import TypedDict

from django.conf import settings

from callbacks.models import Connection
from callbacks.models.clock import database_lead
from callbacks.stepfunctions import (
    CallCounter,
    KeyThrottled,
    Reader,
    Refused,
    RefusedKind,
    StepFunctionsError,
    Throttled,
)
from callbacks.sync.purse import Purse, moving
from callbacks.sync.trouble import Trouble, describe_trouble, is_denial

LONGEST_NAP = 5.0
# One attempt of so many seconds, where one execution is asked about and asked again if need be.
HASTE_SECONDS = 10.0
# What finds out where something has changed has half of a pass, so that reading has the rest.
LOOKING = frozenset(
    {"ListStateMachines", "DescribeStateMachine", "ListTagsForResource", "ListExecutions"}
)


class _Patience(TypedDict, total=False):
    read_timeout: float
    attempts: int


class Asking:
    """A reader under a budget of calls and of time (SYNC_PASS_SECONDS).

    `patient`: wait for the calls and take any time, instead of leaving work undone. `yielding`:
    where AWS throttles, not even the SDK repeats the call: somebody else needs the quota more.
    `hasty`: one attempt on the wire, and not for long.
    """

    def __init__(
        self,
        *,
        connection: Connection,
        now: datetime,
        patient: bool = False,
        yielding: bool = False,
        hasty: bool = False,
        keep_alive: Callable[[], None] = lambda: None,
    ) -> None:
        self.counter = CallCounter()
        self.denials: Counter[str] = Counter()
        self.was_throttled = False
        self._throttled: set[str] = set()
        # What first hindered more than one execution.
        self.trouble: Trouble | None = None
        self.is_trouble_common = False
        self.purse = Purse(connection=connection, clock=moving(now=now, monotonic=monotonic))
        patience: _Patience = {"read_timeout": HASTE_SECONDS, "attempts": 1} if hasty else {}
        self.reader = Reader(
            access=connection.access, calls=self.counter, admit=self.admit, **patience
        )
        self._patient = patient
        self._yielding = yielding
        self._began = monotonic()
        self._keep_alive = keep_alive

    def may(self, operation: str, *, beyond: float = 0) -> bool:
        """Whether there is time and a call of this operation left, and AWS has not refused one.

        `beyond`: how many calls are to stay for something else.
        """
        if self._patient:
            return True
        if operation in self._throttled or not self._has_time_for(operation):
            return False
        return self.purse.allows(operation, beyond=beyond)

    def _has_time_for(self, operation: str) -> bool:
        """A worker is not to be held for ever by one account that answers slowly."""
        seconds: float = settings.SYNC_PASS_SECONDS
        part = seconds / 2 if operation in LOOKING else seconds
        return monotonic() - self._began < part

    def note(self, error: StepFunctionsError, *, is_common: bool = True, key: str = "") -> Trouble:
        """Remember what went wrong, for the page that says so.

        `is_common`: it is not a matter of one execution alone. `key`: of its state machine.
        """
        trouble = describe_trouble(error, key=key)
        if isinstance(error, KeyThrottled):
            # Other state machines have other keys, and Step Functions itself is not slow.
            return trouble
        if isinstance(error, Throttled):
            self.was_throttled = True
            self._throttled.add(error.operation)
            self.purse.throttled(error.operation)
        elif is_common or is_denial(error):
            self._keep(trouble, is_common=is_common)
        if is_denial(error):
            self.denials[error.operation] += 1
        if isinstance(error, Refused) and error.kind is RefusedKind.EXPIRED_CREDENTIALS:
            self.reader.renew_credentials()
        return trouble

    def _keep(self, trouble: Trouble, *, is_common: bool) -> None:
        """The first one, but before what is a matter of one execution what is not."""
        if self.trouble is None or (is_common and not self.is_trouble_common):
            self.trouble, self.is_trouble_common = trouble, is_common

    def aws_now(self, now: datetime) -> datetime:
        """Our moment, which is the database's, on AWS's clock: at most a second too early."""
        ahead_of_host = self.counter.clock_offset
        if ahead_of_host is None:
            return now
        return now - database_lead() + timedelta(seconds=ahead_of_host)

    def admit(self, operation: str) -> None:
        """Called before each request on the wire, botocore's repeats included."""
        self._keep_alive()
        if self._yielding and self.counter.throttles.get(operation):
            raise Throttled(operation=operation, code="ThrottlingException", message="throttled")
        while self._patient and not self.purse.allows(operation):
            sleep(min(self.purse.seconds_until_allowed(operation), LONGEST_NAP))
            self._keep_alive()
        self.purse.spend(operation)

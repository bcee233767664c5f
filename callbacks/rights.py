"""Try the rights of reading on a connection now, because a person asks for it.

Seven short calls at most, counted as all others and within our share. Nothing is ever sent to try
the rights of answering: AWS has no call that would check them and do nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from time import monotonic
from typing import TypeVar

from callbacks.models import Connection, Execution, ExecutionStatus, StateMachine
from callbacks.queries.rights import Verdict
from callbacks.stepfunctions import (
    CallCounter,
    KeyThrottled,
    NotFound,
    Reader,
    Refused,
    RefusedKind,
    StepFunctionsError,
    Throttled,
)
from callbacks.sync.figures import count_calls
from callbacks.sync.purse import Purse
from callbacks.sync.trouble import (
    describe_trouble,
    is_denial,
    is_of_the_connection,
    is_silence,
)

# A person waits: one attempt each, and not for long.
PATIENCE_SECONDS = 5.0
# After so long nothing more is asked.
TRIAL_SECONDS = 15.0

Answer = TypeVar("Answer")


class Hindrance(StrEnum):
    """Why a try tells nothing about the right."""

    OWN_SHARE = "own_share"
    THROTTLED = "throttled"
    NOTHING_THERE = "nothing_there"
    GONE = "gone"
    KEY = "key"
    NOT_ASKED = "not_asked"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What came of one call; `sentence` is AWS's own where it denied it, else ours."""

    verdict: Verdict
    hindrance: Hindrance | None = None
    sentence: str = ""
    # What AWS said was missing, and on what; empty where it did not say.
    action: str = ""
    resource: str = ""


@dataclass(slots=True)
class Trial:
    """What came of each operation, and what it was tried on."""

    at: datetime
    tried: dict[str, Tried] = field(default_factory=dict)
    state_machine: str = ""
    execution: str = ""
    # What AWS said of the key, where it denied it.
    key_denied: str = ""
    # What hindered all that comes after it.
    trouble: str = ""


def try_reading(*, connection: Connection, now: datetime) -> Trial:
    """Call each operation of reading once, on what the mirror has; where it has nothing, on what
    the lists show."""
    trying = _Trying(connection, now)
    try:
        trying.run()
    finally:
        trying.count()
    return trying.trial


class _Trying:
    def __init__(self, connection: Connection, now: datetime) -> None:
        self.trial = Trial(at=now)
        self._connection, self._now, self._began = connection, now, monotonic()
        self._purse = Purse(connection=connection, clock=lambda: now)
        self._key = ""
        self._counter, self._denials = CallCounter(), Counter[str]()
        self._reader = Reader(
            access=connection.access,
            calls=self._counter,
            admit=self._purse.spend,
            read_timeout=PATIENCE_SECONDS,
            attempts=1,
        )

    def run(self) -> None:
        reader, known = self._reader, _known_execution(self._connection)
        listed = self._ask("ListStateMachines", reader.first_state_machine)
        machine = known.state_machine.arn if known else _known_machine(self._connection)
        self._key = known.state_machine.kms_key if known else ""
        if not machine and listed is not None and listed.type == "STANDARD":
            machine = listed.arn
        self.trial.state_machine = machine.rpartition(":")[2]
        self._on(
            machine, "DescribeStateMachine", lambda: reader.describe_state_machine(arn=machine)
        )
        page = self._on(
            machine,
            "ListExecutions",
            lambda: reader.execution_page(list_of=machine, status=None, limit=1),
        )
        self._on(machine, "ListTagsForResource", lambda: reader.tags(arn=machine))
        newest = page.executions[0].arn if page and page.executions else ""
        self._run_on_execution(known.arn if known else newest)

    def _run_on_execution(self, arn: str) -> None:
        reader, self.trial.execution = self._reader, arn.rpartition(":")[2]
        self._on(arn, "DescribeExecution", lambda: reader.describe_execution(arn=arn))
        self._on(
            arn,
            "DescribeStateMachineForExecution",
            lambda: reader.describe_state_machine_for_execution(execution_arn=arn),
        )
        self._on(
            arn,
            "GetExecutionHistory",
            lambda: reader.latest_events(execution_arn=arn, limit=1),
        )

    def count(self) -> None:
        self._purse.give_back()
        count_calls(
            connection=self._connection,
            counter=self._counter,
            denials=self._denials,
            now=self._now,
        )

    def _on(self, arn: str, operation: str, call: Callable[[], Answer]) -> Answer | None:
        if arn:
            return self._ask(operation, call)
        self._leave(operation, Hindrance.NOTHING_THERE)
        return None

    def _ask(self, operation: str, call: Callable[[], Answer]) -> Answer | None:
        if monotonic() - self._began > TRIAL_SECONDS:
            self.trial.trouble = self.trial.trouble or "Step Functions answers too slowly."
        if self.trial.trouble:
            self._leave(operation, Hindrance.NOT_ASKED)
            return None
        if not self._purse.allows(operation):
            self._leave(operation, Hindrance.OWN_SHARE)
            return None
        try:
            answer = call()
        except StepFunctionsError as exc:
            self._note(exc)
            return None
        self.trial.tried[operation] = Tried(verdict=Verdict.ALLOWED)
        return answer

    def _leave(self, operation: str, why: Hindrance, sentence: str = "") -> None:
        self.trial.tried[operation] = Tried(
            verdict=Verdict.UNKNOWN, hindrance=why, sentence=sentence
        )

    def _note(self, error: StepFunctionsError) -> None:
        self._denials[error.operation] += is_denial(error)
        if isinstance(error, Refused) and error.kind is RefusedKind.ACCESS_DENIED:
            self.trial.tried[error.operation] = Tried(
                verdict=Verdict.DENIED,
                sentence=error.message,
                action=error.action or "",
                resource=error.resource or "",
            )
            return
        if isinstance(error, Throttled) and not isinstance(error, KeyThrottled):
            self._purse.throttled(error.operation)
        sentence = describe_trouble(error, key=self._key).message
        self._leave(error.operation, _hindrance(error), sentence)
        if is_denial(error):
            self.trial.key_denied = sentence
        self._stop_where_hopeless(error)

    def _stop_where_hopeless(self, error: StepFunctionsError) -> None:
        # Each call that gets no answer would keep the person waiting for as long again.
        is_mute = is_silence(error) and error.status is None
        if is_mute or is_of_the_connection(error):
            self.trial.trouble = describe_trouble(error).message
        if isinstance(error, Refused) and error.kind is RefusedKind.EXPIRED_CREDENTIALS:
            self._reader.renew_credentials()


_HINDRANCES: Mapping[type[StepFunctionsError], Hindrance] = {
    Throttled: Hindrance.THROTTLED,
    KeyThrottled: Hindrance.THROTTLED,
    NotFound: Hindrance.GONE,
}


def _hindrance(error: StepFunctionsError) -> Hindrance:
    if is_denial(error):
        return Hindrance.KEY
    return _HINDRANCES.get(type(error), Hindrance.OTHER)


def _known_execution(connection: Connection) -> Execution | None:
    """The newest one of a state machine that can be read: one that cannot is named elsewhere."""
    rows = Execution.objects.filter(
        connection=connection, state_machine__gone_at=None, state_machine__parent=None
    )
    rows = rows.exclude(status=ExecutionStatus.FORGOTTEN).select_related("state_machine")
    return (
        rows.only("arn", "state_machine__arn", "state_machine__kms_key").order_by(
            "state_machine__problem", "-started_at"
        )
    ).first()


def _known_machine(connection: Connection) -> str:
    rows = StateMachine.objects.without_map_runs().filter(connection=connection, gone_at=None)
    rows = rows.filter(type="STANDARD")
    return rows.order_by("problem", "name").values_list("arn", flat=True).first() or ""

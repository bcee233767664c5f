"""One history told bit by bit, as GetExecutionHistory would, and what the mirror makes of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from callbacks.models import CallbackTask, Execution, HistorySkeleton, Request, StateMachine
from callbacks.models.identity import execution_id
from callbacks.stepfunctions import Access, Reader
from callbacks.sync.apply import apply_reading
from callbacks.sync.candidates import Row, candidate
from callbacks.sync.plan import Target
from callbacks.sync.queue import _FIELDS
from callbacks.sync.reading import read
from callbacks.sync.skeletons import recall

BEGAN = datetime(2026, 3, 1, 12, tzinfo=UTC)
META = {"RequestId": "r-1"}


class Told:
    """A client of one execution. `obeys`: it knows reverseOrder, which not every emulator does."""

    def __init__(self, events: Sequence[dict[str, Any]], *, obeys: bool = True) -> None:
        self.events = events
        self.upto = 0
        # Since when DescribeExecution shows it as stopped.
        self.stopped_at = BEGAN
        # Calls from the start and from the end.
        self.calls: Counter[str] = Counter()
        self._obeys = obeys

    def get_execution_history(self, **asked: Any) -> dict[str, Any]:
        is_reversed = bool(asked.get("reverseOrder"))
        self.calls["end" if is_reversed else "start"] += 1
        events = list(self.events[: self.upto])
        if is_reversed and self._obeys:
            events.reverse()
        return {"events": events, "ResponseMetadata": META}

    def describe_execution(self, **asked: Any) -> dict[str, Any]:
        return {
            "executionArn": asked["executionArn"],
            "stateMachineArn": "arn",
            "status": "ABORTED",
            "startDate": BEGAN,
            "stopDate": self.stopped_at,
            "ResponseMetadata": META,
        }


class Mirrored:
    """The mirror of that execution, read on whenever more has been told."""

    def __init__(self, machine: StateMachine, told: Told) -> None:
        self.machine = machine
        self.told = told
        self.arn = machine.state_machine_arn.replace(":stateMachine:", ":execution:") + ":run"
        self.key = execution_id(connection=machine.connection_id, arn=self.arn)

    def read_at(self, cuts: Iterable[int]) -> None:
        for cut in cuts:
            self.read(cut)

    def read(self, upto: int) -> None:
        self.told.upto = upto
        client: Any = self.told
        target, now = self.target(), self.now(upto)
        reading = read(
            reader=Reader(access=Access(region="eu-west-1"), client=client),
            target=target,
            definition=self.machine.definition,
            is_certain=True,
            now=now,
            skeleton=lambda: recall(execution_id=self.key, last_event_id=target.last_event_id),
        )
        apply_reading(machine=self.machine, reading=reading, now=now)

    def now(self, upto: int) -> datetime:
        """Each reading is an hour after the one of an event less."""
        return BEGAN + timedelta(hours=upto)

    def target(self) -> Target:
        row = Execution.objects.filter(pk=self.key).values_list(*_FIELDS).first()
        if row is None:
            return Target(arn=self.arn, name="run", started_at=BEGAN)
        return candidate(Row(*row)).target

    def forget(self) -> None:
        Execution.objects.filter(pk=self.key).delete()

    def rows(self) -> list[Any]:
        """All that is written of it, payloads too; a token as its hash."""
        return [
            *Execution.objects.filter(pk=self.key).values(),
            *Request.objects.filter(execution=self.key).order_by("pk").values(),
            *(
                {name: value for name, value in row.items() if name != "token_ciphertext"}
                for row in CallbackTask.objects.filter(execution=self.key).order_by("pk").values()
            ),
            *StateMachine.objects.filter(parent=self.key).order_by("pk").values(),
        ]

    @property
    def skeleton(self) -> HistorySkeleton | None:
        return HistorySkeleton.objects.filter(pk=self.key).first()

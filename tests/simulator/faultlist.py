"""Which faults are waiting for which calls."""

from __future__ import annotations

import asyncio
import random
from dataclasses import asdict, dataclass, field
from typing import Any

from tests.simulator.jsontext import Json

KINDS = (
    "throttle",
    "deny",
    "refuse",
    "error",
    "delay",
    "hold",
    "stall",
    "cut",
    "reset",
    "cut_headers",
    "cut_body",
    "html",
    "omit_key",
    "event_hole",
    "double_page",
)
# A reply that is cut or replaced has been earned first, unless the test says otherwise.
AFTER_APPLY = {"cut_headers", "cut_body"}


@dataclass(slots=True)
class Fault:
    """One thing that goes wrong, `times` times (None: always) with the given probability.

    status: for `error`; seconds: for `delay` and `stall`; code, message: for `refuse` and `deny`;
    key: for `omit_key` (default: the answer's first list). `execution` is an execution ARN.
    """

    kind: str
    operation: str = "*"
    execution: str | None = None
    times: int | None = 1
    probability: float = 1.0
    after_apply: bool | None = None
    status: int = 500
    seconds: float = 1.0
    code: str | None = None
    message: str | None = None
    key: str | None = None
    id: int = 0
    used: int = 0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"unknown fault {self.kind}")
        if self.after_apply is None:
            self.after_apply = self.kind in AFTER_APPLY


@dataclass(slots=True)
class Held:
    """A call that waits for `release`."""

    operation: str
    seq: int
    fault: int
    applied: bool
    gate: asyncio.Event = field(default_factory=asyncio.Event)


class FaultList:
    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._held: list[Held] = []
        self._ids = 0
        self._dice = random.Random(1)

    def add(self, fields: dict[str, Json]) -> Fault:
        fault = Fault(**fields)
        self._ids += 1
        fault.id = self._ids
        self._faults.append(fault)
        return fault

    def clear(self) -> None:
        self._faults.clear()

    def take(self, operation: str, execution: str | None) -> Fault | None:
        """The first fault that fits the call and strikes this time."""
        for fault in self._faults:
            if self._strikes(fault, operation, execution):
                fault.used += 1
                return fault
        return None

    def _strikes(self, fault: Fault, operation: str, execution: str | None) -> bool:
        return (
            fault.operation in ("*", operation)
            and fault.execution in (None, execution)
            and (fault.times is None or fault.used < fault.times)
            and self._dice.random() < fault.probability
        )

    def shown(self) -> list[dict[str, Any]]:
        return [asdict(fault) for fault in self._faults]

    # -- held calls ---------------------------------------------------------------------------

    async def hold(self, held: Held) -> None:
        self._held.append(held)
        try:
            await held.gate.wait()
        finally:
            if held in self._held:
                self._held.remove(held)

    def release(self, fault: int | None = None) -> int:
        """Let held calls go on, all or those of one fault; returns how many."""
        going = [held for held in self._held if fault in (None, held.fault)]
        for held in going:
            held.gate.set()
            self._held.remove(held)
        return len(going)

    def held(self) -> list[dict[str, Any]]:
        return [
            {"operation": one.operation, "seq": one.seq, "fault": one.fault, "applied": one.applied}
            for one in self._held
        ]

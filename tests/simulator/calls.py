"""The log of every call: what was asked, whether it was applied, what was answered."""

from __future__ import annotations

import hashlib
from collections import Counter, deque
from dataclasses import asdict, dataclass, field
from typing import Any

from tests.simulator.jsontext import Json

KEPT = 200_000


@dataclass(slots=True)
class Call:
    """One call on the wire; the raw token is nowhere in it."""

    seq: int
    at: float
    operation: str
    request_id: str
    params: dict[str, Json]
    session: str | None = None  # the role session that called
    execution_arn: str | None = None
    event_id: int | None = None
    fault: str | None = None
    applied: bool = False
    answer: dict[str, Any] = field(default_factory=dict)


class CallLog:
    def __init__(self) -> None:
        self._calls: deque[Call] = deque(maxlen=KEPT)
        self.counts: Counter[str] = Counter()
        self._seq = 0

    def open(self, at: float, operation: str, request_id: str, params: dict[str, Json]) -> Call:
        self._seq += 1
        self.counts[operation] += 1
        call = Call(self._seq, at, operation, request_id, shown_params(params))
        self._calls.append(call)
        return call

    def find(
        self, operation: str | None, execution_arn: str | None, after: int = 0
    ) -> list[dict[str, Any]]:
        """Calls with a higher `seq` than `after`, of one operation or execution where given."""
        return [
            asdict(call)
            for call in self._calls
            if call.seq > after
            and operation in (None, call.operation)
            and execution_arn in (None, call.execution_arn)
        ]


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def shown_params(params: dict[str, Json]) -> dict[str, Json]:
    """The parameters with the token as its hash, and the output's hash beside the output."""
    shown = dict(params)
    token = shown.pop("taskToken", None)
    if token is not None:
        shown["token_sha256"] = sha256(str(token))
    if "ExternalId" in shown:
        shown["external_id_sha256"] = sha256(str(shown.pop("ExternalId")))
    if isinstance(shown.get("output"), str):
        shown["output_sha256"] = sha256(shown["output"])
    return shown

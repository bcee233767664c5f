"""What happens on the wire during one call: counted, timed and checked by botocore's events."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from time import monotonic
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from botocore.client import BaseClient

THROTTLE_CODES = frozenset(
    {
        "PriorRequestNotComplete",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)
# Not of Step Functions, but of the key that encrypts one state machine.
KEY_THROTTLE_CODE = "KmsThrottlingException"
DENIAL_CODES = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})


class CallCounter:
    """Counts requests on the wire by operation, repeats by botocore included; thread-safe.

    `clock_offset` is how many seconds AWS's clock was ahead of ours at the last answer (its
    Date header has whole seconds, so read it as plus or minus one), None before any answer.
    `slowest` is the longest wait for one answer in seconds, whether it came or not.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls: Counter[str] = Counter()
        self._throttles: Counter[str] = Counter()
        self._denials: Counter[str] = Counter()
        self.clock_offset: float | None = None
        self.slowest = 0.0

    def add_request(self, operation: str) -> None:
        with self._lock:
            self._calls[operation] += 1

    def add_throttle(self, operation: str) -> None:
        with self._lock:
            self._throttles[operation] += 1

    def add_denial(self, operation: str) -> None:
        with self._lock:
            self._denials[operation] += 1

    def add_wait(self, seconds: float) -> None:
        with self._lock:
            self.slowest = max(self.slowest, seconds)

    @property
    def calls(self) -> dict[str, int]:
        """Requests by operation name, as `{"ListExecutions": 3}`."""
        with self._lock:
            return dict(self._calls)

    @property
    def throttles(self) -> dict[str, int]:
        """Throttled requests by operation name."""
        with self._lock:
            return dict(self._throttles)

    @property
    def denials(self) -> dict[str, int]:
        """Requests that AWS denied for want of a permission, by operation name."""
        with self._lock:
            return dict(self._denials)


@dataclass
class WireCall:
    """One call of ours while it runs: several requests where botocore repeats it."""

    operation: str
    counter: CallCounter
    admit: Callable[[str], None] | None = None
    requests: int = 0
    sent_at: float | None = None
    cut: bool = False
    date: datetime | None = None
    not_admitted: Exception | None = None


_running: ContextVar[WireCall | None] = ContextVar("stepfunctions_call", default=None)


@contextmanager
def watching(call: WireCall) -> Iterator[WireCall]:
    """Attribute what botocore does on this thread to the call."""
    before = _running.set(call)
    try:
        yield call
    finally:
        _running.reset(before)


def watch(client: BaseClient) -> None:
    """Hook the handlers below into a client.

    Not into the one that assumes roles: its requests would count as those of the call that
    needed credentials, and a failure there would no longer mean that nothing was sent.
    """
    events, service = client.meta.events, client.meta.service_model.service_id.hyphenize()
    events.register(f"before-send.{service}", _before_send)
    events.register(f"before-parse.{service}", _before_parse)
    events.register(f"response-received.{service}", _response_received)


def _before_send(**_: object) -> None:
    call = _running.get()
    if call is None:
        return
    if call.admit is not None:
        _ask_to_be_admitted(call, call.admit)
    call.requests += 1
    call.counter.add_request(call.operation)
    call.sent_at = monotonic()


def _ask_to_be_admitted(call: WireCall, admit: Callable[[str], None]) -> None:
    try:
        admit(call.operation)
    except Exception as error:
        # botocore carries it to the caller like an error of the wire; this tells them apart.
        call.not_admitted = error
        raise


def _before_parse(response_dict: Mapping[str, Any], **_: object) -> None:
    call = _running.get()
    if call is None:
        return
    headers, body = response_dict["headers"], response_dict["body"]
    call.cut = not _is_whole(headers, body)
    call.date = _date(headers.get("Date"))
    if call.date is not None:
        call.counter.clock_offset = (call.date - datetime.now(UTC)).total_seconds()


def _is_whole(headers: Mapping[str, str], body: bytes) -> bool:
    # botocore believes a 200 whose headers or body end early. A chunked body that ends early
    # raises by itself; every other answer says how long it is.
    if "chunked" in headers.get("Transfer-Encoding", "").lower():
        return True
    return headers.get("Content-Length") == str(len(body))


def _date(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        given = parsedate_to_datetime(text)
    except ValueError:
        return None
    return given if given.tzinfo else given.replace(tzinfo=UTC)


def _response_received(parsed_response: Mapping[str, Any] | None, **_: object) -> None:
    call = _running.get()
    if call is None:
        return
    if call.sent_at is not None:
        call.counter.add_wait(monotonic() - call.sent_at)
    if parsed_response is None:
        return
    code = parsed_response.get("Error", {}).get("Code")
    status = parsed_response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    if code in THROTTLE_CODES or status == 429:
        call.counter.add_throttle(call.operation)
    elif code in DENIAL_CODES:
        call.counter.add_denial(call.operation)

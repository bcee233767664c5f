"""The SQS queue that hints arrive in. Every message is read once and deleted, whatever it says."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from callbacks.stepfunctions.access import Access
from callbacks.stepfunctions.call import attempt
from callbacks.stepfunctions.clients import queue_client_for
from callbacks.stepfunctions.errors import StepFunctionsError
from callbacks.stepfunctions.hints import executions_in
from callbacks.stepfunctions.wire import CallCounter, WireCall

if TYPE_CHECKING:
    from botocore.client import BaseClient

MOST_MESSAGES = 10  # API_ReceiveMessage


@dataclass(frozen=True, slots=True, kw_only=True)
class Hints:
    """The executions that some messages name, and by what these messages are deleted."""

    arns: tuple[str, ...]
    receipts: tuple[str, ...]


class HintQueue:
    """One queue over one access. Both methods raise StepFunctionsError."""

    def __init__(
        self,
        *,
        access: Access,
        url: str,
        calls: CallCounter | None = None,
        admit: Callable[[str], None] | None = None,
        client: Callable[[], BaseClient] | None = None,
    ) -> None:
        self.calls = calls or CallCounter()
        self._url = url
        self._admit = admit
        self._client = client or (lambda: queue_client_for(access=access))

    def receive(self) -> Hints:
        """What is there now, at most ten messages; it does not wait for any."""
        body = self._call("ReceiveMessage", MaxNumberOfMessages=MOST_MESSAGES, WaitTimeSeconds=0)
        messages: Sequence[Mapping[str, Any]] = body.get("Messages") or ()
        arns = (arn for message in messages for arn in executions_in(message.get("Body") or ""))
        return Hints(
            arns=tuple(dict.fromkeys(arns)),
            receipts=tuple(message["ReceiptHandle"] for message in messages),
        )

    def delete(self, hints: Hints) -> None:
        """Where this fails, the same hints come again later, which does no harm."""
        entries = [
            {"Id": str(number), "ReceiptHandle": receipt}
            for number, receipt in enumerate(hints.receipts)
        ]
        if entries:
            self._call("DeleteMessageBatch", Entries=entries)

    def _call(self, operation: str, **parameters: Any) -> Mapping[str, Any]:
        call = WireCall(operation=operation, counter=self.calls, admit=self._admit)
        answer = attempt(
            client=self._client, call=call, parameters={"QueueUrl": self._url, **parameters}
        )
        if isinstance(answer, StepFunctionsError):
            raise answer
        return answer.body

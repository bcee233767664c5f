"""Answer a task, stop or redrive an execution: one request on the wire, and one outcome."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from callbacks.stepfunctions.access import Access
from callbacks.stepfunctions.call import Answer, attempt
from callbacks.stepfunctions.clients import SENDING, Behaviour, client_for, forget_clients
from callbacks.stepfunctions.errors import StepFunctionsError
from callbacks.stepfunctions.identity import require_credentials
from callbacks.stepfunctions.wire import CallCounter, WireCall

if TYPE_CHECKING:
    from botocore.client import BaseClient


@dataclass(frozen=True, kw_only=True)
class Reply:
    """AWS took the request: its request id, and its own clock at that moment where it said so.

    Taken is not processed: what becomes of the output shows in the history afterwards.
    """

    request_id: str
    at: datetime | None


class Sender:
    """Sends over one access. Every method makes at most one request and never repeats it.

    All raise StepFunctionsError; `certainly_not_applied` tells whether the same bytes may be sent
    again without asking the history first.
    """

    def __init__(
        self,
        *,
        access: Access,
        calls: CallCounter | None = None,
        connect_timeout: float = SENDING.connect_timeout,
        read_timeout: float = SENDING.read_timeout,
        client: BaseClient | None = None,
    ) -> None:
        self.calls = calls or CallCounter()
        self._access = access
        self._behaviour = Behaviour(
            connect_timeout=connect_timeout, read_timeout=read_timeout, attempts=SENDING.attempts
        )
        self._given_client = client

    def send_task_success(self, *, token: str, output: str) -> Reply:
        """End the task with this output, sent exactly as given (JSON text, <= 262,144 bytes)."""
        result = self._attempt(
            "SendTaskSuccess", {"taskToken": token, "output": output}, secret=token
        )
        del token, output  # a traceback that shows variables must not find them here
        return _reply(result)

    def send_task_failure(
        self, *, token: str, error: str | None = None, cause: str | None = None
    ) -> Reply:
        """Fail the task; an empty error or cause is left out, as AWS tells absent from empty."""
        parameters = _given(taskToken=token, error=error, cause=cause)
        result = self._attempt("SendTaskFailure", parameters, secret=token)
        del token, error, cause, parameters
        return _reply(result)

    def send_task_heartbeat(self, *, token: str) -> Reply:
        """Start the task's heartbeat clock anew."""
        result = self._attempt("SendTaskHeartbeat", {"taskToken": token}, secret=token)
        del token
        return _reply(result)

    def stop_execution(
        self, *, execution_arn: str, error: str | None = None, cause: str | None = None
    ) -> Reply:
        """Abort the execution; workers that already hold a token are not told."""
        parameters = _given(executionArn=execution_arn, error=error, cause=cause)
        return _reply(self._attempt("StopExecution", parameters))

    def redrive_execution(self, *, execution_arn: str, client_token: str | None = None) -> Reply:
        """Run a closed execution again from where it failed.

        The same `client_token` within 15 minutes makes a repeat harmless.
        """
        parameters = _given(executionArn=execution_arn, clientToken=client_token)
        return _reply(self._attempt("RedriveExecution", parameters))

    def require_credentials(self) -> None:
        """Have credentials that outlast the next call, renewed where they end soon.

        Raises NotSent. To be called before a token is in hand: STS may take its time.
        """
        if self._given_client is None:
            require_credentials(access=self._access)

    def renew_credentials(self) -> None:
        """Ask for credentials anew with the next call, for answers like ExpiredToken."""
        forget_clients(access=self._access)

    def _client(self) -> BaseClient:
        if self._given_client is not None:
            return self._given_client
        return client_for(access=self._access, behaviour=self._behaviour)

    def _attempt(
        self, operation: str, parameters: Mapping[str, Any], secret: str = ""
    ) -> Answer | StepFunctionsError:
        call = WireCall(operation=operation, counter=self.calls)
        return attempt(client=self._client, call=call, parameters=parameters, secret=secret)


def _reply(result: Answer | StepFunctionsError) -> Reply:
    if isinstance(result, StepFunctionsError):
        raise result
    return Reply(request_id=result.request_id, at=result.at)


def _given(**parameters: str | None) -> dict[str, str]:
    return {name: value for name, value in parameters.items() if value}

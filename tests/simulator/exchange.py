"""One request and its reply: applied at most once, answered in AWS JSON 1.0 or not at all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aiohttp import web

from tests.simulator.calls import Call
from tests.simulator.errors import ServiceError
from tests.simulator.jsontext import Json, render_wire
from tests.simulator.place import Place
from tests.simulator.sts import Caller

CONTENT_TYPE = "application/x-amz-json-1.0"
Body = dict[str, Any]


class Exchange:
    def __init__(
        self,
        request: web.Request,
        place: Place,
        operation: str,
        params: dict[str, Json],
        request_id: str,
        caller: Caller,
    ) -> None:
        self.request = request
        self.place = place
        self.caller = caller
        self._operation = operation
        self._params = params
        self._request_id = request_id
        self._result: Body | ServiceError | None = None
        self.call = self._open()

    def _open(self) -> Call:
        call = self.place.calls.open(
            self.place.engine.now, self._operation, self._request_id, self._params
        )
        if self.caller.session is not None:
            call.session = self.caller.session.name
        call.execution_arn, call.event_id = self._subject()
        return call

    def _subject(self) -> tuple[str | None, int | None]:
        """The execution that the call is about, and the scheduled event where it is a task."""
        token = self._params.get("taskToken")
        if isinstance(token, str):
            home = self.place.engine.home_of(token)
            return (home[0].arn, home[1]) if home else (None, None)
        arn = self._params.get("executionArn")
        return (arn, None) if isinstance(arn, str) else (None, None)

    def apply(self) -> None:
        """Let the service do it, once."""
        if self._result is not None:
            return
        try:
            self._result = self._act()
            self.call.applied = True
        except ServiceError as error:
            self._result = error

    def _act(self) -> Body:
        return self.place.call(self._operation, self._params)

    def answer(self, change: Callable[[Body], Body] = dict) -> web.Response:
        """Apply if that has not been done, and say what came of it."""
        self.apply()
        if isinstance(self._result, ServiceError):
            return self.refuse(self._result)
        assert self._result is not None
        self.call.answer = {"status": 200}
        return self._respond(200, change(self._result))

    def refuse(self, error: ServiceError) -> web.Response:
        self.call.answer = {"status": error.status, "code": error.code}
        return self._respond(
            error.status, {"__type": error.code, "message": error.message, **error.more}
        )

    def _respond(self, status: int, body: Body) -> web.Response:
        return web.Response(
            body=render_wire(body),
            status=status,
            headers={"x-amzn-RequestId": self._request_id, "Content-Type": CONTENT_TYPE},
        )

    def denial(self) -> str:
        """AWS's words, which name the state machine: that is what SendTask* is authorised on."""
        engine = self.place.engine
        arn = self._params.get("stateMachineArn") or self._params.get("executionArn")
        execution = engine.executions.get(self.call.execution_arn or "")
        if execution is not None and "executionArn" not in self._params:
            arn = execution.machine.arn
        user = f"arn:aws:sts::{engine.account}:assumed-role/Dashboard/session"
        if self.caller.session is not None:
            user = self.caller.arn
        return (
            f"User: {user} is not authorized"
            f" to perform: states:{self._operation} on resource: {arn or '*'} because no"
            f" identity-based policy allows the states:{self._operation} action"
        )

    def write_raw(self, data: bytes) -> None:
        if self.request.transport is not None:
            self.request.transport.write(data)

    def hang_up(self, how: str) -> web.Response:
        """Close the connection; the returned response finds it closed and is dropped."""
        self.call.answer = {"cut": how}
        if self.request.transport is not None:
            self.request.transport.close()
        return web.Response(status=500)

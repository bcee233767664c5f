"""The HTTP server: AWS at `/`, the simulator's own routes under `/_simulator/`."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Mapping

from aiohttp import web

from tests.simulator.admin import ACTIONS
from tests.simulator.errors import ServiceError
from tests.simulator.exchange import Exchange
from tests.simulator.faults import strike
from tests.simulator.jsontext import Json, parse, render_wire
from tests.simulator.place import Place
from tests.simulator.signature import read_signature
from tests.simulator.simulator import Simulator
from tests.simulator.sts import Caller
from tests.simulator.sts_exchange import StsExchange, read_form

TARGET_PREFIX = "AWSStepFunctions."
BODY_BYTES = 8 * 1024 * 1024
# How a test's own client says which account and region it means.
PLACE_HEADER = "X-Simulator-Place"
FORM = "application/x-www-form-urlencoded"
LONGEST_NAP = 0.5
log = logging.getLogger(__name__)


class Server:
    """Serves one simulator on one address."""

    def __init__(self, simulator: Simulator, host: str, port: int) -> None:
        self.simulator = simulator
        self.host = host
        self.port = port
        self._ticker: asyncio.Task[None] | None = None
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        """Listen; afterwards `port` is the real one."""
        app = web.Application(client_max_size=BODY_BYTES)
        app.router.add_post("/", self._operation)
        app.router.add_route("*", "/_simulator/{action}", self._admin)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        await web.TCPSite(self._runner, self.host, self.port, backlog=512).start()
        self.port = self._runner.addresses[0][1]
        self._ticker = asyncio.create_task(self._tick())

    async def stop(self) -> None:
        if self._ticker is not None:
            self._ticker.cancel()
        self.simulator.release()
        if self._runner is not None:
            await self._runner.cleanup()
        if self.simulator.journal is not None:
            self.simulator.journal.close()

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    async def _tick(self) -> None:
        """Let due timers fire although nobody calls."""
        while True:
            now = self.simulator.catch_up()
            due = self.simulator.next_due()
            nap = LONGEST_NAP if due is None else min(LONGEST_NAP, max(0.005, due - now))
            await asyncio.sleep(nap)

    async def _operation(self, request: web.Request) -> web.StreamResponse:
        request_id = str(uuid.uuid4())
        body = await request.read()
        self.simulator.catch_up()
        try:
            exchange = self._exchange(request, body, request_id)
        except ValueError:
            error = {"__type": "SerializationException"}
            headers = {"x-amzn-RequestId": request_id}
            return web.Response(body=render_wire(error), status=400, headers=headers)
        operation = exchange.call.operation
        try:
            return await self._serve(exchange)
        except Exception as exc:  # noqa: BLE001 - a fault of ours must look like AWS's own
            # The type alone: the text of an error may quote a token.
            log.error("%s failed inside the simulator: %s", operation, type(exc).__name__)
            return exchange.refuse(ServiceError("InternalFailure", type(exc).__name__, 500))

    def _exchange(self, request: web.Request, body: bytes, request_id: str) -> Exchange:
        """Raises ValueError where the body is none."""
        caller, place = self._whereabouts(request.headers)
        if self.simulator.is_separate and request.content_type == FORM:
            fields = read_form(body)
            operation = str(fields.pop("Action", ""))
            return StsExchange(request, place, operation, fields, request_id, caller)
        operation = request.headers.get("X-Amz-Target", "").removeprefix(TARGET_PREFIX)
        return Exchange(request, place, operation, _read_params(body), request_id, caller)

    def _whereabouts(self, headers: Mapping[str, str]) -> tuple[Caller, Place]:
        simulator = self.simulator
        signature = read_signature(headers)
        caller = simulator.sts.caller(signature, simulator.engine.now)
        named = self._named_place(headers)
        if named is not None:
            return caller, named
        region = None if signature is None else signature.region
        return caller, simulator.place_for(caller.account, region)

    def _named_place(self, headers: Mapping[str, str]) -> Place | None:
        named = headers.get(PLACE_HEADER)
        if named is None:
            return None
        account, _, region = named.partition("/")
        home = self.simulator.home
        return self.simulator.place(account or home.account, region or home.region)

    async def _serve(self, exchange: Exchange) -> web.StreamResponse:
        place, call = exchange.place, exchange.call
        if exchange.caller.problem is not None:
            return exchange.refuse(exchange.caller.problem)
        if not place.quotas.take(call.operation, place.engine.now):
            return exchange.refuse(ServiceError("ThrottlingException", "Rate exceeded"))
        fault = place.faults.take(call.operation, call.execution_arn)
        if fault is not None:
            return await strike(exchange, fault, place.faults)
        return exchange.answer()

    async def _admin(self, request: web.Request) -> web.StreamResponse:
        action = ACTIONS.get(request.match_info["action"])
        if action is None:
            return web.json_response({"error": "no such action"}, status=404)
        try:
            place = self._named_place(request.headers) or self.simulator.home
            answer = action(place, _read_params(await request.read()))
        except (ServiceError, ValueError, TypeError, KeyError) as exc:
            return web.json_response({"error": str(exc)}, status=400)
        return web.Response(body=render_wire(answer), content_type="application/json")


def _read_params(body: bytes) -> dict[str, Json]:
    params = parse(body.decode()) if body else {}
    return params if isinstance(params, dict) else {}

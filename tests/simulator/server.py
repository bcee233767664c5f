"""The HTTP server: AWS JSON 1.0 at `/`, the simulator's own routes under `/_simulator/`."""

from __future__ import annotations

import asyncio
import logging
import uuid

from aiohttp import web

from tests.simulator.admin import ACTIONS
from tests.simulator.errors import ServiceError
from tests.simulator.exchange import Exchange
from tests.simulator.faults import strike
from tests.simulator.jsontext import Json, parse, render_wire
from tests.simulator.simulator import Simulator

TARGET_PREFIX = "AWSStepFunctions."
BODY_BYTES = 8 * 1024 * 1024
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
        self.simulator.faults.release()
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
            due = self.simulator.engine.next_due()
            nap = LONGEST_NAP if due is None else min(LONGEST_NAP, max(0.005, due - now))
            await asyncio.sleep(nap)

    async def _operation(self, request: web.Request) -> web.StreamResponse:
        request_id = str(uuid.uuid4())
        operation = request.headers.get("X-Amz-Target", "").removeprefix(TARGET_PREFIX)
        try:
            params = _read_params(await request.read())
        except ValueError:
            error = {"__type": "SerializationException"}
            headers = {"x-amzn-RequestId": request_id}
            return web.Response(body=render_wire(error), status=400, headers=headers)
        self.simulator.catch_up()
        exchange = Exchange(request, self.simulator, operation, params, request_id)
        try:
            return await self._serve(exchange)
        except Exception as exc:  # noqa: BLE001 - a fault of ours must look like AWS's own
            # The type alone: the text of an error may quote a token.
            log.error("%s failed inside the simulator: %s", operation, type(exc).__name__)
            return exchange.refuse(ServiceError("InternalFailure", type(exc).__name__, 500))

    async def _serve(self, exchange: Exchange) -> web.StreamResponse:
        simulator, call = self.simulator, exchange.call
        if not simulator.quotas.take(call.operation, simulator.engine.now):
            return exchange.refuse(ServiceError("ThrottlingException", "Rate exceeded"))
        fault = simulator.faults.take(call.operation, call.execution_arn)
        if fault is not None:
            return await strike(exchange, fault, simulator.faults)
        return exchange.answer()

    async def _admin(self, request: web.Request) -> web.StreamResponse:
        action = ACTIONS.get(request.match_info["action"])
        if action is None:
            return web.json_response({"error": "no such action"}, status=404)
        try:
            answer = action(self.simulator, _read_params(await request.read()))
        except (ServiceError, ValueError, TypeError, KeyError) as exc:
            return web.json_response({"error": str(exc)}, status=400)
        return web.Response(body=render_wire(answer), content_type="application/json")


def _read_params(body: bytes) -> dict[str, Json]:
    params = parse(body.decode()) if body else {}
    return params if isinstance(params, dict) else {}

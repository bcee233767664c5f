"""What each fault does to a call on the wire."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from tests.simulator.errors import ServiceError
from tests.simulator.exchange import Exchange
from tests.simulator.faultlist import Fault, FaultList, Held

PROXY_PAGE = "<html><body><h1>Please sign in to the network</h1></body></html>"
Effect = Callable[[Exchange, Fault, FaultList], Awaitable[web.StreamResponse]]


async def strike(exchange: Exchange, fault: Fault, faults: FaultList) -> web.StreamResponse:
    exchange.call.fault = fault.kind
    return await EFFECTS[fault.kind](exchange, fault, faults)


async def _refuse(exchange: Exchange, fault: Fault, faults: FaultList) -> web.StreamResponse:
    return exchange.refuse(
        ServiceError(fault.code or "ValidationException", fault.message or "refused")
    )


async def _throttle(exchange: Exchange, fault: Fault, faults: FaultList) -> web.StreamResponse:
    return exchange.refuse(ServiceError("ThrottlingException", fault.message or "Rate exceeded"))


async def _deny(exchange: Exchange, fault: Fault, faults: FaultList) -> web.StreamResponse:
    return exchange.refuse(
        ServiceError("AccessDeniedException", fault.message or exchange.denial())
    )


async def _error(exchange: Exchange, fault: Fault, faults: FaultList) -> web.StreamResponse:
    if fault.after_apply:
        exchange.apply()
    code = "ServiceUnavailable" if fault.status == 503 else "InternalFailure"
    message = fault.message or "We encountered an internal error. Please try again."
    return exchange.refuse(ServiceError(fault.code or code, message, fault.status))


async def _delay(exchange: Exchange, fault: Fault, faults: FaultList) -> web.StreamResponse:
    if fault.after_apply:
        exchange.apply()
    await asyncio.sleep(fault.seconds)
    return exchange.answer()


async def _hold(exchange: Exchange, fault: Fault, faults: FaultList) -> web.StreamResponse:
    if fault.after_apply:
        exchange.apply()
    call = exchange.call
    await faults.hold(Held(call.operation, call.seq, fault.id, call.applied))
    return exchange.answer()


async def _stall(exchange: Exchange, fault: Fault, faults: FaultList) -> web.StreamResponse:
    """Say nothing for a while, then hang up."""
    if fault.after_apply:
        exchange.apply()
    await asyncio.sleep(fault.seconds)
    return exchange.hang_up("stalled")


async def _cut(exchange: Exchange, fault: Fault, faults: FaultList) -> web.StreamResponse:
    if fault.after_apply:
        exchange.apply()
    return exchange.hang_up("cut")


async def _reset(exchange: Exchange, fault: Fault, faults: FaultList) -> web.StreamResponse:
    if fault.after_apply:
        exchange.apply()
    transport = exchange.request.transport
    if transport is not None:
        sock = transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    return exchange.hang_up("reset")


async def _cut_headers(exchange: Exchange, fault: Fault, faults: FaultList) -> web.StreamResponse:
    if fault.after_apply:
        exchange.apply()
    exchange.write_raw(b"HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.0\r\nx-amzn-Re")
    return exchange.hang_up("cut in headers")


async def _cut_body(exchange: Exchange, fault: Fault, faults: FaultList) -> web.StreamResponse:
    if fault.after_apply:
        exchange.apply()
    # No request id: a cut reply may have lost it, and that is what the reader has to notice.
    exchange.write_raw(
        b"HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.0\r\n"
        b"Content-Length: 400\r\nConnection: close\r\n\r\n{"
    )
    return exchange.hang_up("cut in body")


async def _html(exchange: Exchange, fault: Fault, faults: FaultList) -> web.StreamResponse:
    if fault.after_apply:
        exchange.apply()
    exchange.call.answer = {"status": 200, "html": True}
    return web.Response(text=PROXY_PAGE, content_type="text/html")


async def _omit_key(exchange: Exchange, fault: Fault, faults: FaultList) -> web.StreamResponse:
    def omit(body: dict[str, Any]) -> dict[str, Any]:
        key = fault.key or _list_key(body)
        return {name: value for name, value in body.items() if name != key}

    return exchange.answer(omit)


async def _event_hole(exchange: Exchange, fault: Fault, faults: FaultList) -> web.StreamResponse:
    def pierce(body: dict[str, Any]) -> dict[str, Any]:
        key = _list_key(body)
        rows = body[key]
        middle = len(rows) // 2
        return {**body, key: rows[:middle] + rows[middle + 1 :]}

    return exchange.answer(pierce)


async def _double_page(exchange: Exchange, fault: Fault, faults: FaultList) -> web.StreamResponse:
    def double(body: dict[str, Any]) -> dict[str, Any]:
        key = _list_key(body)
        return {**body, key: body[key] * 2}

    return exchange.answer(double)


def _list_key(body: dict[str, Any]) -> str:
    return next(key for key, value in body.items() if isinstance(value, list))


EFFECTS: dict[str, Effect] = {
    "refuse": _refuse,
    "throttle": _throttle,
    "deny": _deny,
    "error": _error,
    "delay": _delay,
    "hold": _hold,
    "stall": _stall,
    "cut": _cut,
    "reset": _reset,
    "cut_headers": _cut_headers,
    "cut_body": _cut_body,
    "html": _html,
    "omit_key": _omit_key,
    "event_hole": _event_hole,
    "double_page": _double_page,
}

"""A request to STS and its reply, in AWS's older form: fields in, XML out."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from aiohttp import web

from tests.simulator.errors import ServiceError
from tests.simulator.exchange import Body, Exchange
from tests.simulator.sts_calls import call_sts, not_authorized

NAMESPACE = "https://sts.amazonaws.com/doc/2011-06-15/"
# What goes wrong has other names here.
CODES = {
    "AccessDeniedException": ("AccessDenied", 403),
    "ExpiredTokenException": ("ExpiredToken", 403),
    "UnrecognizedClientException": ("InvalidClientTokenId", 403),
    "ThrottlingException": ("Throttling", 400),
}


def read_form(body: bytes) -> dict[str, Any]:
    return dict(parse_qsl(body.decode(), keep_blank_values=True))


class StsExchange(Exchange):
    def _act(self) -> Body:
        return call_sts(self.place.simulator, self._operation, self.caller, self._params)

    def refuse(self, error: ServiceError) -> web.Response:
        code, status = CODES.get(error.code, (error.code, error.status))
        self.call.answer = {"status": status, "code": code}
        inner = {"Type": "Sender", "Code": code, "Message": error.message}
        return self._send(
            status,
            "ErrorResponse",
            f"<Error>{_members(inner)}</Error><RequestId>{self._request_id}</RequestId>",
        )

    def _respond(self, status: int, body: Body) -> web.Response:
        name = self._operation
        return self._send(
            status,
            f"{name}Response",
            f"<{name}Result>{_members(body)}</{name}Result>"
            f"<ResponseMetadata><RequestId>{self._request_id}</RequestId></ResponseMetadata>",
        )

    def _send(self, status: int, root: str, inner: str) -> web.Response:
        return web.Response(
            text=f'<{root} xmlns="{NAMESPACE}">{inner}</{root}>',
            status=status,
            content_type="text/xml",
            headers={"x-amzn-RequestId": self._request_id},
        )

    def denial(self) -> str:
        return not_authorized(self.caller, self._operation, self._params.get("RoleArn", "*"))


def _members(body: Body) -> str:
    return "".join(
        f"<{key}>{_members(value) if isinstance(value, dict) else escape(str(value))}</{key}>"
        for key, value in body.items()
    )

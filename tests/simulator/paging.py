"""Page tokens: opaque, signed, bound to the call they continue, good for 24 hours."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import NamedTuple

from tests.simulator.errors import ServiceError
from tests.simulator.jsontext import Json, parse, render

DAY = 86_400.0
DEFAULT_SIZE = 100


class Page(NamedTuple):
    """Where to go on (None: from the start) and how many to give."""

    after: int | None
    size: int


class Pager:
    def __init__(self, seed: str) -> None:
        self._key = hashlib.sha256(seed.encode() + b"pages").digest()

    def page(self, params: dict[str, Json], kind: str, now: float) -> Page:
        """Read maxResults and nextToken; raises InvalidToken."""
        size = params.get("maxResults") or DEFAULT_SIZE
        token = params.get("nextToken")
        return Page(None if token is None else self._read(token, kind, now), size)

    def token(self, after: int, kind: str, now: float) -> str:
        body = base64.urlsafe_b64encode(render([after, now]).encode())
        return f"AAAAKgAAAAIAAAAA{self._sign(body, kind)}.{body.decode()}"

    def _sign(self, body: bytes, kind: str) -> str:
        return hmac.new(self._key, body + kind.encode(), hashlib.sha256).hexdigest()

    def _read(self, token: str, kind: str, now: float) -> int:
        signature, _, body = token.removeprefix("AAAAKgAAAAIAAAAA").partition(".")
        if not hmac.compare_digest(signature.encode(), self._sign(body.encode(), kind).encode()):
            raise invalid_token()
        after, issued = parse(base64.urlsafe_b64decode(body).decode())
        if now - issued > DAY:
            raise invalid_token()
        return int(after)


def invalid_token() -> ServiceError:
    return ServiceError("InvalidToken", "Invalid Token: 'Invalid token'")

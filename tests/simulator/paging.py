"""Page tokens: opaque, signed, bound to the call they continue, good for 24 hours at most."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import NamedTuple, Protocol

from tests.simulator.errors import ServiceError
from tests.simulator.jsontext import Json, parse, render

DAY = 86_400.0
DEFAULT_SIZE = 100


class Page(NamedTuple):
    """Where to go on (None: from the start) and how many to give."""

    after: int | None
    size: int


class Pages(Protocol):
    """What the tokens' life depends on."""

    now: float
    page_generation: int
    page_lifetime: float


class Pager:
    def __init__(self, seed: str, state: Pages) -> None:
        self._key = hashlib.sha256(seed.encode() + b"pages").digest()
        self._state = state

    def page(self, params: dict[str, Json], kind: str) -> Page:
        """Read maxResults and nextToken; raises InvalidToken."""
        size = params.get("maxResults") or DEFAULT_SIZE
        token = params.get("nextToken")
        return Page(None if token is None else self._read(token, kind), size)

    def token(self, after: int, kind: str) -> str:
        born = [after, self._state.now, self._state.page_generation]
        body = base64.urlsafe_b64encode(render(born).encode())
        return f"AAAAKgAAAAIAAAAA{self._sign(body, kind)}.{body.decode()}"

    def _sign(self, body: bytes, kind: str) -> str:
        return hmac.new(self._key, body + kind.encode(), hashlib.sha256).hexdigest()

    def _read(self, token: str, kind: str) -> int:
        signature, _, body = token.removeprefix("AAAAKgAAAAIAAAAA").partition(".")
        if not hmac.compare_digest(signature.encode(), self._sign(body.encode(), kind).encode()):
            raise invalid_token()
        after, issued, generation = parse(base64.urlsafe_b64decode(body).decode())
        state = self._state
        if generation != state.page_generation or state.now - issued >= state.page_lifetime:
            raise invalid_token()
        return int(after)


def invalid_token() -> ServiceError:
    return ServiceError("InvalidToken", "Invalid Token: 'Invalid token'")

"""JSON text in and out, in the spelling that Step Functions writes: compact, unescaped Unicode."""

from __future__ import annotations

import json
from typing import Any

Json = Any
ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def parse(text: str) -> Json:
    """Read one JSON text; raises ValueError on anything that AWS would not take either."""
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except RecursionError as exc:
        raise ValueError("nested too deeply") from exc


def _refuse_constant(name: str) -> Json:
    raise ValueError(f"{name} is not JSON")


def byte_length(text: str) -> int:
    """Bytes as the service counts them; half a surrogate pair is legal in JSON and counts too."""
    return len(text.encode(errors="surrogatepass"))


def render_wire(value: Json) -> bytes:
    """For the wire: ASCII, because UTF-8 has no spelling for half a surrogate pair."""
    return json.dumps(value, separators=(",", ":")).encode()


def render(value: Json) -> str:
    return ENCODER.encode(value)

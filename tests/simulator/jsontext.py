"""JSON text in and out, in the spelling that Step Functions writes: compact, unescaped Unicode."""

from __future__ import annotations

import json
from typing import Any

Json = Any


def parse(text: str) -> Json:
    """Read one JSON text; raises ValueError on anything that AWS would not take either."""
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except RecursionError as exc:
        raise ValueError("nested too deeply") from exc


def _refuse_constant(name: str) -> Json:
    raise ValueError(f"{name} is not JSON")


def render(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))

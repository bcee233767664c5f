"""Places in a payload as JSONPath writes them, for people to read and copy."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def step(key: str | int | None) -> str:
    """One step of a path: a name, a place in a list, or None for each of a list."""
    if key is None:
        return "[*]"
    if isinstance(key, int):
        return f"[{key}]"
    return f".{key}" if _PLAIN_NAME.fullmatch(key) else f"[{json.dumps(key, ensure_ascii=False)}]"


def path(keys: Iterable[str | int | None]) -> str:
    return "$" + "".join(map(step, keys))

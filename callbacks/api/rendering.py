"""Answers as JSON. Texts that are JSON already are put in as they stand: numbers as written."""

from __future__ import annotations

import json
import re
import uuid
from datetime import UTC, datetime
from typing import Any

from django.http import HttpResponse
from pydantic import BaseModel

JSON = "application/json"


class RawJson:
    """A JSON text that becomes a part of the answer to the letter."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text


def raw_or_text(text: str) -> RawJson | str | None:
    """JSON as JSON; what no parser takes (too deep, say) as a string; nothing as null."""
    if not text:
        return None
    try:
        # Numbers are not looked at: they may have more digits than Python converts.
        json.loads(text, parse_int=_nothing, parse_float=_nothing, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return text
    return RawJson(text)


def render(shape: BaseModel, *, status: int = 200, leave_out_none: bool = False) -> HttpResponse:
    content = to_json(shape.model_dump(exclude_none=leave_out_none))
    return HttpResponse(content, status=status, content_type=JSON)


def to_json(value: Any) -> str:
    mark = uuid.uuid4().hex
    texts: list[str] = []

    def default(part: Any) -> str:
        if isinstance(part, RawJson):
            texts.append(part.text)
            return f"{mark}{len(texts) - 1}"
        if isinstance(part, datetime):
            return part.astimezone(UTC).isoformat().replace("+00:00", "Z")
        return str(part)

    dumped = json.dumps(value, default=default)
    return re.sub(f'"{mark}(\\d+)"', lambda match: texts[int(match[1])], dumped)


def _nothing(_digits: str) -> int:
    return 0


def _refuse(name: str) -> Any:
    raise ValueError(name)

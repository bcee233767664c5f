"""The recorded executions, turned back into what AWS sends on the wire."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

# Members that are JSON text on the wire and that the recording parsed.
_TEXTS = ("input", "output", "parameters", "cause")
_BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Recording:
    id: str
    # None where the recording has no definition.
    definition: str | None
    execution_input: str
    events: tuple[dict[str, Any], ...]
    expect: dict[str, Any]
    status: str | None


def recordings(folder: Path) -> Iterator[Recording]:
    for path in sorted((folder / "executions").glob("*.json")):
        yield _recording(json.loads(path.read_text()))


def _recording(raw: dict[str, Any]) -> Recording:
    return Recording(
        id=raw["id"],
        definition=json.dumps(raw["definition"]) if raw["definition"] else None,
        execution_input=json.dumps(raw["input"]),
        events=tuple(_event(event) for event in raw["events"]),
        expect=raw["expect"],
        status=raw["status"],
    )


def _event(raw: dict[str, Any]) -> dict[str, Any]:
    event = {name: _details(value) for name, value in raw.items()}
    # Recorded times are masked; one second an event keeps them in order.
    event["timestamp"] = _BEGAN + timedelta(seconds=raw["id"])
    return event


def _details(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    found = {name: _wire(inner) if name in _TEXTS else inner for name, inner in value.items()}
    if isinstance(found.get("assignedVariables"), dict):
        found["assignedVariables"] = {k: _wire(v) for k, v in found["assignedVariables"].items()}
    return found


def _wire(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)

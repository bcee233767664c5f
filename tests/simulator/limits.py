"""The request checks that AWS makes before anything else: required members and lengths."""

from __future__ import annotations

from typing import NamedTuple

from tests.simulator.errors import ServiceError
from tests.simulator.jsontext import Json, byte_length


class Limit(NamedTuple):
    minimum: int
    maximum: int


ARN = Limit(1, 256)
LIMITS: dict[str, Limit] = {
    "name": Limit(1, 80),
    "stateMachineArn": ARN,
    "stateMachineVersionArn": ARN,
    "executionArn": ARN,
    "activityArn": ARN,
    "resourceArn": ARN,
    "mapRunArn": Limit(1, 2000),
    "taskToken": Limit(1, 2048),
    "error": Limit(0, 256),
    "cause": Limit(0, 32_768),
    "definition": Limit(1, 1_048_576),
    "clientToken": Limit(1, 64),
    "workerName": Limit(1, 80),
}
DATA_BYTES = 262_144
ENUMS = {
    "statusFilter": {
        "RUNNING",
        "SUCCEEDED",
        "FAILED",
        "TIMED_OUT",
        "ABORTED",
        "PENDING_REDRIVE",
    },
    "type": {"STANDARD", "EXPRESS"},
}


def check_request(params: dict[str, Json], required: tuple[str, ...]) -> None:
    """Raise ValidationException with all complaints, worded as AWS words them."""
    for name in (*LIMITS, "input", "output", "nextToken"):
        if not isinstance(params.get(name, ""), (str, type(None))):
            raise ServiceError("SerializationException", f"'{name}' is not a string")
    complaints = [_missing(name) for name in required if params.get(name) is None]
    for name, limit in LIMITS.items():
        value = params.get(name)
        if isinstance(value, str):
            complaints += _length_complaints(name, value, limit)
    for name, members in ENUMS.items():
        if name in params and params[name] not in members:
            shown = ", ".join(sorted(members))
            complaints.append(_complaint(name, f"Member must satisfy enum value set: [{shown}]"))
    complaints += _data_complaints(params) + _page_complaints(params)
    if complaints:
        noun = "error" if len(complaints) == 1 else "errors"
        raise ServiceError(
            "ValidationException",
            f"{len(complaints)} validation {noun} detected: {'; '.join(complaints)}",
        )


def _complaint(name: str, constraint: str) -> str:
    return f"Value at '{name}' failed to satisfy constraint: {constraint}"


def _missing(name: str) -> str:
    return _complaint(name, "Member must not be null")


def _length_complaints(name: str, value: str, limit: Limit) -> list[str]:
    if len(value) < limit.minimum:
        return [
            _complaint(name, f"Member must have length greater than or equal to {limit.minimum}")
        ]
    if len(value) > limit.maximum:
        return [_complaint(name, f"Member must have length less than or equal to {limit.maximum}")]
    return []


def _data_complaints(params: dict[str, Json]) -> list[str]:
    # Bytes, not characters: that is how the service counts payloads.
    return [
        _complaint(name, f"Member must have length less than or equal to {DATA_BYTES}")
        for name in ("input", "output")
        if isinstance(params.get(name), str) and byte_length(params[name]) > DATA_BYTES
    ]


def _page_complaints(params: dict[str, Json]) -> list[str]:
    size = params.get("maxResults")
    if size is None or (isinstance(size, int) and 0 <= size <= 1000):
        return []
    low = isinstance(size, int) and size < 0
    bound = "greater than or equal to 0" if low else "less than or equal to 1000"
    return [_complaint("maxResults", f"Member must have value {bound}")]

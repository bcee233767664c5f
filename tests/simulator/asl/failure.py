"""Which retrier or catcher an error meets."""

from __future__ import annotations

from tests.simulator.jsontext import Json

# Not even States.ALL meets this one. States.DataLimitExceeded is met by States.ALL: the
# documentation says otherwise, the recordings of real AWS (2023 and later) show it caught.
UNCATCHABLE = {"States.Runtime"}
MAX_ATTEMPTS = 3
INTERVAL_SECONDS = 1
BACKOFF_RATE = 2.0


def matches(error: str | None, names: list[str], *, heartbeat: bool = False) -> bool:
    """Whether one of the names stands for the error; a lapsed heartbeat answers to two names."""
    return any(_matches(error, name, heartbeat) for name in names)


def _matches(error: str | None, name: str, heartbeat: bool) -> bool:
    if name == "States.ALL":
        return error not in UNCATCHABLE
    if name == "States.TaskFailed":
        return error not in UNCATCHABLE | {"States.Timeout", "States.DataLimitExceeded"}
    if name == "States.HeartbeatTimeout":
        return heartbeat or error == name
    return error == name


def find_rule(
    rules: list[dict[str, Json]], error: str | None, *, heartbeat: bool = False
) -> int | None:
    """The index of the first Retry or Catch rule that the error meets."""
    for index, rule in enumerate(rules):
        if matches(error, rule["ErrorEquals"], heartbeat=heartbeat):
            return index
    return None


def wait_before(retrier: dict[str, Json], attempts_used: int) -> float | None:
    """Seconds until the next attempt, or None where the retrier has none left."""
    if attempts_used >= retrier.get("MaxAttempts", MAX_ATTEMPTS):
        return None
    rate = float(retrier.get("BackoffRate", BACKOFF_RATE))
    seconds = float(retrier.get("IntervalSeconds", INTERVAL_SECONDS)) * rate**attempts_used
    return min(seconds, float(retrier.get("MaxDelaySeconds", seconds)))

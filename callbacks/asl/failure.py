"""Which Retry or Catch rule an error meets, and what then (dg/concepts-error-handling)."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from callbacks.asl.definition import Catcher, Retrier, State
from callbacks.asl.language.values import PATH_MISMATCH, RUNTIME, CannotPredict

ALL = "States.ALL"
TASK_FAILED = "States.TaskFailed"
TIMEOUT = "States.Timeout"
# The documentation has the first; incidents that people tell of have the second.
_NAMES_OF_MISMATCH = (PATH_MISMATCH, "States.ReferencePathConflict")
HEARTBEAT_TIMEOUT = "States.HeartbeatTimeout"


@dataclass(frozen=True, slots=True)
class Retried:
    """The state's work begins anew. Seconds are a range where the rule has jitter."""

    # Which Retry rule, from 0.
    rule: int
    # How often that rule has then been used, and how often it may be.
    used: int
    most: int
    seconds_least: float
    seconds_most: float


def retried(state: State, error: str | None, errors_before: Sequence[str | None]) -> Retried | None:
    """The Retry rule that takes this error, unless it is used up. Raises CannotPredict.

    `errors_before`: of the earlier attempts of this visit, oldest first; each used up one of the
    rule that took it.
    """
    index = matching(state.retry, error)
    if index is None:
        return None
    used = Counter(matching(state.retry, before) for before in errors_before)[index]
    rule = state.retry[index]
    if used >= rule.max_attempts:
        return None
    most = _delay(rule, used)
    least = 0.0 if rule.jitter == "FULL" else most
    return Retried(index, used + 1, rule.max_attempts, least, most)


def _delay(rule: Retrier, used: int) -> float:
    """Seconds; after hundreds of attempts only a bound keeps them within numbers."""
    longest = math.inf if rule.max_delay_seconds is None else rule.max_delay_seconds
    try:
        seconds = min(float(rule.interval_seconds * rule.backoff_rate**used), longest)
    except OverflowError:
        seconds = longest
    if math.isinf(seconds):
        raise CannotPredict("the next attempt is further away than can be said")
    return seconds


def caught(state: State, error: str | None) -> int | None:
    """The index of the Catch rule that takes this error. Raises CannotPredict."""
    return matching(state.catch, error)


def matching(rules: Sequence[Retrier | Catcher], error: str | None) -> int | None:
    """The first rule that the error meets. Raises CannotPredict."""
    for index, rule in enumerate(rules):
        if any(_meets(error, name) for name in rule.error_equals):
            return index
    return None


def _meets(error: str | None, name: str) -> bool:
    if error == RUNTIME:
        if name == RUNTIME:
            raise CannotPredict("whether a rule for States.Runtime takes it is not known")
        return False
    if name == ALL:
        # States.DataLimitExceeded too: the documentation says otherwise, AWS's recordings of 2023
        # and later show it caught.
        return True
    if name == TASK_FAILED:
        if error is None:
            raise CannotPredict("whether States.TaskFailed takes an error without a name")
        return error not in (TIMEOUT, "States.DataLimitExceeded")
    if error == PATH_MISMATCH and name in _NAMES_OF_MISMATCH:
        raise CannotPredict(f"whether {name} is what AWS calls a ResultPath that does not fit")
    return error == name

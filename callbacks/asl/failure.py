"""Which Retry or Catch rule an error meets, and what then (dg/concepts-error-handling)."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from callbacks.asl.definition import Catcher, Retrier, State
from callbacks.asl.language.values import DATA_LIMIT, PATH_MISMATCH, RUNTIME, CannotPredict

ALL = "States.ALL"
TASK_FAILED = "States.TaskFailed"
TIMEOUT = "States.Timeout"
# Incidents that people tell of have the first, the documentation has the second.
_NAMES_OF_MISMATCH = (PATH_MISMATCH, "States.ResultPathMatchFailure")
# The documentation has it; what AWS hands on is the error of the branch.
BRANCH_FAILED = "States.BranchFailed"
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
    if error == RUNTIME and name != RUNTIME:
        return False
    _check_known(error, name)
    if name == ALL:
        # States.DataLimitExceeded too: the documentation says otherwise, AWS's recordings of 2023
        # and later show it caught.
        return True
    return error != TIMEOUT if name == TASK_FAILED else error == name


def _check_known(error: str | None, name: str) -> None:
    """Raise CannotPredict for pairs of which nobody told what AWS does."""
    is_unknown = {
        RUNTIME: error == RUNTIME,
        TASK_FAILED: error in (None, DATA_LIMIT),
        BRANCH_FAILED: error != BRANCH_FAILED,
        **dict.fromkeys(_NAMES_OF_MISMATCH, error == PATH_MISMATCH),
    }
    if is_unknown.get(name, False):
        raise CannotPredict(f"whether a rule for {name} takes {error or 'an error without a name'}")

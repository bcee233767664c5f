"""Whether our forecast of a state and AWS's own (TestState) are the same. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from callbacks.asl.forecast import Forecast, Outcome
from callbacks.asl.language.values import render
from callbacks.asl.payload import same_value
from callbacks.stepfunctions import StateTest

SUCCEEDED, FAILED, RETRIABLE, CAUGHT = "SUCCEEDED", "FAILED", "RETRIABLE", "CAUGHT_ERROR"
# AWS tells the delay in whole seconds.
_ROUNDED = 1.0


class Verdict(StrEnum):
    AGREES = "agrees"
    DIFFERS = "differs"
    # We could not predict it.
    NOT_COMPARED = "not compared"


@dataclass(frozen=True, slots=True)
class Point:
    """One thing that both say. `what` is a code: status, output, next, error, rule or delay."""

    what: str
    ours: str
    theirs: str


@dataclass(frozen=True, slots=True)
class Agreement:
    verdict: Verdict
    # Where they differ.
    points: tuple[Point, ...] = ()


def agreement(*, forecast: Forecast, state: str, test: StateTest) -> Agreement:
    """`state`: whose test it is. What lies behind the state AWS was not asked about."""
    status = _status(forecast, state)
    if status is None:
        return Agreement(Verdict.NOT_COMPARED)
    if status != test.status:
        return _differing([Point("status", status, test.status)])
    return _differing([point for point in _points(forecast, test) if point is not None])


def _differing(points: list[Point]) -> Agreement:
    return Agreement(Verdict.DIFFERS if points else Verdict.AGREES, tuple(points))


def _status(forecast: Forecast, state: str) -> str | None:
    """As AWS would call what we say of this state alone; None where we say nothing."""
    if forecast.retry is not None:
        return RETRIABLE
    is_own = forecast.failure is not None and forecast.failure.state == state
    if is_own and forecast.taken_by == state:
        return CAUGHT
    if forecast.outcome == Outcome.UNKNOWN and not forecast.has_output:
        # Of a failure that something around it may take, the state itself has failed all the same.
        return FAILED if is_own else None
    return FAILED if is_own else SUCCEEDED


def _points(forecast: Forecast, test: StateTest) -> list[Point | None]:
    if test.status == RETRIABLE:
        return [_rule(forecast, test), _delay(forecast, test)]
    if test.status == FAILED:
        return [_error(forecast, test)]
    return [_output(forecast, test), _next(forecast, test)]


def _output(forecast: Forecast, test: StateTest) -> Point | None:
    if not forecast.has_output or test.output is None:
        return None
    ours = render(forecast.output)
    return None if same_value(ours, test.output) else Point("output", ours, test.output)


def _next(forecast: Forecast, test: StateTest) -> Point | None:
    ours, theirs = forecast.next or "", test.next_state or ""
    return None if ours == theirs else Point("next", ours, theirs)


def _error(forecast: Forecast, test: StateTest) -> Point | None:
    ours = (forecast.failure.error or "") if forecast.failure else ""
    theirs = test.error or ""
    return None if ours == theirs else Point("error", ours, theirs)


def _rule(forecast: Forecast, test: StateTest) -> Point | None:
    if forecast.retry is None or test.retry_rule in (None, forecast.retry.rule):
        return None
    return Point("rule", str(forecast.retry.rule), str(test.retry_rule))


def _delay(forecast: Forecast, test: StateTest) -> Point | None:
    retry, told = forecast.retry, test.retry_seconds
    if retry is None or told is None:
        return None
    if retry.seconds_least - _ROUNDED <= told <= retry.seconds_most + _ROUNDED:
        return None
    return Point("delay", f"{retry.seconds_least:g}–{retry.seconds_most:g}", str(told))  # noqa: RUF001

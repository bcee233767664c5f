"""A forecast as the API gives it."""

from __future__ import annotations

from collections.abc import Sequence

from callbacks.api.rendering import RawJson
from callbacks.api.shapes import PreflightOut, PreflightProblem, PreflightRetry
from callbacks.asl.forecast import Failure, Forecast
from callbacks.asl.language.values import render as as_json
from callbacks.decisions.foretold import Sent, sentences
from callbacks.decisions.stumbling import why


def refused(problems: Sequence[PreflightProblem]) -> PreflightOut:
    """Of a payload that is not even sent."""
    return PreflightOut(
        verdict="fatal",
        problems=list(problems),
        explanation=[problem.message for problem in problems],
        state_output=None,
        next_state=None,
        passed=[],
        arrives_at=None,
        outcome="unknown",
        retry=None,
        unknown=None,
    )


def foreseen(forecast: Forecast, sent: Sent) -> PreflightOut:
    failure, retry = forecast.failure, forecast.retry
    return PreflightOut(
        verdict=forecast.verdict.value,
        problems=[problem_of(failure)] if failure is not None and sent.is_output else [],
        explanation=sentences(forecast, sent),
        state_output=RawJson(as_json(forecast.output)) if forecast.has_output else None,
        next_state=forecast.next,
        passed=list(forecast.passed),
        arrives_at=forecast.arrives_at,
        outcome=forecast.outcome.value,
        retry=PreflightRetry(
            rule=retry.rule,
            used=retry.used,
            most=retry.most,
            seconds_least=retry.seconds_least,
            seconds_most=retry.seconds_most,
        )
        if retry
        else None,
        unknown=forecast.unknown or None,
    )


def problem_of(failure: Failure) -> PreflightProblem:
    """What the workflow stumbles over, with the field of its definition."""
    return PreflightProblem(
        field="output",
        message=why(failure),
        state=failure.state,
        error=failure.error,
        rule=failure.field or None,
        path=failure.path or None,
    )

"""A second opinion on a forecast: AWS's own, where the account allows states:TestState."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import F

from callbacks.asl.forecast import Forecast
from callbacks.asl.language.values import CannotPredict, render
from callbacks.asl.payload import PayloadError, parse_exact
from callbacks.decisions.agreement import Agreement, agreement
from callbacks.decisions.answer import Answer
from callbacks.decisions.preflight import preflight
from callbacks.models import CallbackTask, OpinionCount
from callbacks.sync.person_asks import ask

# What the context object says in the place of the token, which never leaves for this.
NO_TOKEN = "not-the-token-of-this-task"  # noqa: S105 - it is none


def second_opinion(*, task: CallbackTask, answer: Answer, now: datetime) -> Agreement:
    """Ask AWS what this answer would do to the state, and hold ours against it. Nothing runs.

    `answer` is as its policy sends it. Raises StepFunctionsError (Throttled where our own share of
    the quota is used up), CannotPredict where there is nothing to ask about.
    """
    forecast = preflight(task=task, answer=answer)
    question = _question(task, answer, forecast)
    test = ask(
        connection=task.connection,
        operation="TestState",
        now=now,
        question=lambda reader: reader.test_state(**question),
    )
    found = agreement(forecast=forecast, state=task.state, test=test)
    _count(task, found)
    return found


def _question(task: CallbackTask, answer: Answer, forecast: Forecast) -> Mapping[str, Any]:
    definition = task.execution.definition
    if definition is None:
        raise CannotPredict("the definition that this run works by has not been read yet")
    return {
        "definition": definition.text,
        "state": task.state,
        "given": task.input or "{}",
        "context": _context(task),
        "variables": task.variables,
        "mock": _mock(answer),
        # AWS means those of the rule that takes the error; earlier attempts may have used others.
        "retries_used": forecast.retry.used - 1 if forecast.retry else max(0, task.attempt - 1),
    }


def _context(task: CallbackTask) -> str:
    try:
        known = parse_exact(task.context) if task.context else {}
    except (ValueError, PayloadError, RecursionError):
        known = {}
    if not isinstance(known, dict):
        known = {}
    return render({**known, "Task": {"Token": NO_TOKEN}})


def _mock(answer: Answer) -> Mapping[str, Any]:
    if answer.output is not None:
        return {"result": answer.output.decode()}
    told = {"error": answer.error, "cause": answer.cause}
    return {"errorOutput": {name: text for name, text in told.items() if text}}


def _count(task: CallbackTask, found: Agreement) -> None:
    row, _ = OpinionCount.objects.get_or_create(
        connection_id=task.connection_id, verdict=found.verdict
    )
    OpinionCount.objects.filter(pk=row.pk).update(number=F("number") + 1)

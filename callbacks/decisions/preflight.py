"""The forecast of an answer to a task of the mirror: the same at every door, and under the lock."""

from __future__ import annotations

import logging
from typing import Any

from django.db import DatabaseError

from callbacks.asl.dataflow import Visit
from callbacks.asl.definition import Definition, State, known_definition
from callbacks.asl.failure import HEARTBEAT_TIMEOUT, TIMEOUT
from callbacks.asl.forecast import (
    Forecast,
    Outcome,
    Verdict,
    forecast_failure,
    forecast_success,
)
from callbacks.asl.language.values import CannotPredict, Json
from callbacks.asl.mending import mended
from callbacks.asl.payload import parse_exact
from callbacks.decisions.answer import Answer, check_answer
from callbacks.decisions.around import Around
from callbacks.decisions.errors import InvalidAnswer
from callbacks.decisions.foretold import Sent
from callbacks.models import CallbackTask, Direction

logger = logging.getLogger(__name__)
# How an attempt ends that AWS then runs again (`Closing.kind`).
_FAILURES = ("failed", "timed_out")


def preflight(*, task: CallbackTask, answer: Answer) -> Forecast:
    """What this answer, which `check_answer` found fit to be sent, would do to the execution.

    `answer` is as its policy sends it (`answer.under`). At most two queries.
    """
    try:
        return _preflight(task, answer)
    except DatabaseError:
        # Nothing more can be asked in this transaction, and nothing may be decided in it.
        raise
    # What goes wrong in foretelling must never keep anybody from answering.
    except Exception:
        logger.exception("The answer to task %s could not be forecast.", task.pk)
        reason = "the forecast itself failed; an administrator finds why in the log"
        return Forecast(Verdict.UNKNOWN, Outcome.UNKNOWN, unknown=reason)


def _preflight(task: CallbackTask, answer: Answer) -> Forecast:
    try:
        definition, state = _where(task)
        visit = _visit(task, state)
        before = _errors_before(task, state)
        result = None if answer.output is None else _read(answer.output.decode())
    except CannotPredict as exc:
        return Forecast(Verdict.UNKNOWN, Outcome.UNKNOWN, unknown=str(exc))
    if answer.output is not None:
        return forecast_success(
            definition=definition,
            visit=visit,
            result=result,
            errors_before=before,
        )
    return forecast_failure(
        definition=definition,
        visit=visit,
        # SendTaskFailure leaves out what is empty.
        error=answer.error or None,
        cause=answer.cause or None,
        errors_before=before,
    )


def sent_as(*, task: CallbackTask, answer: Answer, found: Forecast, around: Around) -> Sent:
    """For the words of a forecast. `answer` is as its policy sends it (`answer.under`)."""
    of_item = task.execution.is_item
    return Sent(
        is_approval=answer.direction == Direction.APPROVE,
        is_output=answer.output is not None,
        of_item=of_item,
        fates=around.fates if of_item and found.outcome == Outcome.FAILS else (),
    )


def mend(*, task: CallbackTask, output_text: str) -> str | None:
    """The answer wrapped so that the state finds what it looks for; None where that is no help."""
    try:
        definition, state = _where(task)
        visit = _visit(task, state)
    except CannotPredict:
        return None
    found = mended(definition=definition, visit=visit, output_text=output_text)
    return found if found is not None and _is_fit(task, found) else None


def _is_fit(task: CallbackTask, output_text: str) -> bool:
    """Whether the policy and AWS take it, as far as its form goes."""
    answer = Answer(
        direction=Direction.APPROVE,
        output_text=output_text,
        reason="-",
        empty_is_meant=True,
        end_early=True,
    )
    try:
        check_answer(answer, policy=task.policy, ends_early=False)
    except InvalidAnswer:
        return False
    return True


def error_names(task: CallbackTask) -> tuple[str, ...]:
    """The names that the definition has rules for, in its order; without those of AWS's own."""
    try:
        _, state = _where(task)
    except CannotPredict:
        return ()
    names = [name for retrier in state.retry for name in retrier.error_equals]
    names += [name for catcher in state.catch for name in catcher.error_equals]
    return tuple(dict.fromkeys(name for name in names if not name.startswith("States.")))


def _where(task: CallbackTask) -> tuple[Definition, State]:
    known = task.execution.definition
    if known is None:
        raise CannotPredict("the definition that this run works by has not been read yet")
    definition = known_definition(known.text)
    state = definition.state(task.state) if definition else None
    if definition is None or state is None:
        raise CannotPredict("the definition of this workflow cannot be read")
    return definition, state


def _visit(task: CallbackTask, state: State) -> Visit:
    return Visit(
        state=state,
        input=_read(task.input),
        context=_read(task.context) or {},
        variables=_read(task.variables) or {},
    )


def _read(text: str) -> Json:
    if not text:
        return None
    try:
        return parse_exact(text)
    except (ValueError, RecursionError):
        raise CannotPredict("a text of it is not JSON that can be read here") from None


def _may_be_lapses(state: State, errors: list[str | None]) -> bool:
    """The history calls a missed heartbeat a timeout; a rule may tell the two apart."""
    names = {name for rule in state.retry for name in rule.error_equals}
    return TIMEOUT in errors and HEARTBEAT_TIMEOUT in names


def _errors_before(task: CallbackTask, state: State) -> list[str | None]:
    """Of the earlier attempts of this visit, which used up its Retry rules."""
    if not state.retry or task.attempt <= 1:
        return []
    earlier: Any = CallbackTask.objects.filter(
        request_id=task.request_id,
        redrive_count=task.redrive_count,
        scheduled_event_id__lt=task.scheduled_event_id,
    ).order_by("scheduled_event_id")
    ends = list(earlier.values_list("closed_error", "closed_kind"))
    if any(kind not in _FAILURES for _, kind in ends):
        # One that was answered well, and then stumbled over the answer, is told by no row.
        raise CannotPredict("how the earlier attempts ended is not known here")
    errors = [error or None for error, _ in ends]
    if _may_be_lapses(state, errors):
        raise CannotPredict("whether an earlier attempt missed a heartbeat is not known here")
    if len(errors) != task.attempt - 1:
        raise CannotPredict("how the earlier attempts ended is not known here")
    return errors

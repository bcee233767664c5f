"""Name what became of a sent answer, from the execution's own history."""

from __future__ import annotations

import logging
import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from callbacks.asl.masking import Masker
from callbacks.asl.payload import ERROR_LIMIT_CHARACTERS
from callbacks.decisions.deliver import send_again
from callbacks.decisions.locking import lock_task
from callbacks.decisions.moves import Superseded, move
from callbacks.decisions.outcome import Closing, Sent, Verdict, judge
from callbacks.decisions.unread import may_repeat, refuse_wrong_token
from callbacks.models import (
    CallbackTask,
    Decision,
    DecisionStatus,
    Draft,
    Execution,
    ExecutionStatus,
    TaskStatus,
)
from callbacks.models.secret import TokenUnreadable, decrypt_token
from callbacks.stepfunctions import StepFunctionsError
from callbacks.sync import read_execution
from callbacks.sync.plan import FORGOTTEN, JOB_ENDED, NOT_READ, SUBMIT_FAILED, UNREAD

logger = logging.getLogger(__name__)

FIRST_PAUSE = timedelta(seconds=0.5)
LONGEST_PAUSE = timedelta(seconds=30)
# While nobody knows, look often: usually it is named within seconds.
LONGEST_DOUBTFUL_PAUSE = timedelta(seconds=3)


def settle(*, decision_id: uuid.UUID, now: datetime) -> None:
    """Look once. What cannot be named yet is looked at again later; nothing is ever guessed."""
    decision = Decision.objects.filter(pk=decision_id).first()
    if decision is None or not needs_look(decision, now):
        return
    try:
        if decision.status == DecisionStatus.SENDING and decision.lease_until is not None:
            _doubt_crashed_call(decision, now)
        _look(decision, now)
    except Superseded:
        logger.info("Decision %s moved on while it was looked at.", decision_id)


def needs_look(decision: Decision, now: datetime) -> bool:
    """Whether this decision's outcome is open and its time to look has come."""
    if decision.status in (DecisionStatus.COLLECTING, DecisionStatus.HELD):
        return True
    if decision.status == DecisionStatus.SENDING:
        return decision.lease_until is None or decision.lease_until < now
    doubtful = decision.status in (DecisionStatus.SENT, DecisionStatus.UNKNOWN)
    return doubtful and (decision.look_after is None or decision.look_after <= now)


def _doubt_crashed_call(decision: Decision, now: datetime) -> None:
    """A worker claimed it and was not heard of again: its call may have been made."""
    move(
        decision=decision,
        to=DecisionStatus.UNKNOWN,
        now=now,
        facts={"code": "WorkerLost"},
        answer_code="WorkerLost",
        answer_message="The worker that sent it was not heard of again.",
        first_sent_at=decision.first_sent_at or decision.claimed_at,
        lease_until=None,
        look_after=now,
        looks=0,
    )


def _look(decision: Decision, now: datetime) -> None:
    task = _find_task(decision)
    was_sent = decision.status in (DecisionStatus.SENT, DecisionStatus.UNKNOWN)
    if task is None:
        logger.info("The mirror does not hold the task of decision %s now.", decision.pk)
        if was_sent and _is_forgotten(decision):
            _give_up(decision, now, outcome=FORGOTTEN)
        return
    has_read = False
    if was_sent and (task.is_open or task.closed_kind == NOT_READ):
        _take_turn(decision, now)
        has_read = _read(decision, task, now)
    sent = _sent(decision, task)
    verdict = judge(sent=sent, closing=_closing(task))
    if sent.was_sent and task.closed_kind in (FORGOTTEN, UNREAD):
        _give_up_on(decision, task, now)
    elif verdict == Verdict.CONFIRMED:
        _name(decision, DecisionStatus.CONFIRMED, task, now, outcome="confirmed")
        # After the answer, not with it: decide() locks the task first and then the answer.
        CallbackTask.objects.filter(pk=task.pk).update(
            answered_here=True, status=TaskStatus.ANSWERED
        )
        _forget_draft(decision)
    elif verdict == Verdict.LOST:
        _name(decision, DecisionStatus.LOST, task, now, outcome=_what_was_first(task))
    elif has_read and _may_send_again(decision, now):
        _repeat(decision, task, now)


def _find_task(decision: Decision) -> CallbackTask | None:
    rows = CallbackTask.objects.select_related("execution__connection")
    return rows.filter(pk=decision.task_id).first()


def _repeat(decision: Decision, task: CallbackTask, now: datetime) -> None:
    if not refuse_wrong_token(decision=decision, task=task, now=now):
        send_again(decision=decision, now=now)


def _is_forgotten(decision: Decision) -> bool:
    """Whether the mirror was lost, and AWS could not tell the run again."""
    rows = Execution.objects.filter(
        connection_id=decision.connection_id, arn=decision.execution_arn
    )
    return rows.filter(status=ExecutionStatus.FORGOTTEN).exists()


def _give_up(decision: Decision, now: datetime, *, outcome: str) -> None:
    """AWS may have it, and no history will ever tell: so nobody looks again."""
    move(
        decision=decision,
        to=DecisionStatus(decision.status),
        now=now,
        kind="answer_untraceable",
        facts={"outcome": outcome},
        outcome=outcome,
        lease_until=None,
        look_after=None,
    )


def _give_up_on(decision: Decision, task: CallbackTask, now: datetime) -> None:
    """Unless its run could not be read, and was meanwhile: then the next look goes by that."""
    with transaction.atomic():
        if task.closed_kind == FORGOTTEN or not lock_task(task.pk).execution.is_known:
            _give_up(decision, now, outcome=task.closed_kind)


def _forget_draft(decision: Decision) -> None:
    """The record has the text now; a later attempt begins with an empty form."""
    if decision.decided_by_id is not None:
        Draft.objects.filter(
            user_id=decision.decided_by_id, request_id=decision.request_id
        ).delete()


def _take_turn(decision: Decision, now: datetime) -> None:
    """Let only one worker look at a time. Raises Superseded for the others."""
    doubtful = decision.status == DecisionStatus.UNKNOWN
    longest = LONGEST_DOUBTFUL_PAUSE if doubtful else LONGEST_PAUSE
    pause = min(FIRST_PAUSE * 2 ** min(decision.looks, 10), longest)
    taken = Decision.objects.filter(
        pk=decision.pk,
        status=decision.status,
        generation=decision.generation,
        looks=decision.looks,
    ).update(looks=decision.looks + 1, look_after=now + pause)
    if taken != 1:
        raise Superseded
    decision.looks += 1


def _read(decision: Decision, task: CallbackTask, now: datetime) -> bool:
    """Whether the task as it is now, and its waiting, can be gone by."""
    if not task.execution.is_known:
        return may_repeat(decision=decision, task=task)
    try:
        read_execution(execution=task.execution, now=now)
    except StepFunctionsError as exc:
        logger.info("The history of task %s cannot be read now: %s", task.pk, exc)
        return False
    task.refresh_from_db()
    return True


def _may_send_again(decision: Decision, now: datetime) -> bool:
    """The history may lag behind; only a task that still waits after a while provably waits."""
    if decision.status != DecisionStatus.UNKNOWN:
        return False
    return now - decision.status_at >= timedelta(seconds=settings.SEND_DOUBT_SECONDS)


def _sent(decision: Decision, task: CallbackTask) -> Sent:
    masker = Masker(_known_tokens(task))
    return Sent(
        was_sent=decision.first_sent_at is not None,
        output=masker.text(decision.output_text) if decision.output is not None else None,
        # Masking may lengthen it; the mirror cuts what it keeps.
        error=masker.text(decision.error)[:ERROR_LIMIT_CHARACTERS],
        cause=masker.text(decision.cause),
        event_id_before=decision.event_id_before,
    )


def _known_tokens(task: CallbackTask) -> list[str]:
    """The mirror masks the token where it stands in an output, so ours is compared masked too."""
    if task.token_ciphertext is None:
        return []
    try:
        return [decrypt_token(ciphertext=bytes(task.token_ciphertext), task_id=task.pk)]
    except TokenUnreadable:
        logger.warning("The token of task %s does not decrypt.", task.pk)
        return []


def _closing(task: CallbackTask) -> Closing | None:
    if task.is_open or task.closed_kind == NOT_READ:
        # Over, but what ended it is not read yet.
        return None
    return Closing(
        answered=_may_be_an_answer(task),
        succeeded=task.closed_kind == "succeeded",
        event_id=task.closed_event_id,
        output=task.closed_output,
        error=task.closed_error,
        cause=task.closed_cause,
    )


def _may_be_an_answer(task: CallbackTask) -> bool:
    if task.status == TaskStatus.ANSWERED:
        return True
    # Who answers before the hand-over is through fails it in the history's eyes, and the history
    # of a job that was ended early is that of one that ended.
    return task.closed_kind == SUBMIT_FAILED or task.job_ended


def _what_was_first(task: CallbackTask) -> str:
    """A code for what ended the wait instead of our answer."""
    if task.status == TaskStatus.ANSWERED:
        return "answered_elsewhere"
    if task.job_ended:
        return JOB_ENDED
    return task.closed_kind or str(task.status)


def _name(
    decision: Decision, to: DecisionStatus, task: CallbackTask, now: datetime, *, outcome: str
) -> None:
    move(
        decision=decision,
        to=to,
        now=now,
        facts={
            "outcome": outcome,
            "closing_event_id": task.closed_event_id or 0,
            "closing_event_type": task.closed_event_type,
        },
        outcome=outcome,
        closing_event_id=task.closed_event_id,
        closing_event_type=task.closed_event_type,
        closing_at=task.closed_at,
        lease_until=None,
        look_after=None,
    )

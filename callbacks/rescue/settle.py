"""Name what became of a stop or a redrive, from what AWS says of the run."""

from __future__ import annotations

import logging
import uuid
from datetime import datetime, timedelta

from django.conf import settings

from callbacks.decisions.moves import Superseded
from callbacks.models import Execution, RescueAction, RescueKind, RescueStatus
from callbacks.rescue.carry_out import call_again
from callbacks.rescue.looking import look_at
from callbacks.rescue.moves import move
from callbacks.rescue.outcome import Seen, Verdict, judge
from callbacks.rescue.replies import doubt, refuse
from callbacks.stepfunctions import NotFound, StepFunctionsError
from callbacks.sync import read_execution

logger = logging.getLogger(__name__)

FIRST_PAUSE = timedelta(seconds=0.5)
LONGEST_PAUSE = timedelta(seconds=30)


def settle(*, action_id: uuid.UUID, now: datetime) -> None:
    """Look once. What cannot be named yet is looked at again later; nothing is ever guessed."""
    action = RescueAction.objects.filter(pk=action_id).first()
    if action is None or not needs_look(action, now):
        return
    try:
        if action.status == RescueStatus.SENDING:
            doubt(
                action=action,
                code="WorkerLost",
                message="The worker that sent it was not heard of again.",
                now=now,
            )
        if action.look_after is not None:
            _take_turn(action, now)
            _look(action, now)
    except Superseded:
        logger.info("Action %s moved on while it was looked at.", action_id)


def needs_look(action: RescueAction, now: datetime) -> bool:
    """Whether its outcome is open and its time to look has come."""
    if action.status == RescueStatus.SENDING:
        return action.lease_until is not None and action.lease_until < now
    doubtful = action.status in (RescueStatus.SENT, RescueStatus.UNKNOWN)
    return doubtful and action.look_after is not None and action.look_after <= now


def _take_turn(action: RescueAction, now: datetime) -> None:
    """Let only one worker look at a time. Raises Superseded for the others."""
    pause = min(FIRST_PAUSE * 2 ** min(action.looks, 10), LONGEST_PAUSE)
    taken = RescueAction.objects.filter(
        pk=action.pk, status=action.status, generation=action.generation, looks=action.looks
    ).update(looks=action.looks + 1, look_after=now + pause)
    if taken != 1:
        raise Superseded
    action.looks += 1


def _look(action: RescueAction, now: datetime) -> None:
    execution = (
        Execution.objects.select_related("connection", "state_machine", "definition")
        .filter(rescues=action)
        .first()
    )
    if execution is None:
        logger.info("The mirror does not hold the run of action %s now.", action.pk)
        return
    try:
        seen = look_at(execution=execution, now=now)
    except NotFound:
        refuse(action=action, now=now, outcome="forgotten")
        return
    except StepFunctionsError as exc:
        logger.info("The run of action %s cannot be looked at now: %s", action.pk, exc)
        return
    _name(action, seen, execution, now)


def _name(action: RescueAction, seen: Seen, execution: Execution, now: datetime) -> None:
    verdict, outcome = judge(
        is_redrive=action.kind == RescueKind.REDRIVE,
        redrive_count=action.redrive_count,
        error=action.error,
        seen=seen,
    )
    if verdict != Verdict.OPEN:
        # First: a page refreshes itself until the action is named, and shows the run beside it.
        _mirror(execution, now)
    if verdict == Verdict.DONE:
        move(
            action=action,
            to=RescueStatus.DONE,
            now=now,
            facts={"outcome": outcome},
            outcome=outcome,
            look_after=None,
        )
    elif verdict == Verdict.OTHERWISE:
        refuse(action=action, now=now, outcome=outcome)
    elif _may_call_again(action, now):
        call_again(action=action, now=now)


def _may_call_again(action: RescueAction, now: datetime) -> bool:
    """What AWS shows may lag behind; only what still shows nothing after a while was not done.

    A stop of a run that is stopped changes nothing, and a redrive has its own id, by which AWS
    knows a repeat.
    """
    doubt_for = timedelta(seconds=settings.SEND_DOUBT_SECONDS)
    return action.status == RescueStatus.UNKNOWN and now - action.status_at >= doubt_for


def _mirror(execution: Execution, now: datetime) -> None:
    try:
        read_execution(execution=execution, now=now)
    except StepFunctionsError as exc:
        logger.info("Run %s cannot be read now, a pass will: %s", execution.pk, exc)

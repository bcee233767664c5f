"""The doors of an operator's ways out: check, write down what is asked, and let it be carried out.

Pages and the API call these three; each locks the run, and AWS is never called in here.
"""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from callbacks.asl.payload import PayloadError, check_text
from callbacks.audit import Actor
from callbacks.models import (
    CallbackTask,
    Decision,
    Execution,
    RescueAction,
    RescueKind,
    Role,
    TaskStatus,
    User,
)
from callbacks.queries.map_runs import DEEPEST_MAPS
from callbacks.rescue import rules
from callbacks.rescue.errors import (
    CannotRescue,
    InvalidRescue,
    NotForYou,
    RescueUnknown,
    SameIdOtherAction,
)
from callbacks.rescue.recording import Losses, Wish, record

MAY_RESCUE = frozenset({Role.OPERATOR, Role.ADMIN})


def heartbeat(
    *, task_id: uuid.UUID, action_id: uuid.UUID, actor: Actor, now: datetime, reason: str = ""
) -> RescueAction:
    """Ask for one heartbeat now. The same id again gives the same action.

    Raises a RescueError, in which case nothing was recorded, or AuditUnavailable.
    """
    wish = Wish(action_id, RescueKind.HEARTBEAT, actor, now, reason.strip())
    user = _operator(actor)
    _check_texts(wish, needs_reason=False)
    with transaction.atomic():
        task = CallbackTask.objects.filter(pk=task_id).first()
        if task is None:
            raise RescueUnknown
        execution = _lock(task.execution_id)
        earlier = _find_earlier(wish, user, task_id=task_id, execution=execution)
        if earlier is not None:
            return earlier
        task.refresh_from_db(fields=["status", "heartbeat_seconds", "token_state"])
        task.execution = execution
        _allow(why_no_heartbeat(task))
        return record(wish=wish, execution=execution, user=user, task=task)


def stop(
    *,
    execution_id: uuid.UUID,
    action_id: uuid.UUID,
    reason: str,
    actor: Actor,
    now: datetime,
    error: str = "",
    cause: str = "",
    typed_name: str | None = None,
) -> RescueAction:
    """Ask for the run to be aborted with this error and cause.

    `typed_name` is what a person typed to confirm; None is a door that asks no person (the API).
    Raises as `heartbeat` does.
    """
    wish = Wish(action_id, RescueKind.STOP, actor, now, reason.strip(), error, cause)
    user = _operator(actor)
    _check_texts(wish, needs_reason=True)
    with transaction.atomic():
        execution = _lock(execution_id)
        earlier = _find_earlier(wish, user, execution=execution)
        if earlier is not None:
            return earlier
        _allow(rules.why_no_stop(run_facts(execution)))
        losses = losses_of(execution)
        if typed_name is not None and losses.needs_name:
            _check_name(execution, typed_name)
        return record(wish=wish, execution=execution, user=user, losses=losses)


def redrive(
    *,
    execution_id: uuid.UUID,
    action_id: uuid.UUID,
    reason: str,
    actor: Actor,
    now: datetime,
) -> RescueAction:
    """Ask for a failed run to go on from where it failed. Raises as `heartbeat` does."""
    wish = Wish(action_id, RescueKind.REDRIVE, actor, now, reason.strip())
    user = _operator(actor)
    _check_texts(wish, needs_reason=True)
    with transaction.atomic():
        execution = _lock(execution_id)
        earlier = _find_earlier(wish, user, execution=execution)
        if earlier is not None:
            return earlier
        _allow(rules.why_no_redrive(run_facts(execution), now=now))
        return record(wish=wish, execution=execution, user=user)


def losses_of(execution: Execution) -> Losses:
    """What ends with it, in the children of its distributed Maps and theirs: two queries."""
    waiting = CallbackTask.objects.waiting()
    answers = Decision.objects.unsettled()
    return Losses(
        waiting_tasks=waiting.filter(_ends_with(execution, "execution")).count(),
        live_answers=answers.filter(_ends_with(execution, "task__execution")).count(),
    )


def _ends_with(execution: Execution, path: str) -> Q:
    itself = Q(**{path: execution.pk})
    definition = execution.definition
    if definition is not None and '"DISTRIBUTED"' not in definition.text:
        # Then one index answers it.
        return itself
    inside, found = Execution.objects.filter(pk=execution.pk), itself
    for _ in range(DEEPEST_MAPS):
        inside = Execution.objects.filter(state_machine__parent__in=inside.values("pk"))
        found |= Q(**{f"{path}__in": inside.values("pk")})
    return found


def run_facts(execution: Execution) -> rules.RunFacts:
    return rules.RunFacts(
        status=execution.status,
        machine_type=execution.state_machine.type,
        stopped_at=execution.stopped_at,
        last_event_id=execution.last_event_id,
        is_child=execution.state_machine.is_map_run,
        is_enabled=execution.connection.is_enabled,
    )


def why_no_heartbeat(task: CallbackTask) -> rules.Why | None:
    return rules.why_no_heartbeat(
        is_waiting=task.is_waiting,
        runs_itself=task.status == TaskStatus.RUNNING,
        heartbeat_seconds=task.heartbeat_seconds,
        has_token=task.can_be_answered,
        is_known=task.execution.is_known,
        is_enabled=task.execution.connection.is_enabled,
    )


def _operator(actor: Actor) -> User:
    """Asked anew: roles may have changed since the session's user was read."""
    user = User.objects.filter(pk=actor.user.pk, is_active=True).first() if actor.user else None
    if user is None or not user.roles & MAY_RESCUE:
        raise NotForYou
    return user


def _check_texts(wish: Wish, *, needs_reason: bool) -> None:
    errors: dict[str, list[str]] = {}
    if needs_reason and not wish.reason:
        errors["reason"] = ["Say why."]
    limits = {
        "reason": rules.LONGEST_REASON,
        "error": rules.LONGEST_ERROR,
        "cause": rules.LONGEST_CAUSE,
    }
    for field, longest in limits.items():
        text = getattr(wish, field)
        if len(text) > longest:
            errors[field] = [f"At most {longest:,} characters; this has {len(text):,}."]
        elif problem := _problem(text):
            errors[field] = [problem]
    if errors:
        raise InvalidRescue(errors)


def _problem(text: str) -> str:
    try:
        check_text(text)
    except PayloadError as exc:
        return str(exc.problem)
    return ""


def _check_name(execution: Execution, typed: str) -> None:
    if not rules.is_named(name=execution.name, typed=typed):
        last = rules.last_part(execution.name)
        raise InvalidRescue({"name": [f"Type the name of the run, or its last part: {last}"]})


def _lock(execution_id: uuid.UUID) -> Execution:
    rows = Execution.objects.select_for_update(of=("self",))
    rows = rows.select_related("connection", "state_machine", "definition")
    found = rows.filter(pk=execution_id).first()
    if found is None:
        raise RescueUnknown
    return found


def _find_earlier(
    wish: Wish, user: User, *, execution: Execution, task_id: uuid.UUID | None = None
) -> RescueAction | None:
    """The action made under this id, if any. Raises where it is another one."""
    found: RescueAction | None = RescueAction.objects.filter(pk=wish.id).first()
    if found is None:
        return None
    made_of: tuple[object, ...] = (found.kind, found.execution_id, found.task_id, found.asked_by_id)
    texts = (found.reason, found.error, found.cause)
    if made_of != (wish.kind, execution.pk, task_id, user.pk) or texts != (
        wish.reason,
        wish.error,
        wish.cause,
    ):
        raise SameIdOtherAction(found)
    return found


def _allow(why_not: rules.Why | None) -> None:
    if why_not is not None:
        raise CannotRescue(why_not)

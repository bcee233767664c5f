"""The one door by which a person's answer becomes a decision; pages, API and commands use it."""

from __future__ import annotations

import hashlib
import logging
import uuid
from datetime import datetime

from celery import current_app
from django.conf import settings
from django.db import IntegrityError, transaction
from kombu.exceptions import OperationalError

from callbacks.audit import append
from callbacks.audit.actor import Actor
from callbacks.decisions.answer import Answer, check_answer
from callbacks.decisions.errors import (
    AlreadyDecided,
    DecisionError,
    NoToken,
    NotYours,
    SameIdOtherAnswer,
    ShownChanged,
    TaskOver,
    TaskUnknown,
    TooLate,
)
from callbacks.decisions.moves import Superseded, move
from callbacks.decisions.policy import PersonFacts, Refusal, refusal, send_time
from callbacks.models import CallbackTask, Decision, DecisionStatus, Policy, ReasonRule, Role, User
from callbacks.sync.policies import policy_for

logger = logging.getLogger(__name__)

HINT_SECONDS = 30


def decide(
    *,
    task_id: uuid.UUID,
    decision_id: uuid.UUID,
    answer: Answer,
    actor: Actor,
    now: datetime,
    undo_seconds: int | None = None,
    shown_sha256: str = "",
) -> Decision:
    """Record this answer and let it be sent. The same id and answer again gives the same decision.

    `undo_seconds` None means the person's, else the policy's, else the installation's.
    Raises a DecisionError, in which case nothing was recorded, or AuditUnavailable.
    """
    user = _person(actor)
    with transaction.atomic():
        task = _lock(task_id)
        earlier = _find_earlier(decision_id)
        if earlier is not None:
            return _same_again(earlier, task, answer, user)
        _match_again(task)
        why_not = why_not_allowed(user=user, policy=task.policy)
        if why_not:
            raise NotYours(why_not)
        _check_open(task, shown_sha256)
        check_answer(answer, reason_rule=ReasonRule(task.policy.reason_rule))
        seconds = undo_window(user=user, policy=task.policy, asked=undo_seconds)
        decision = _record(task, decision_id, answer, actor, now, seconds)
        if decision.send_after <= now:
            transaction.on_commit(lambda: hint("deliver_decision", decision.pk))
    return decision


def withdraw(*, decision_id: uuid.UUID, actor: Actor, now: datetime) -> Decision:
    """Take back one's own answer while it is held. Raises TooLate once it is not held any more."""
    decision = _own(decision_id, actor)
    if decision.status != DecisionStatus.HELD:
        raise TooLate(decision)
    try:
        move(decision=decision, to=DecisionStatus.WITHDRAWN, now=now, actor=actor)
    except Superseded:
        decision.refresh_from_db()
        raise TooLate(decision) from None
    return decision


def send_now(*, decision_id: uuid.UUID, actor: Actor, now: datetime) -> Decision:
    """End the undo window of one's own answer. Raises TooLate once it is not held any more."""
    decision = _own(decision_id, actor)
    if decision.status != DecisionStatus.HELD:
        raise TooLate(decision)
    try:
        move(
            decision=decision,
            to=DecisionStatus.HELD,
            now=now,
            actor=actor,
            kind="answer_hurried",
            send_after=min(decision.send_after, now),
        )
    except Superseded:
        decision.refresh_from_db()
        raise TooLate(decision) from None
    hint("deliver_decision", decision.pk)
    return decision


def why_not_allowed(*, user: User, policy: Policy) -> Refusal | None:
    facts = PersonFacts(
        is_active=user.is_active, is_approver=Role.APPROVER in user.roles, team_ids=user.team_ids
    )
    return refusal(person=facts, policy_team_id=policy.team_id)


def undo_window(*, user: User, policy: Policy, asked: int | None) -> int:
    for seconds in (asked, user.undo_seconds, policy.undo_seconds):
        if seconds is not None:
            return seconds
    return int(settings.UNDO_SECONDS)


def shown_digest(task: CallbackTask) -> str:
    """The hash of what a page shows of the task: its input and the definition it runs on."""
    shown = "\0".join((str(task.pk), task.input, task.execution.definition_id or ""))
    return hashlib.sha256(shown.encode()).hexdigest()


def hint(task: str, decision_id: uuid.UUID) -> None:
    """Tell a worker. Where no broker takes the hint, the sweep finds the row.

    By name, as the doors import us and not we them; stale hints are worth nothing.
    """
    try:
        current_app.send_task(
            f"callbacks.tasks.{task}",
            kwargs={"decision_id": str(decision_id)},
            retry=False,
            expires=HINT_SECONDS,
        )
    except (OperationalError, OSError):
        logger.warning("No broker took decision %s; the sweep will find it.", decision_id)
    except Exception:
        # It is decided: no error of a driver may tell the person otherwise.
        logger.exception("No message for decision %s; the sweep will find it.", decision_id)


def _person(actor: Actor) -> User:
    if actor.user is None:
        raise TaskUnknown
    # Asked anew: roles and teams may have changed since the session's user was read.
    return User.objects.get(pk=actor.user.pk)


def _lock(task_id: uuid.UUID) -> CallbackTask:
    try:
        return (
            CallbackTask.objects.select_for_update(of=("self",))
            .select_related("policy", "execution__connection")
            .get(pk=task_id)
        )
    except CallbackTask.DoesNotExist:
        raise TaskUnknown from None


def _match_again(task: CallbackTask) -> None:
    """A rule may have changed since the task was opened or read: the one of today counts."""
    if task.policy.retired_at is not None:
        task.policy = policy_for(state_machine_name=task.state_machine_name, state=task.state)


def _find_earlier(decision_id: uuid.UUID) -> Decision | None:
    return Decision.objects.filter(pk=decision_id).first()


def _same_again(earlier: Decision, task: CallbackTask, answer: Answer, user: User) -> Decision:
    same = (
        earlier.task_id == task.pk
        and earlier.decided_by_id == user.pk
        and earlier.direction == answer.direction
        and earlier.payload_sha256 == answer.payload_sha256
        and earlier.reason == answer.reason
    )
    if not same:
        raise SameIdOtherAnswer(earlier)
    return earlier


def _check_open(task: CallbackTask, shown_sha256: str) -> None:
    live = Decision.objects.live().filter(task_id=task.pk).first()
    if live is not None:
        raise AlreadyDecided(live)
    if not task.is_waiting:
        raise TaskOver(task)
    if not task.can_be_answered:
        raise NoToken(task)
    if shown_sha256 and shown_sha256 != shown_digest(task):
        raise ShownChanged


def _record(
    task: CallbackTask,
    decision_id: uuid.UUID,
    answer: Answer,
    actor: Actor,
    now: datetime,
    undo_seconds: int,
) -> Decision:
    decision = Decision(
        **_who_and_what(task),
        id=decision_id,
        direction=answer.direction,
        output=answer.output,
        error=answer.error if answer.output is None else "",
        cause=answer.cause if answer.output is None else "",
        payload_sha256=answer.payload_sha256,
        payload_bytes=answer.payload_length,
        reason=answer.reason,
        decided_by=actor.user,
        decided_by_name=actor.name,
        decided_at=now,
        channel=actor.channel,
        status=DecisionStatus.HELD,
        status_at=now,
        send_after=send_time(now=now, undo_seconds=undo_seconds, dies_earliest=task.dies_earliest),
    )
    try:
        with transaction.atomic():
            decision.save(force_insert=True)
    except IntegrityError:
        raise _met(decision) from None
    append(
        kind="answer_decided",
        now=now,
        actor=actor,
        decision_id=decision.pk,
        task_id=task.pk,
        facts=_audit_facts(decision),
        personal={"reason": decision.reason},
    )
    return decision


def _met(decision: Decision) -> DecisionError:
    """What was there already: the constraints are the net under the lock, which is per task."""
    live = Decision.objects.live().filter(task_id=decision.task_id).first()
    return AlreadyDecided(live) if live else SameIdOtherAnswer(Decision.objects.get(pk=decision.pk))


def _who_and_what(task: CallbackTask) -> dict[str, object]:
    """The task and the rule as text, which outlive the mirror."""
    execution, connection, policy = task.execution, task.execution.connection, task.policy
    return {
        "task_id": task.pk,
        "request_id": task.request_id,
        "connection_id": connection.pk,
        "connection_name": connection.name,
        "region": connection.region,
        "state_machine_name": task.state_machine_name,
        "execution_arn": execution.arn,
        "execution_name": execution.name,
        "state": task.state,
        "iteration": task.iteration,
        "attempt": task.attempt,
        "redrive_count": task.redrive_count,
        "scheduled_event_id": task.scheduled_event_id,
        "headline": task.headline,
        "shown_sha256": shown_digest(task),
        "policy_id": policy.pk,
        "policy_name": policy.name,
        "policy_version": policy.version,
    }


def _audit_facts(decision: Decision) -> dict[str, str | int]:
    return {
        "direction": decision.direction,
        "payload_sha256": decision.payload_sha256,
        "payload_bytes": decision.payload_bytes,
        "execution_arn": decision.execution_arn,
        "state": decision.state,
        "scheduled_event_id": decision.scheduled_event_id,
        "redrive_count": decision.redrive_count,
        "policy": decision.policy_name,
        "policy_version": decision.policy_version,
        "shown_sha256": decision.shown_sha256,
    }


def _own(decision_id: uuid.UUID, actor: Actor) -> Decision:
    user = _person(actor)
    decision = Decision.objects.filter(pk=decision_id, decided_by=user).first()
    if decision is None:
        raise TaskUnknown
    return decision

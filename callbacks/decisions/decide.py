"""The one door by which a person's answer becomes a decision; pages, API and commands use it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction

from callbacks.audit.actor import Actor
from callbacks.decisions.answer import Answer, check_answer, under
from callbacks.decisions.consent import changed_since
from callbacks.decisions.errors import (
    AlreadyDecided,
    NoToken,
    NotYours,
    SameIdOtherAnswer,
    ShownChanged,
    TaskOver,
    TaskUnknown,
)
from callbacks.decisions.hints import hint
from callbacks.decisions.moves import move
from callbacks.decisions.people import rule_of, why_not_allowed
from callbacks.decisions.policy import send_time
from callbacks.decisions.recording import record
from callbacks.decisions.votes import sign, still_missing, void
from callbacks.models import (
    CallbackTask,
    Decision,
    DecisionStatus,
    Direction,
    Policy,
    User,
    Vote,
)
from callbacks.sync.policies import match_again


@dataclass(frozen=True, slots=True)
class _Given:
    """One answer at the door, as the policy of today sends it."""

    id: uuid.UUID
    answer: Answer
    actor: Actor
    now: datetime
    undo_seconds: int


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

    Where the policy wants several signatures, the same bytes as the answer that collects them are
    the next signature; other bytes void those and begin anew.
    `undo_seconds` None means the person's, else the policy's, else the installation's.
    `shown_sha256` is the consent digest of what the person had before them; "" where nothing was.
    Raises a DecisionError, in which case nothing was recorded, or AuditUnavailable.
    """
    user = _person(actor)
    with transaction.atomic():
        task = _lock(task_id)
        earlier = _find_earlier(decision_id)
        if earlier is not None:
            return _same_again(earlier, task, answer, user)
        match_again(task)
        why_not = why_not_allowed(user=user, task=task)
        if why_not:
            raise NotYours(why_not)
        collecting = _check_open(task, shown_sha256)
        check_answer(answer, policy=task.policy)
        seconds = undo_window(user=user, policy=task.policy, asked=undo_seconds)
        given = _Given(decision_id, under(answer, task.policy), actor, now, seconds)
        decision = _answer(task, collecting, given)
        if decision.status == DecisionStatus.HELD and decision.send_after <= now:
            transaction.on_commit(lambda: hint("deliver_decision", decision.pk))
    return decision


def undo_window(*, user: User, policy: Policy, asked: int | None) -> int:
    for seconds in (asked, user.undo_seconds, policy.undo_seconds):
        if seconds is not None:
            return seconds
    return int(settings.UNDO_SECONDS)


def _person(actor: Actor) -> User:
    if actor.user is None:
        raise TaskUnknown
    # Asked anew: roles and teams may have changed since the session's user was read.
    return User.objects.get(pk=actor.user.pk)


def _lock(task_id: uuid.UUID) -> CallbackTask:
    try:
        return (
            CallbackTask.objects.select_for_update(of=("self",))
            .select_related("policy", "execution__connection", "execution__state_machine")
            .get(pk=task_id)
        )
    except CallbackTask.DoesNotExist:
        raise TaskUnknown from None


def _find_earlier(decision_id: uuid.UUID) -> Decision | Vote | None:
    """What was made under this id: an answer, or a signature under somebody else's."""
    return (
        Decision.objects.filter(pk=decision_id).first()
        or Vote.objects.select_related("decision").filter(pk=decision_id).first()
    )


def _same_again(
    earlier: Decision | Vote, task: CallbackTask, answer: Answer, user: User
) -> Decision:
    decision, by = (
        (earlier, earlier.decided_by_id)
        if isinstance(earlier, Decision)
        else (earlier.decision, earlier.user_id)
    )
    same = (
        decision.task_id == task.pk
        and by == user.pk
        and _is_same_answer(decision, under(answer, task.policy))
        and earlier.reason == answer.reason
    )
    if not same:
        raise SameIdOtherAnswer(decision)
    return decision


def _is_same_answer(decision: Decision, answer: Answer) -> bool:
    return (
        decision.direction == answer.direction and decision.payload_sha256 == answer.payload_sha256
    )


def _check_open(task: CallbackTask, shown_sha256: str) -> Decision | None:
    """Return the answer that collects signatures, if one does. Raises where none can be given."""
    live = Decision.objects.live().select_for_update(of=("self",)).filter(task_id=task.pk).first()
    if live is not None and live.status != DecisionStatus.COLLECTING:
        raise AlreadyDecided(live)
    if not task.is_waiting:
        raise TaskOver(task)
    if not task.can_be_answered:
        raise NoToken(task)
    changed = changed_since(shown=shown_sha256, task=task) if shown_sha256 else ()
    if changed:
        raise ShownChanged(changed)
    return live


def _answer(task: CallbackTask, collecting: Decision | None, given: _Given) -> Decision:
    is_approval = given.answer.direction == Direction.APPROVE
    needs_several = rule_of(task.policy).needs_several(is_approval=is_approval)
    why_void = _why_void(task, collecting, given) if collecting else ""
    if collecting is not None and why_void:
        void(decision=collecting, why=why_void, actor=given.actor, now=given.now)
        collecting = None
    decision = collecting or _begin(task, given, needs_several=needs_several)
    if needs_several:
        _sign(task, decision, given)
    return decision


def _why_void(task: CallbackTask, collecting: Decision, given: _Given) -> str:
    """Why signatures given so far do not count for this answer; "" where they do."""
    if collecting.policy_id != task.policy.pk:
        return "policy_changed"
    if _is_same_answer(collecting, given.answer):
        return ""
    return "rejected" if given.answer.direction == Direction.REJECT else "other_answer"


def _begin(task: CallbackTask, given: _Given, *, needs_several: bool) -> Decision:
    return record(
        task=task,
        decision_id=given.id,
        answer=given.answer,
        actor=given.actor,
        now=given.now,
        status=DecisionStatus.COLLECTING if needs_several else DecisionStatus.HELD,
        send_after=_send_after(task, given),
    )


def _sign(task: CallbackTask, decision: Decision, given: _Given) -> None:
    sign(
        decision=decision,
        vote_id=given.id,
        actor=given.actor,
        reason=given.answer.reason,
        now=given.now,
    )
    if still_missing(decision=decision, task=task).is_nothing:
        move(
            decision=decision,
            to=DecisionStatus.HELD,
            now=given.now,
            kind="answer_complete",
            send_after=_send_after(task, given),
        )


def _send_after(task: CallbackTask, given: _Given) -> datetime:
    return send_time(
        now=given.now, undo_seconds=given.undo_seconds, dies_earliest=task.dies_earliest
    )

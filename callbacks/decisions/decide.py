"""The one door by which a person's answer becomes a decision; pages, API and commands use it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from datetime import datetime

from django.conf import settings
from django.db import transaction

from callbacks.audit.actor import Actor
from callbacks.decisions.answer import Answer, check_answer, under
from callbacks.decisions.consent import changed_since
from callbacks.decisions.errors import (
    AlreadyDecided,
    ConnectionOff,
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
from callbacks.decisions.votes import is_complete, sign, void
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
    """One answer at the door, as the policy of today sends it.

    `user` is the actor's, read anew; `undo_asked` is what they asked for with this answer.
    """

    id: uuid.UUID
    answer: Answer
    actor: Actor
    user: User
    now: datetime
    undo_asked: int | None


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
    `undo_seconds`: see `undo_window`. `shown_sha256` is the consent digest of what the person had
    before them; "" where nothing was.
    Raises a DecisionError, in which case nothing was recorded, or AuditUnavailable.
    """
    given = _Given(decision_id, answer, actor, _person(actor), now, undo_seconds)
    try:
        with transaction.atomic():
            return _decide(_lock(task_id), given, shown_sha256)
    except (NotYours, ShownChanged):
        _keep_match(task_id)
        raise


def undo_window(*, user: User, policy: Policy, asked: int | None, is_several: bool) -> int:
    """Seconds: those asked for with the answer, else the person's, the policy's, the settings'.

    Where several sign, the window belongs to all of them and no single one sets it.
    """
    own = (None, None) if is_several else (asked, user.undo_seconds)
    for seconds in (*own, policy.undo_seconds):
        if seconds is not None:
            return seconds
    return int(settings.UNDO_SECONDS)


def _decide(task: CallbackTask, given: _Given, shown_sha256: str) -> Decision:
    """With the task locked."""
    earlier = _find_earlier(given.id)
    if earlier is not None:
        return _same_again(earlier, task, given)
    match_again(task)
    why_not = why_not_allowed(user=given.user, task=task)
    if why_not:
        raise NotYours(why_not)
    collecting = _check_open(task, shown_sha256)
    check_answer(given.answer, policy=task.policy)
    given = replace(given, answer=under(given.answer, task.policy))
    decision = _answer(task, collecting, given)
    if decision.status == DecisionStatus.HELD and decision.send_after <= given.now:
        transaction.on_commit(lambda: hint("deliver_decision", decision.pk))
    return decision


def _keep_match(task_id: uuid.UUID) -> None:
    """The refusal took it back; the page that tells of it shows the policy of today."""
    with transaction.atomic():
        match_again(_lock(task_id))


def _person(actor: Actor) -> User:
    if actor.user is None:
        raise TaskUnknown
    # Asked anew: roles and teams may have changed since the session's user was read.
    return User.objects.get(pk=actor.user.pk)


def _lock(task_id: uuid.UUID) -> CallbackTask:
    """The task with what never changes about it.

    Not with its policy: PostgreSQL would join the row that it waited for to the policy of before,
    and find no task at all where the policy is another one since.
    """
    try:
        return (
            CallbackTask.objects.select_for_update(of=("self",))
            .select_related("execution__connection", "execution__state_machine")
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


def _same_again(earlier: Decision | Vote, task: CallbackTask, given: _Given) -> Decision:
    decision, by = (
        (earlier, earlier.decided_by_id)
        if isinstance(earlier, Decision)
        else (earlier.decision, earlier.user_id)
    )
    if decision.task_id != task.pk:
        # Perhaps one that this person may not know of.
        raise SameIdOtherAnswer(None)
    same = (
        by == given.user.pk
        and _is_same_answer(decision, under(given.answer, task.policy))
        and earlier.reason == given.answer.reason
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
    if not task.execution.connection.is_enabled:
        raise ConnectionOff
    if not task.can_be_answered:
        raise NoToken(task)
    changed = changed_since(shown=shown_sha256, task=task) if shown_sha256 else ()
    if changed:
        raise ShownChanged(changed)
    return live


def _answer(task: CallbackTask, collecting: Decision | None, given: _Given) -> Decision:
    is_approval = given.answer.direction == Direction.APPROVE
    needs_several = rule_of(task.policy).needs_several(is_approval=is_approval)
    send_after = _send_after(task, given, is_several=needs_several)
    why_void = _why_void(task, collecting, given) if collecting else ""
    if collecting is not None and why_void:
        void(decision=collecting, why=why_void, actor=given.actor, now=given.now)
        collecting = None
    if not needs_several:
        return _record(task, given, DecisionStatus.HELD, send_after)
    decision = collecting or _record(task, given, DecisionStatus.COLLECTING, send_after)
    _sign(decision, given, send_after)
    return decision


def _why_void(task: CallbackTask, collecting: Decision, given: _Given) -> str:
    """Why signatures given so far do not count for this answer; "" where they do."""
    if collecting.policy_id != task.policy.pk:
        return "policy_changed"
    if _is_same_answer(collecting, given.answer):
        return ""
    return "rejected" if given.answer.direction == Direction.REJECT else "other_answer"


def _record(
    task: CallbackTask, given: _Given, status: DecisionStatus, send_after: datetime
) -> Decision:
    return record(
        task=task,
        decision_id=given.id,
        answer=given.answer,
        actor=given.actor,
        now=given.now,
        status=status,
        send_after=send_after,
    )


def _sign(decision: Decision, given: _Given, send_after: datetime) -> None:
    sign(
        decision=decision,
        vote_id=given.id,
        actor=given.actor,
        reason=given.answer.reason,
        now=given.now,
    )
    if is_complete(decision):
        move(
            decision=decision,
            to=DecisionStatus.HELD,
            now=given.now,
            kind="answer_complete",
            send_after=send_after,
        )


def _send_after(task: CallbackTask, given: _Given, *, is_several: bool) -> datetime:
    seconds = undo_window(
        user=given.user, policy=task.policy, asked=given.undo_asked, is_several=is_several
    )
    return send_time(now=given.now, undo_seconds=seconds, dies_earliest=task.dies_earliest)

"""The one door by which a person's answer becomes a decision; pages, API and commands use it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import transaction

from callbacks.asl.forecast import Verdict
from callbacks.audit.actor import Actor
from callbacks.decisions.answer import Answer, check_answer, under
from callbacks.decisions.consent import changed_since, shown_digest
from callbacks.decisions.errors import (
    AlreadyDecided,
    ConnectionOff,
    InvalidAnswer,
    NoToken,
    NotYours,
    SameIdOtherAnswer,
    ShownChanged,
    TaskOver,
    TaskUnknown,
    WouldKill,
)
from callbacks.decisions.hints import hint
from callbacks.decisions.locking import lock_task
from callbacks.decisions.people import may_override_forecast, rule_of, why_not_allowed
from callbacks.decisions.policy import send_time
from callbacks.decisions.preflight import preflight
from callbacks.decisions.recording import record
from callbacks.decisions.votes import hold, is_complete, sign, void
from callbacks.decisions.window import shared_window, undo_window
from callbacks.models import (
    CallbackTask,
    Decision,
    DecisionStatus,
    Direction,
    Policy,
    User,
    VoidOutcome,
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
    # The verdict on it.
    forecast: str = ""


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
    the next signature; other bytes void those and begin anew, if the person has seen them.
    `undo_seconds`: see `window.undo_window`. `shown_sha256` is the consent digest of what the
    person had before them; "" where nothing was.
    Raises a DecisionError, in which case nothing was recorded, or AuditUnavailable.
    """
    given = _Given(decision_id, answer, actor, _person(actor), now, undo_seconds)
    try:
        with transaction.atomic():
            return _decide(lock_task(task_id), given, shown_sha256)
    except (NotYours, ShownChanged):
        _keep_match(task_id)
        raise


def _decide(task: CallbackTask, given: _Given, shown_sha256: str) -> Decision:
    """With the task locked."""
    earlier = _find_earlier(given.id)
    if earlier is not None:
        return _same_again(earlier, task, given)
    match_again(task)
    why_not = why_not_allowed(user=given.user, task=task)
    if why_not:
        raise NotYours(why_not)
    proposal = _check_open(task)
    given = replace(given, answer=under(given.answer, task.policy))
    why_void = _why_void(task, proposal, given) if proposal else None
    if shown_sha256:
        _check_shown(task, proposal, shown_sha256, is_voided=why_void is not None)
    check_answer(given.answer, policy=task.policy, ends_early=task.early_completion)
    given = replace(given, forecast=_foresee(task, given))
    if proposal is not None and why_void is not None:
        void(decision=proposal, why=why_void, actor=given.actor, now=given.now)
    decision = _answer(task, proposal, given, is_new=why_void is not None)
    if decision.status == DecisionStatus.HELD and decision.send_after <= given.now:
        transaction.on_commit(lambda: hint("deliver_decision", decision.pk))
    return decision


def _keep_match(task_id: uuid.UUID) -> None:
    """The refusal took it back; the page that tells of it shows the policy of today."""
    with transaction.atomic():
        match_again(lock_task(task_id))


def _person(actor: Actor) -> User:
    if actor.user is None:
        raise TaskUnknown
    # Asked anew: roles and teams may have changed since the session's user was read.
    return User.objects.get(pk=actor.user.pk)


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
    # That of then: another version may send a rejection as other bytes.
    policy = Policy.objects.get(pk=decision.policy_id)
    same = (
        by == given.user.pk
        and _is_same_answer(decision, under(given.answer, policy))
        and earlier.reason == given.answer.reason
    )
    if not same:
        raise SameIdOtherAnswer(decision)
    return decision


def _is_same_answer(decision: Decision, answer: Answer) -> bool:
    return (
        decision.direction == answer.direction and decision.payload_sha256 == answer.payload_sha256
    )


def _check_open(task: CallbackTask) -> Decision | None:
    """Return the answer that collects signatures, if one does. Raises where none can be given."""
    live = Decision.objects.live().select_for_update(of=("self",)).filter(task_id=task.pk).first()
    if live is not None and live.status != DecisionStatus.COLLECTING:
        raise AlreadyDecided(live)
    if not task.is_open:
        raise TaskOver(task)
    if not task.execution.connection.is_enabled:
        raise ConnectionOff(task.execution.connection.name)
    if not task.can_be_answered:
        raise NoToken(task)
    return live


def _check_shown(
    task: CallbackTask, proposal: Decision | None, shown: str, *, is_voided: bool
) -> None:
    """Raise ShownChanged. A proposal that this answer signs or leaves alone may be a new one."""
    changed = changed_since(shown=shown, task=task, proposal=proposal)
    if not is_voided:
        changed = tuple(part for part in changed if part != "proposal")
    if changed:
        raise ShownChanged(changed)


def _foresee(task: CallbackTask, given: _Given) -> str:
    """The verdict on the answer. Raises WouldKill, and InvalidAnswer for an override without why.

    A failure may end the execution: that is what a rejection says.
    """
    found = preflight(task=task, answer=given.answer)
    if found.verdict != Verdict.FATAL:
        return found.verdict
    may_override = may_override_forecast(given.user)
    if not (given.answer.override and may_override):
        raise WouldKill(found, may_override=may_override, of_item=task.execution.is_item)
    if not given.answer.reason.strip():
        raise InvalidAnswer({"reason": [_WHY_OVERRIDE]})
    return found.verdict


_WHY_OVERRIDE = "Say why it is sent although it ends the run. The reason is kept with the record."


def _answer(
    task: CallbackTask, proposal: Decision | None, given: _Given, *, is_new: bool
) -> Decision:
    """`is_new`: the proposal, if there was one, is void."""
    policy, is_approval = task.policy, given.answer.direction == Direction.APPROVE
    digest = shown_digest(task, proposal)
    if not rule_of(policy).needs_several(is_approval=is_approval):
        window = undo_window(user=given.user, policy=policy, asked=given.undo_asked)
        send_after = _send_after(task, given, window)
        return _record(task, given, DecisionStatus.HELD, send_after, digest)
    send_after = _send_after(task, given, shared_window(policy))
    if proposal is None or is_new:
        proposal = _record(task, given, DecisionStatus.COLLECTING, send_after, digest)
    _sign(proposal, given, send_after)
    return proposal


def _why_void(task: CallbackTask, collecting: Decision, given: _Given) -> VoidOutcome | None:
    """Why signatures given so far do not count for this answer; None where they do."""
    if collecting.policy_id != task.policy.pk:
        return VoidOutcome.POLICY_CHANGED
    if _is_same_answer(collecting, given.answer):
        return None
    is_rejection = given.answer.direction == Direction.REJECT
    return VoidOutcome.REJECTED if is_rejection else VoidOutcome.OTHER_ANSWER


def _record(
    task: CallbackTask,
    given: _Given,
    status: DecisionStatus,
    send_after: datetime,
    digest: str,
) -> Decision:
    return record(
        task=task,
        decision_id=given.id,
        answer=given.answer,
        actor=given.actor,
        now=given.now,
        status=status,
        send_after=send_after,
        shown_sha256=digest,
        forecast=given.forecast,
    )


def _sign(decision: Decision, given: _Given, send_after: datetime) -> None:
    sign(
        decision=decision,
        vote_id=given.id,
        actor=given.actor,
        reason=given.answer.reason,
        forecast=given.forecast,
        now=given.now,
    )
    if is_complete(decision):
        hold(decision=decision, send_after=send_after, now=given.now)


def _send_after(task: CallbackTask, given: _Given, window: int) -> datetime:
    return send_time(now=given.now, undo_seconds=window, dies_earliest=task.dies_earliest)

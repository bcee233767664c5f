"""Signatures under an answer that needs several, each bound to its exact bytes."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from callbacks.audit import append
from callbacks.audit.actor import Actor
from callbacks.decisions.errors import AlreadySigned, SameIdOtherAnswer
from callbacks.decisions.moves import move
from callbacks.decisions.people import facts_of, rule_of
from callbacks.decisions.policy import Missing, missing
from callbacks.models import CallbackTask, Decision, DecisionStatus, Direction, Policy, Vote


def sign(
    *, decision: Decision, vote_id: uuid.UUID, actor: Actor, reason: str, now: datetime
) -> None:
    """Put one person's signature under the answer. Raises AlreadySigned or SameIdOtherAnswer."""
    vote = Vote(
        id=vote_id,
        decision=decision,
        user=actor.user,
        user_name=actor.name,
        at=now,
        payload_sha256=decision.payload_sha256,
        reason=reason,
        channel=actor.channel,
    )
    try:
        with transaction.atomic():
            vote.save(force_insert=True)
    except IntegrityError:
        if Vote.objects.filter(pk=vote_id).exists():
            raise SameIdOtherAnswer(None) from None
        raise AlreadySigned(decision) from None
    append(
        kind="answer_signed",
        now=now,
        actor=actor,
        decision_id=decision.pk,
        task_id=decision.task_id,
        facts={"payload_sha256": vote.payload_sha256, "vote": str(vote.pk)},
        personal={"reason": reason},
    )


def still_missing(*, decision: Decision, policy: Policy, asked_by: str) -> Missing:
    """Which signatures the answer lacks, by today's people under this policy."""
    return missing(
        rule=rule_of(policy),
        is_approval=decision.direction == Direction.APPROVE,
        signers=facts_of(_standing(decision).values_list("user_id", flat=True)),
        asked_by=asked_by,
    )


def is_complete(decision: Decision) -> bool:
    """Whether all its signatures count today, under the version that they were given under."""
    policy = Policy.objects.get(pk=decision.policy_id)
    task = CallbackTask.objects.only("asked_by").filter(pk=decision.task_id).first()
    asked_by = task.asked_by if task else ""
    return still_missing(decision=decision, policy=policy, asked_by=asked_by).is_nothing


def recount(*, decision: Decision, now: datetime) -> bool:
    """Whether a held answer that several signed still may go out; else it collects again.

    Somebody who signed may have left the team or been deactivated since. Raises Superseded.
    """
    if not _standing(decision).exists() or is_complete(decision):
        return True
    move(
        decision=decision,
        to=DecisionStatus.COLLECTING,
        now=now,
        kind="answer_collecting_again",
        # A worker that read it as held before must not take it when it is held again.
        generation=decision.generation + 1,
    )
    return False


def _standing(decision: Decision) -> QuerySet[Vote]:
    return Vote.objects.filter(decision=decision, withdrawn_at=None)


def unsign(*, decision: Decision, actor: Actor, now: datetime) -> bool:
    """Take back the actor's own signature; say whether there was one. In a transaction."""
    assert actor.user is not None  # noqa: S101 - doors hand over people only
    mine = Vote.objects.filter(decision=decision, user_id=actor.user.pk, withdrawn_at=None)
    if not mine.update(withdrawn_at=now):
        return False
    append(
        kind="signature_withdrawn",
        now=now,
        actor=actor,
        decision_id=decision.pk,
        task_id=decision.task_id,
        facts={"payload_sha256": decision.payload_sha256},
    )
    return True


def void(*, decision: Decision, why: str, actor: Actor, now: datetime) -> None:
    """End a proposal: another answer, a rejection or another version of the rule took its place.

    Its signatures stay on record; they count for nothing any more.
    """
    move(
        decision=decision,
        to=DecisionStatus.WITHDRAWN,
        now=now,
        actor=actor,
        kind="answer_voided",
        facts={"outcome": why},
        outcome=why,
    )

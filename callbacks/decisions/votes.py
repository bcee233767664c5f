"""Signatures under an answer that needs several, each bound to its exact bytes."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import IntegrityError, transaction

from callbacks.audit import append
from callbacks.audit.actor import Actor
from callbacks.decisions.errors import AlreadySigned, SameIdOtherAnswer
from callbacks.decisions.moves import move
from callbacks.decisions.people import facts_of, rule_of
from callbacks.decisions.policy import Missing, missing
from callbacks.models import CallbackTask, Decision, DecisionStatus, Direction, Vote


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
            raise SameIdOtherAnswer(decision) from None
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


def still_missing(*, decision: Decision, task: CallbackTask) -> Missing:
    """Which signatures the answer lacks, by today's people under the policy of the task."""
    standing = Vote.objects.filter(decision=decision, withdrawn_at=None)
    return missing(
        rule=rule_of(task.policy),
        is_approval=decision.direction == Direction.APPROVE,
        signers=facts_of(standing.values_list("user_id", flat=True)),
        asked_by=task.asked_by,
    )


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

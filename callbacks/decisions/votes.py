"""Signatures under an answer that needs several, each bound to its exact bytes."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from callbacks.audit import append
from callbacks.audit.actor import Actor
from callbacks.decisions.errors import AlreadySigned, SameIdOtherAnswer
from callbacks.decisions.moves import move
from callbacks.decisions.people import facts_of, rule_of
from callbacks.decisions.policy import Missing, PersonFacts, Rule, missing, refusal
from callbacks.models import (
    CallbackTask,
    Decision,
    DecisionStatus,
    Direction,
    Policy,
    VoidOutcome,
    Vote,
)


def sign(
    *,
    decision: Decision,
    vote_id: uuid.UUID,
    actor: Actor,
    reason: str,
    forecast: str,
    now: datetime,
) -> None:
    """Put one person's signature under the answer. Raises AlreadySigned or SameIdOtherAnswer.

    `forecast`: the verdict of this moment, which may be another than when the answer was given.
    """
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
        facts={
            "payload_sha256": vote.payload_sha256,
            "vote": str(vote.pk),
            "forecast": forecast,
        },
        personal={"reason": reason},
    )


@dataclass(frozen=True, slots=True)
class Standing:
    """Whose signatures count, and what is missing beside them."""

    valid: frozenset[int]
    missing: Missing


@dataclass(frozen=True, slots=True)
class Tally:
    """How an answer stands today, and how it would with the reader's signature."""

    now: Standing
    after: Standing


def tally(*, decision: Decision, policy: Policy, asked_by: str, reader: int) -> Tally:
    """Count for the page of `reader`, by today's people under this policy."""
    signed = set(_standing(decision).values_list("user_id", flat=True))
    people = facts_of({*signed, reader})
    count = partial(_stand, decision=decision, rule=rule_of(policy), asked_by=asked_by)
    return Tally(now=count([one for one in people if one.id in signed]), after=count(people))


def is_complete(decision: Decision) -> bool:
    """Whether all its signatures count today, under the version that they were given under."""
    policy = Policy.objects.get(pk=decision.policy_id)
    task = CallbackTask.objects.only("asked_by").filter(pk=decision.task_id).first()
    signers = facts_of(_standing(decision).values_list("user_id", flat=True))
    standing = _stand(
        signers,
        decision=decision,
        rule=rule_of(policy),
        asked_by=task.asked_by if task else "",
    )
    return standing.missing.is_nothing


def _stand(
    signers: Collection[PersonFacts], *, decision: Decision, rule: Rule, asked_by: str
) -> Standing:
    may = [one for one in signers if refusal(person=one, rule=rule, asked_by=asked_by) is None]
    is_approval = decision.direction == Direction.APPROVE
    return Standing(
        valid=frozenset(one.id for one in may),
        missing=missing(rule=rule, is_approval=is_approval, signers=may, asked_by=asked_by),
    )


def hold(*, decision: Decision, send_after: datetime, now: datetime) -> None:
    """All signatures are given: hold the answer for undo. Raises Superseded."""
    move(
        decision=decision,
        to=DecisionStatus.HELD,
        now=now,
        kind="answer_complete",
        send_after=send_after,
    )


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
    vote = mine.first()
    if vote is None or not mine.filter(pk=vote.pk).update(withdrawn_at=now):
        return False
    append(
        kind="signature_withdrawn",
        now=now,
        actor=actor,
        decision_id=decision.pk,
        task_id=decision.task_id,
        facts={"payload_sha256": decision.payload_sha256, "vote": str(vote.pk)},
    )
    return True


def void(*, decision: Decision, why: VoidOutcome, actor: Actor, now: datetime) -> None:
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
